"""Every rule is documented, and is shown on plugins with and without the fault. Rules are found, not listed.

A case is a folder `rules/<rule-id>/{good,bad}-<case>/` with the files of a plugin and `expected.txt`, which is everything that
`plugcli validate` prints for it. Optional files: `hosts.txt` names the hosts, in place of the default; `target.txt` names the file to
judge, in place of the folder; `url.txt` says where the plugin is deployed; `live.json` lists the exchanges with its server.
`PLUGCLI_WRITE_EXPECTED=1 python -m pytest tests/contract/test_rules.py` writes each `expected.txt`.
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from difflib import unified_diff
from pathlib import Path
from typing import Any

import pytest

from plugcli.cli.validate.formats import Paper
from plugcli.cli.validate.formats.text import render
from plugcli.exchange import Exchange, Exchanges, Failure
from plugcli.exchange.picture import Picture
from plugcli.finding import Report
from plugcli.hosts import DEFAULT, Claim, Host, all_hosts, named_hosts
from plugcli.plugin import Plugin
from plugcli.rules import Problem, all_rules, rules_for
from plugcli.target import load_files
from plugcli.validate import validate

CASES = Path(__file__).parent / "rules"
WRITE = "PLUGCLI_WRITE_EXPECTED=1 python -m pytest tests/contract/test_rules.py"
ALL_CASES = sorted(each.relative_to(CASES).as_posix() for each in CASES.glob("*/*"))


def hosts_of(case: Path) -> dict[str, Host]:
    """The hosts that a case is judged for."""
    names = case / "hosts.txt"
    return named_hosts(names.read_text().split() if names.exists() else [DEFAULT])


def judge(case: Path) -> Report:
    """The report on a case, from inside its folder, so that no path of this machine is in it."""
    return validate(plugin_of(case), hosts_of(case))


def plugin_of(case: Path) -> Plugin:
    """The plugin of a case, loaded from inside its folder."""
    if (case / "live.json").exists():
        live = live_of(json.loads((case / "live.json").read_text()))
        url = live.exchanges[0].url
        plugin = load_files(".") if (case / ".well-known").exists() else Plugin(url)
        return replace(plugin, manifest_path=url, live=live, url=url)
    target = case / "target.txt"
    plugin = load_files(target.read_text().strip() if target.exists() else ".")
    if (case / "url.txt").exists():
        plugin = replace(plugin, url=(case / "url.txt").read_text().strip())
    return plugin


def live_of(exchanges: list[dict[str, Any]]) -> Exchanges:
    """The exchanges of a `live.json`."""
    kinds = {"failure": Failure, "picture": Picture}
    return Exchanges(
        tuple(
            Exchange(**{key: kinds[key](**value) if key in kinds else value for key, value in each.items()})
            for each in exchanges
        )
    )


@pytest.mark.parametrize("case", ALL_CASES)
def test_case_is_judged_as_expected(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole output is compared, so that a rule which reports something in the wrong place is noticed."""
    folder = CASES / case
    monkeypatch.chdir(folder)
    report = judge(folder)
    printed = "".join(render([report], Paper()))
    expected = folder / "expected.txt"
    if os.environ.get("PLUGCLI_WRITE_EXPECTED"):
        expected.write_text(printed, encoding="utf-8")
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
    """The docstring is what `validate` users read of a rule: what it finds, then why it matters."""
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
    """A folder of a rule that was renamed would never fail again."""
    for each in CASES.iterdir():
        assert each.name in all_rules(), (
            f"there is no rule {each.name}: rename or remove tests/contract/rules/{each.name}"
        )


class Unread:
    """Stands in the place of a host that must not be looked at."""

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
    """`rules_for` leaves out a rule that uses claims of other names and does not list them in `asks`."""
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
