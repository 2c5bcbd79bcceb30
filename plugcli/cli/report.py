"""What `validate` prints of a plugin: each finding with its line and a caret, then each host's verdict."""

import io
import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from plugcli.cli.render import is_coloured
from plugcli.cli.text import fitted, printable
from plugcli.finding import Finding, Report

# Of one rule, so that a fault that repeats does not bury the others. Errors are always shown.
_MOST_ALIKE = 10
_WORDS = {
    "accepts": "{} accepts it",
    "accepts_with_losses": "{} accepts it, but loses a part of it",
    "refuses": "{} refuses it",
    "not_judged": "no verdict for {}",
}
_WIDTH_OF_A_PIPE = 100


@dataclass(frozen=True)
class _Colours:
    error: str = ""
    warning: str = ""
    note: str = ""
    bold: str = ""
    dim: str = ""
    off: str = ""


_PLAIN = _Colours()
_BRIGHT = _Colours("\x1b[1;31m", "\x1b[33m", "\x1b[36m", "\x1b[1m", "\x1b[2m", "\x1b[0m")


def print_json(value: object) -> None:
    """Print `value` as JSON in ASCII, so that nothing in it can reach the terminal raw."""
    print(json.dumps(value, indent=2))


def print_report(report: Report, titles: Mapping[str, str]) -> None:
    """Print the findings of one target, then a line for each host's verdict. `titles` name the hosts."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that cannot show a character is no reason to stop.
        sys.stdout.reconfigure(errors="backslashreplace")
    colours = _BRIGHT if is_coloured(sys.stdout) else _PLAIN
    shown: dict[str, int] = {}
    left_out: dict[str, int] = {}
    for finding in report.findings:
        if finding.severity != "error" and shown.get(finding.rule, 0) >= _MOST_ALIKE:
            left_out[finding.rule] = left_out.get(finding.rule, 0) + 1
            continue
        shown[finding.rule] = shown.get(finding.rule, 0) + 1
        _print_finding(finding, titles[finding.host], colours)
    for rule, number in left_out.items():
        print(f"... and {number} more of {rule}: --format json lists them all\n")
    for verdict in report.verdicts:
        counts = f"{_count(verdict.errors, 'error')}, {_count(verdict.warnings, 'warning')}"
        words = _WORDS[verdict.verdict].format(titles[verdict.host])
        print(f"{colours.bold}{printable(report.target)}: {words}{colours.off} ({counts})")


def _print_finding(finding: Finding, title: str, colours: _Colours) -> None:
    colour, bold, dim, off = getattr(colours, finding.severity), colours.bold, colours.dim, colours.off
    place = printable(finding.file)
    if finding.source is not None:  # else it is about the whole
        place += f":{finding.line}:{finding.column}"
    message = printable(finding.message)
    print(f"{bold}{place}:{off} {colour}{finding.severity}{off}: {message} {dim}[{finding.rule}]{off}")
    if finding.source is not None and finding.source.text.strip():
        number = str(finding.line)
        line, before = fitted(finding.source, max(_width() - len(number) - 5, 20))
        print(f"  {dim}{number} |{off} {line}")
        print(f"  {dim}{' ' * len(number)} |{off} {' ' * before}{colour}^{off}")
    if finding.host_says is not None:
        print(f"  {title} says: {printable(finding.host_says)}")
    if finding.hint:
        print(f"  {dim}hint:{off} {printable(finding.hint)}")
    print()


def _width() -> int:
    is_terminal = sys.stdout.isatty()
    return shutil.get_terminal_size().columns if is_terminal else _WIDTH_OF_A_PIPE


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
