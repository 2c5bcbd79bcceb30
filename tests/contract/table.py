"""Writes docs/rules.md: what each rule finds, and how bad that is for which host. `python -m tests.contract.table`."""

from pathlib import Path

from plugcli.hosts import all_hosts
from plugcli.rules import all_rules, claims, documentation

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
_HEAD = """\
# Rules

What `plugcli validate` checks, and how bad each problem is for which host. `plugcli explain RULE` prints the whole documentation of a
rule; `plugcli hosts` says which host each id stands for. A host that is not in a row does not report that
problem. A row without any host is plugcli's own, told for each host.

| rule | finds | error | warning | note |
|---|---|---|---|---|
"""
_TAIL = "\nThis page is written by `python -m tests.contract.table`.\n"


def text() -> str:
    """Return the whole page."""
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
    PAGE.write_text(text())
