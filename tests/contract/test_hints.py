"""Hints can be followed: typing one literally causes no new errors, and removes the finding.

Each contract case is judged with its documents written as JSON; each hint that names a value is typed into them, and the result is judged.
Hints that are advice in words are for people. A change of the version names what else must change with it, and is tested apart.
"""

import json
import re
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from plugcli.document import Document, Place, pointer
from plugcli.finding import Finding, Report
from plugcli.hosts import Host
from plugcli.plugin import Plugin, with_files
from plugcli.validate import validate
from tests.contract.rule_cases import ALL_CASES, CASES, hosts_of, plugin_of

_MEMBER = re.compile(
    r'(?:for example|write|add) "?(?P<name>[\w$-]+)"?: (?P<value>[^\s,;]+|\{.*\}|\[.*\]|".*")'
)
_VALUE = re.compile(r'(?:for example|write|did you mean) (?P<value>[^\s,;"{\[?]+|\{.*\}|\[.*\]|"[^"]*")\??')
# Examples in place of the author's own values, and words.
_GAPS = re.compile(r"\.\.\.|your\.domain|/\.\.\.")
_WORDS = re.compile(
    r"(?:the|it|its|one|out|names|true or false|objects?|openapi|a|an|do|what|this)\b", re.IGNORECASE
)


class Key(str):
    """Another name for the member itself."""


Edit = tuple[str, list[str], Any]
"""The path of the document, where in it, and the new value."""


def edit_of(plugin: Plugin, finding: Finding) -> Edit | None:
    """The text that its hint says to type, if a program can tell."""
    if (
        not isinstance(finding.where, Place)
        or _GAPS.search(finding.hint)
        or finding.rule == "openapi-dialect"
    ):
        return None
    document, parts = finding.where.document, pointer.split(finding.where.pointer.lstrip("/"))
    path = plugin.manifest_path if document is plugin.manifest else plugin.openapi_path
    if path is None or finding.where.pointer == "":
        return None
    if member := _MEMBER.fullmatch(finding.hint):
        at = parts if parts[-1] == member["name"] else [*parts, member["name"]]
        return path, at, yaml.safe_load(member["value"])
    value = _VALUE.fullmatch(finding.hint)
    if value is None or _WORDS.match(value["value"]):
        return None
    if finding.where.of_key or finding.rule == "path-slash":
        return path, parts, Key(value["value"])
    return path, parts, yaml.safe_load(value["value"])


def typed(data: Any, at: list[str], value: Any) -> Any | None:
    """`data` with `value` at that place; None if there is no such place."""
    changed = deepcopy(data)
    holder = changed
    for part in at[:-1]:
        try:
            holder = holder[int(part)] if isinstance(holder, list) else holder[part]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    if isinstance(holder, list) and at[-1].isdecimal() and int(at[-1]) < len(holder):
        holder[int(at[-1])] = value
    elif isinstance(holder, dict) and isinstance(value, Key):
        if value in holder:
            return None
        renamed = {str(value) if key == at[-1] else key: each for key, each in holder.items()}
        holder.clear()
        holder.update(renamed)
    elif isinstance(holder, dict):
        holder[at[-1]] = value
    else:
        return None
    return changed


def as_json(plugin: Plugin, path: str | None = None, data: Any = None) -> Plugin:
    """`plugin` with its documents as JSON; the one at `path` has `data`."""
    files = {}
    for name, document in ((plugin.manifest_path, plugin.manifest), (plugin.openapi_path, plugin.openapi)):
        if name is not None and document is not None:
            files[name] = json.dumps(data if name == path else document.data, indent=2).encode()
    changed = with_files(plugin, files)
    return replace(changed, url=plugin.url, nearby=plugin.nearby)


def errors(report: Report, host: str) -> int:
    return sum(each.severity == "error" and each.host == host for each in report.findings)


def keys(report: Report) -> set[tuple[str, str, str, str]]:
    return {(each.rule, each.host, each.pointer, each.message) for each in report.findings}


def documents(plugin: Plugin) -> dict[str | None, Document | None]:
    return {plugin.manifest_path: plugin.manifest, plugin.openapi_path: plugin.openapi}


def judged(case: Path, hosts: dict[str, Host]) -> tuple[Plugin, Report]:
    plugin = as_json(plugin_of(case))
    return plugin, validate(plugin, hosts)


FILES = [case for case in ALL_CASES if not (CASES / case / "live.json").exists()]


@pytest.mark.parametrize("case", FILES)
def test_hint_that_is_typed_as_it_stands_makes_nothing_worse(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hint that makes things worse is worse than no hint."""
    monkeypatch.chdir(CASES / case)
    hosts = hosts_of(CASES / case)
    plugin, before = judged(CASES / case, hosts)
    for finding in before.findings:
        edit = edit_of(plugin, finding)
        if edit is None:
            continue
        path, at, value = edit
        document = documents(plugin)[path]
        assert document is not None
        data = typed(document.data, at, value)
        if data is None or data == document.data:
            continue
        after = validate(as_json(plugin, path, data), hosts)
        worse = [
            each.message for each in after.findings if each.host == finding.host and each.severity == "error"
        ]
        assert errors(after, finding.host) <= errors(before, finding.host), (
            finding.message,
            finding.hint,
            worse,
        )
        key = (finding.rule, finding.host, finding.pointer, finding.message)
        assert key not in keys(after), (finding.message, finding.hint)


def test_many_hints_are_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the pattern no longer matched anything, every hint would pass."""
    rules = set()
    for case in FILES:
        monkeypatch.chdir(CASES / case)
        plugin, report = judged(CASES / case, hosts_of(CASES / case))
        rules |= {each.rule for each in report.findings if edit_of(plugin, each) is not None}
    assert len(rules) >= 15, sorted(rules)
