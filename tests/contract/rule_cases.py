"""The cases of the rules: plugins with and without the fault that a rule finds, and what `plugcli validate` prints for each.

A case is a folder `rules/<rule-id>/{good,bad}-<case>/` with the files of a plugin and `expected.txt`, which is everything that
`plugcli validate` prints for it. Optional files: `hosts.txt` names the hosts, in place of the default; `target.txt` names the file to
judge, in place of the folder; `url.txt` says where the plugin is deployed; `live.json` lists the exchanges with its server.
`python -m tests.contract.table` writes each `expected.txt`.
"""

import json
from contextlib import chdir
from dataclasses import replace
from pathlib import Path
from typing import Any

from plugcli.cli.validate.formats import Paper
from plugcli.cli.validate.formats.text import render
from plugcli.exchange import Exchange, Exchanges, Failure
from plugcli.exchange.picture import Picture
from plugcli.finding import Report
from plugcli.hosts import DEFAULT, Host, named_hosts
from plugcli.plugin import Plugin
from plugcli.target import load_files
from plugcli.validate import validate

CASES = Path(__file__).parent / "rules"
ALL_CASES = sorted(each.relative_to(CASES).as_posix() for each in CASES.glob("*/*"))


def hosts_of(case: Path) -> dict[str, Host]:
    """The hosts for which a case is judged."""
    names = case / "hosts.txt"
    return named_hosts(names.read_text().split() if names.exists() else [DEFAULT])


def judge(case: Path) -> tuple[Report, str]:
    """The report on a case, and its printed form. It is made inside the folder, so that it contains no path of this machine."""
    with chdir(case):
        report = validate(plugin_of(case), hosts_of(case))
        return report, "".join(render([report], Paper()))


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
