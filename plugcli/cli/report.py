"""What `validate` prints of a plugin: each finding with its line and a caret, then each host's verdict."""

import io
import json
import shutil
import sys
from collections.abc import Mapping

from plugcli.cli.render import is_coloured
from plugcli.cli.text import excerpt, printable
from plugcli.finding import Finding, Report

# Of one rule, so that a fault that repeats does not bury the others. Errors are always shown.
_MOST_ALIKE = 10
_WORDS = {
    "accepts": "accepts it",
    "accepts_with_losses": "accepts it, but loses a part of it",
    "refuses": "refuses it",
    "not_judged": "is not judged: the OpenAPI document is not here",
}
_COLOURS = {"error": "\x1b[1;31m", "warning": "\x1b[33m", "note": "\x1b[36m"}


def print_json(value: object) -> None:
    """Print `value` as JSON in ASCII, so that nothing in it can reach the terminal raw."""
    print(json.dumps(value, indent=2))


def print_report(report: Report, titles: Mapping[str, str]) -> None:
    """Print the findings of one target, then a line for each host's verdict. `titles` name the hosts."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(
            errors="backslashreplace"
        )  # a terminal that cannot show it is no reason to stop
    colours = is_coloured(sys.stdout)
    alike: dict[tuple[str, str], int] = {}
    for finding in report.findings:
        kind = (finding.rule, finding.host)
        alike[kind] = alike.get(kind, 0) + 1
        if finding.severity == "error" or alike[kind] <= _MOST_ALIKE:
            _print_finding(finding, titles, colours)
    for (rule, _), number in alike.items():
        if number > _MOST_ALIKE and not any(
            each.rule == rule and each.severity == "error" for each in report.findings
        ):
            print(f"and {number - _MOST_ALIKE} more of {rule}: --format json lists them all\n")
    for verdict in report.verdicts:
        counts = f"{_count(verdict.errors, 'error')}, {_count(verdict.warnings, 'warning')}"
        name = printable(report.target)
        print(f"{name}: {titles[verdict.host]} {_WORDS[verdict.verdict]} ({counts})")


def _print_finding(finding: Finding, titles: Mapping[str, str], colours: bool) -> None:
    colour, bold, dim, off = (
        (_COLOURS[finding.severity], "\x1b[1m", "\x1b[2m", "\x1b[0m") if colours else ("",) * 4
    )
    place = f"{printable(finding.file)}:{finding.line}:{finding.column}"
    message = printable(finding.message)
    print(f"{bold}{place}:{off} {colour}{finding.severity}{off}: {message} {dim}[{finding.rule}]{off}")
    if finding.source.strip():
        width = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100
        number = str(finding.line)
        line, before = excerpt(finding.source, finding.column, max(width - len(number) - 5, 20))
        print(f"  {dim}{number} |{off} {line}")
        print(f"  {dim}{' ' * len(number)} |{off} {' ' * before}{colour}^{off}")
    if finding.host_says is not None:
        print(f"  {titles[finding.host]} says: {printable(finding.host_says)}")
    if finding.hint:
        print(f"  {dim}hint:{off} {printable(finding.hint)}")
    print()


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
