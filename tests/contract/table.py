"""Write everything that is generated: run `python -m tests.contract.table`, then read `git diff`.

These are docs/rules.md, the commands and the templates in the README, the levels in SECURITY.md, and what `plugcli validate` prints for
each case of a rule.
"""

import inspect
import re
from pathlib import Path

from plugcli.cli.app import commands
from plugcli.hosts import all_hosts
from plugcli.rules import all_rules, claims, documentation
from plugcli.sandbox.levels import comparison
from plugcli.scaffold import templates
from tests.contract.rule_cases import ALL_CASES, CASES, judge

ROOT = Path(__file__).parents[2]
_COMMANDS = re.compile(r"(?<=<!-- commands -->\n)(?:.*\n)*?(?=<!-- end of commands -->\n)")
_LEVELS = re.compile(r"(?<=<!-- levels -->\n)(?:.*\n)*?(?=<!-- end of levels -->\n)")
_TEMPLATES = re.compile(r"(?<=\$ plugcli init\n)(?:  .*\n)*(?=Template \[)")
_HEAD = """\
# Rules

What `plugcli validate` checks, and how bad each problem is for which host. `plugcli explain RULE` prints the whole documentation of a
rule; `plugcli hosts` says which host each id stands for. A host that is not in a row does not report the
problem. A row without any host is plugcli's own check: it is reported whatever the host.

| rule | finds | error | warning | note |
|---|---|---|---|---|
"""
_TAIL = "\nThis page is written by `python -m tests.contract.table`.\n"


def pages() -> dict[Path, str]:
    """Return each file that has a generated part, with the text that it should have."""
    readme = ROOT / "README.md"
    security = ROOT / "SECURITY.md"
    return {
        ROOT / "docs" / "rules.md": _rules(),
        readme: _readme(readme.read_text()),
        security: _replaced(security.read_text(), _LEVELS, _levels()),
    }


def _readme(text: str) -> str:
    """Return the README with the commands, and with the templates that `plugcli init` lists."""
    return _replaced(_replaced(text, _COMMANDS, _commands()), _TEMPLATES, _templates())


def _replaced(text: str, place: re.Pattern[str], lines: str) -> str:
    if not place.search(text):
        raise ValueError(f"there is no place for this list ({place.pattern}):\n{lines}")
    return place.sub(lambda _: lines, text)


def _commands() -> str:
    """Return what each command does: the first sentence of its help."""
    rows = [
        f"| `plugcli {name}` | {inspect.cleandoc(command.run.__doc__ or '').splitlines()[0]} |\n"
        for name, command in commands().items()
    ]
    return f"| command | what it does |\n|---|---|\n{''.join(rows)}"


def _levels() -> str:
    """Return what each level of the sandbox promises, side by side."""
    (head, *rows) = (f"| {' | '.join(row)} |\n" for row in comparison())
    return f"{head}|{'---|' * len(comparison()[0])}\n{''.join(rows)}"


def _templates() -> str:
    return "".join(f"  {each.id:<10}{each.summary}\n" for each in templates().values())


def _rules() -> str:
    """Return the page about rules: what each one finds, and how severe that is for each host."""
    rows = []
    for rule in all_rules():
        worst = {host_id: _worst(rule, host_id) for host_id in all_hosts()}
        cells = [
            _names([each for each, severity in worst.items() if severity == wanted])
            for wanted in ("error", "warning", "note")
        ]
        what = documentation(rule).what.replace("|", "\\|")
        rows.append(f"| {rule} | {what} | {' | '.join(cells)} |\n")
    return f"{_HEAD}{''.join(rows)}{_TAIL}"


def _worst(rule: str, host_id: str) -> str:
    """Return the worst severity that a host gives to what a rule finds; empty if the host does not report it."""
    severities = {claim.word for _, claim in claims(rule, all_hosts()[host_id])}
    return next((severity for severity in ("error", "warning", "note") if severity in severities), "")


def _names(host_ids: list[str]) -> str:
    return "all" if len(host_ids) == len(all_hosts()) > 1 else ", ".join(host_ids)


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
    for case in ALL_CASES:
        CASES.joinpath(case, "expected.txt").write_text(judge(CASES / case)[1], encoding="utf-8")
