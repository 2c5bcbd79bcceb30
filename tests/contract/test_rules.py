"""Every rule is documented, and is shown on plugins with and without the fault. Rules are found, not listed."""

import sys
from collections.abc import Iterator
from difflib import unified_diff

import pytest

from plugcli.hosts import Claim, Host, all_hosts
from plugcli.plugin import Plugin
from plugcli.rules import Problem, all_rules, rules_for
from tests.contract.rule_cases import ALL_CASES, CASES, hosts_of, judge, plugin_of

WRITE = "python -m tests.contract.table"


@pytest.mark.parametrize("case", ALL_CASES)
def test_case_is_judged_as_expected(case: str) -> None:
    """The whole output is compared, so that a rule which reports something in the wrong place is noticed."""
    folder = CASES / case
    report, printed = judge(folder)
    expected = folder / "expected.txt"
    rule, name = case.split("/")
    is_found = any(each.rule == rule for each in report.findings)
    if name.startswith("bad-") and not is_found:
        pytest.fail(f"rules/{case}: {_why_not_found(rule, hosts_of(folder))}")
    assert name.startswith("bad-") or not is_found, (
        f"rules/{case} is a good case, and {rule} reports it:\n{printed}"
    )
    assert expected.exists(), (
        f"rules/{case} has no expected.txt. Write it: {WRITE}. Then check that it is right"
    )
    is_expected = expected.read_text(encoding="utf-8") == printed
    assert is_expected, (
        f"the output for rules/{case} is not its expected.txt; if the change is intended: {WRITE}, then read `git diff`.\n"
        + "".join(difference(expected.read_text(encoding="utf-8"), printed))
    )


def difference(expected: str, printed: str) -> Iterator[str]:
    """The lines in which the output of a case differs from what is expected."""
    before, now = (text.splitlines(keepends=True) for text in (expected, printed))
    return unified_diff(before, now, "expected.txt", "printed")


def _why_not_found(rule: str, hosts: dict[str, Host]) -> str:
    """Why a case with a fault has no finding of `rule`, and what to do about it."""
    if any(rule in rules_for(host) for host in hosts.values()):
        return f"{rule} does not find the fault of this case. Change the case or the rule"
    names = ", ".join(hosts)
    others = [host_id for host_id, host in all_hosts().items() if rule in rules_for(host)]
    if not others:
        return f'no host reports what {rule} finds: add a claim "{rule}" to plugcli/hosts/<host>.py'
    return (
        f"{names} does not report what {rule} finds: name a host that does in hosts.txt ({', '.join(others)}), "
        f'or add a claim "{rule}" to plugcli/hosts/<host>.py'
    )


@pytest.mark.parametrize("rule", all_rules())
def test_rule_is_documented_and_has_cases(rule: str) -> None:
    """The docstring is what users of `validate` read about a rule: what it finds, then why it matters."""
    module = sys.modules[f"plugcli.rules.{rule.replace('-', '_')}"]
    what, _, why = (module.__doc__ or "").strip().partition("\n\n")
    assert what.endswith("."), (
        f"the docstring of {rule} does not start with a sentence that says what it finds"
    )
    assert len(why.split()) > 8, f"the docstring of {rule} does not say why it matters, after an empty line"
    names = [each.name for each in (CASES / rule).glob("*")]
    for kind in ("good-", "bad-"):
        has_case = any(name.startswith(kind) for name in names)
        assert has_case, (
            f"{rule} has no case: add the folder tests/contract/rules/{rule}/{kind}<case>/ with a plugin"
        )


@pytest.mark.parametrize("rule", all_rules())
def test_rule_looks_at_one_thing(rule: str) -> None:
    """A rule with two checks, or with none, is a mistake that nothing else would notice."""
    found = all_rules()[rule]
    assert 1 == sum(each is not None for each in (found.plugin, found.manifest, found.openapi))


def test_cases_belong_to_rules() -> None:
    """The cases of a rule that was renamed would never fail again."""
    for each in CASES.iterdir():
        assert each.name in all_rules(), (
            f"there is no rule {each.name}: rename or remove tests/contract/rules/{each.name}"
        )


class Unread:
    """Takes the place of a host that must not be looked at."""

    def __getattr__(self, name: str) -> None:
        raise AssertionError(f"the rule looks at the host's {name}")


def found_by(rule: str, plugin: Plugin, host: Host) -> list[Problem]:
    """What a rule finds in a plugin, whether or not the host reports it."""
    check, openapi, manifest = all_rules()[rule], plugin.openapi, plugin.manifest
    found = check.plugin(plugin, host) if check.plugin is not None else iter(())
    if check.openapi is not None and openapi is not None:
        found = check.openapi(openapi, host)
    if check.manifest is not None and manifest is not None:
        found = check.manifest(manifest, host)
    return list(found)


@pytest.mark.parametrize("rule", [each for each in all_rules() if all_rules()[each].is_same_for_all])
def test_rule_that_is_the_same_for_all_looks_at_no_host(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a rule runs for the first host only, and its problems are reported for all of them."""
    assert all_rules()[rule].manifest is None, "a host may not read manifests at all"
    for case in (CASES / rule).iterdir():
        monkeypatch.chdir(case)
        found_by(rule, plugin_of(case), Unread())  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", all_rules())
def test_rule_that_is_left_out_finds_nothing_that_the_host_reports(
    rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`rules_for` leaves out a rule that uses claims with other names but does not list them in `asks`."""
    left_out = [host for host in all_hosts().values() if rule not in rules_for(host)]
    for case in (CASES / rule).iterdir():
        monkeypatch.chdir(case)
        plugin = plugin_of(case)
        for host in left_out:
            found = found_by(rule, plugin, host)
            reported = [each for each in found if isinstance(each.claim, Claim) or each.claim in host.claims]
            assert [] == reported, (
                f"{rule} never runs for {host.title}: list the claims that it uses in `asks`"
            )
