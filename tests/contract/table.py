"""Makes README.md's table of rules: what each finds, and how bad that is for which host. `python -m tests.contract.table`."""

from pathlib import Path

from plugcli.hosts import all_hosts
from plugcli.rules import all_rules, claims, documentation

README = Path(__file__).parents[2] / "README.md"
_START, _END = "<!-- rules -->\n", "<!-- end of rules -->\n"
_HEAD = "| rule | finds | error | warning | note |\n|---|---|---|---|---|\n"


def text() -> str:
    """Return the table, between its marks."""
    rows = []
    for rule in all_rules():
        worst = {host_id: _worst(rule, host_id) for host_id in all_hosts()}
        cells = [
            _names([each for each, severity in worst.items() if severity == wanted])
            for wanted in ("error", "warning", "note")
        ]
        rows.append(
            f"| {rule} | {documentation(rule).what.replace('|', chr(92) + '|')} | {' | '.join(cells)} |\n"
        )
    return f"{_START}{_HEAD}{''.join(rows)}{_END}"


def with_table(readme: str) -> str:
    """Return what README.md has to be."""
    before, start, rest = readme.partition(_START)
    _, end, after = rest.partition(_END)
    if not (start and end):
        raise ValueError(f"{README} has no {_START.strip()} ... {_END.strip()}")
    return f"{before}{text()}{after}"


def _worst(rule: str, host_id: str) -> str:
    """The worst that a host says of what a rule finds, empty where it does not care."""
    said = {claim.word for _, claim in claims(rule, all_hosts()[host_id])}
    return next((severity for severity in ("error", "warning", "note") if severity in said), "")


def _names(host_ids: list[str]) -> str:
    return "all" if len(host_ids) == len(all_hosts()) > 1 else ", ".join(host_ids)


if __name__ == "__main__":
    README.write_text(with_table(README.read_text()))
