"""Every rule, found not listed: it is documented, and shown on plugins with and without the fault.

A case is a folder `rules/<rule-id>/{good,bad}-<case>/` with a plugin's files and `expected.txt`, all that
`plugcli validate` prints for it. `hosts.txt` names the hosts to judge for in place of the default; `target.txt` names
the file to judge in place of the folder, `url.txt` says where the plugin stands, `live.json` what its server answered: a list
of exchanges. After a change on purpose,
`PLUGCLI_WRITE_EXPECTED=1 pytest tests/contract/test_rules.py` writes `expected.txt` anew: read the difference.
"""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plugcli.cli.formats import Paper
from plugcli.cli.formats.text import render
from plugcli.exchange import Exchange, Exchanges, Failure
from plugcli.exchange.picture import Picture
from plugcli.finding import Report
from plugcli.hosts import DEFAULT, Claim, Host, all_hosts, named_hosts
from plugcli.plugin import Plugin
from plugcli.rules import Problem, all_rules, rules_for
from plugcli.target import load_files
from plugcli.validate import validate

CASES = Path(__file__).parent / "rules"
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
    """The whole output is compared: a rule that also speaks where it should not is noticed here."""
    folder = CASES / case
    monkeypatch.chdir(folder)
    report = judge(folder)
    printed = "".join(render([report], Paper()))
    expected = folder / "expected.txt"
    if os.environ.get("PLUGCLI_WRITE_EXPECTED"):
        expected.write_text(printed, encoding="utf-8")
    assert expected.read_text(encoding="utf-8") == printed
    rule, name = case.split("/")
    found = [each for each in report.findings if each.rule == rule]
    assert name.startswith("bad-") == bool(found)


@pytest.mark.parametrize("rule", all_rules())
def test_rule_is_documented_and_has_cases(rule: str) -> None:
    """The docstring is what `validate` users read of a rule: what it finds, then why it matters."""
    module = sys.modules[f"plugcli.rules.{rule.replace('-', '_')}"]
    what, _, why = (module.__doc__ or "").strip().partition("\n\n")
    assert what.endswith(".")
    assert len(why.split()) > 8
    names = [each.name for each in (CASES / rule).glob("*")]
    assert any(name.startswith("good-") for name in names)
    assert any(name.startswith("bad-") for name in names)


@pytest.mark.parametrize("rule", all_rules())
def test_rule_looks_at_one_thing(rule: str) -> None:
    """A rule with two checks, or none, is a mistake that nothing else would notice."""
    found = all_rules()[rule]
    assert 1 == sum(each is not None for each in (found.plugin, found.manifest, found.openapi))


def test_cases_belong_to_rules() -> None:
    """A folder of a rule that was renamed would never fail again."""
    assert {each.name for each in CASES.iterdir()} == set(all_rules())


class Unread:
    """Stands where a host is expected, and is nobody's business."""

    def __getattr__(self, name: str) -> None:
        raise AssertionError(f"the rule looks at the host's {name}")


def found_by(rule: str, plugin: Plugin, host: Host) -> list[Problem]:
    """What a rule finds in a plugin, whether or not a host minds."""
    check, openapi, manifest = all_rules()[rule], plugin.openapi, plugin.manifest
    found = check.plugin(plugin, host) if check.plugin is not None else iter(())
    if check.openapi is not None and openapi is not None:
        found = check.openapi(openapi, host)
    if check.manifest is not None and manifest is not None:
        found = check.manifest(manifest, host)
    return list(found)


@pytest.mark.parametrize("rule", [each for each in all_rules() if all_rules()[each].is_same_for_all])
def test_rule_that_is_the_same_for_all_looks_at_no_host(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is run for the first host only: what it learnt there would be said of all the others."""
    assert all_rules()[rule].manifest is None, "a host may not read manifests at all"
    for case in (CASES / rule).iterdir():
        monkeypatch.chdir(case)
        found_by(rule, plugin_of(case), Unread())  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", all_rules())
def test_rule_that_is_left_out_finds_nothing_that_the_host_minds(
    rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule that goes by claims of other names than its own, and does not say so in `asks`, would be silent."""
    left_out = [host for host in all_hosts().values() if rule not in rules_for(host)]
    for case in (CASES / rule).iterdir():
        monkeypatch.chdir(case)
        plugin = plugin_of(case)
        for host in left_out:
            found = found_by(rule, plugin, host)
            minded = [each for each in found if isinstance(each.claim, Claim) or each.claim in host.claims]
            assert [] == minded, host.title
