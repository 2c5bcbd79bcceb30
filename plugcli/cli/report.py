"""What `validate` prints of a plugin: each problem with its line and a caret, then what each host would do."""

import io
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from plugcli.cli.render import is_coloured
from plugcli.cli.text import fitted, printable
from plugcli.finding import Finding, Report, Severity, Verdict
from plugcli.hosts import Host

# Of one rule, so that a fault that repeats does not bury the others. Errors are always shown.
_MOST_ALIKE = 10
_WORDS = {
    "accepts": "{} accepts it",
    "accepts_with_losses": "{} accepts it, but loses a part of it",
    "refuses": "{} refuses it",
    "not_judged": "no verdict for {}",
}
_VERDICTS = {
    "accepts": "accepts",
    "accepts_with_losses": "accepts, with losses",
    "refuses": "refuses",
    "not_judged": "not judged",
}
_WORST_FIRST: tuple[Severity, ...] = ("error", "warning", "note")
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


def print_report(report: Report, hosts: Mapping[str, Host]) -> None:
    """Print what was found in one target, each problem once for all of `hosts`, and then the hosts' verdicts."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that cannot show a character is no reason to stop.
        sys.stdout.reconfigure(errors="backslashreplace")
    colours = _BRIGHT if is_coloured(sys.stdout) else _PLAIN
    shown: dict[str, int] = {}
    left_out: dict[str, int] = {}
    for alike in _problems(report):
        rule = alike[0].rule
        if alike[0].severity != "error" and shown.get(rule, 0) >= _MOST_ALIKE:
            left_out[rule] = left_out.get(rule, 0) + 1
            continue
        shown[rule] = shown.get(rule, 0) + 1
        _print_problem(alike, hosts, colours)
    for rule, number in left_out.items():
        print(f"... and {number} more of {rule}: --format json lists them all\n")
    if len(report.verdicts) == 1:
        _print_verdict(report, report.verdicts[0], hosts, colours)
    else:
        _print_table(report, hosts, colours)


def _problems(report: Report) -> Iterator[list[Finding]]:
    """The findings of each problem, one a host that minds it, the worst first."""

    # The report is in the order of the text, and the hosts' findings on one problem stand near each other in it.
    for _, near in groupby(report.findings, key=lambda each: (each.file, each.order, each.rule)):
        alike: dict[object, list[Finding]] = {}
        for finding in near:
            alike.setdefault((finding.where, finding.message), []).append(finding)
        for findings in alike.values():
            yield sorted(findings, key=lambda each: _WORST_FIRST.index(each.severity))


def _print_problem(alike: list[Finding], hosts: Mapping[str, Host], colours: _Colours) -> None:
    finding = alike[0]
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
    if len(hosts) > 1:
        print(f"  {dim}for:{off} {_for_whom(alike, hosts)}")
    said = {each.host_says: hosts[each.host].title for each in reversed(alike) if each.host_says is not None}
    for words, title in reversed(said.items()):
        print(f"  {title} says: {printable(words)}")
    for hint in dict.fromkeys(each.hint for each in alike if each.hint):
        print(f"  {dim}hint:{off} {printable(hint)}")
    print()


def _for_whom(alike: list[Finding], hosts: Mapping[str, Host]) -> str:
    """Who minds: `GPT Actions (error), ChatGPT`, where those without a word take it as the headline says."""
    if {each.host for each in alike} == hosts.keys() and len({each.severity for each in alike}) == 1:
        return "all"
    worst = alike[0].severity
    return ", ".join(
        hosts[each.host].title + ("" if each.severity == worst else f" ({each.severity})") for each in alike
    )


def _print_verdict(report: Report, verdict: Verdict, hosts: Mapping[str, Host], colours: _Colours) -> None:
    host = hosts[verdict.host]
    title = f"{host.title} ({host.state.says})" if host.state.says else host.title
    words = _WORDS[verdict.verdict].format(title)
    if verdict.verdict == "accepts_with_losses":
        words += f": {', '.join(verdict.losses)}"
    print(f"{colours.bold}{printable(report.target)}: {words}{colours.off} ({_counts(verdict)})")


def _print_table(report: Report, hosts: Mapping[str, Host], colours: _Colours) -> None:
    rows = [("host", "verdict", "errors", "warnings", "what is lost, and what is to be known")]
    for verdict in report.verdicts:
        host = hosts[verdict.host]
        remarks = [*verdict.losses, *([host.state.says] if host.state.says else [])]
        rows.append(
            (
                host.title,
                _VERDICTS[verdict.verdict],
                str(verdict.errors or "-"),
                str(verdict.warnings or "-"),
                ", ".join(remarks),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print(f"{colours.bold}{printable(report.target)}{colours.off}")
    failed = {row for row, verdict in zip(rows[1:], report.verdicts, strict=True) if verdict.errors}
    for row in rows:
        colour = colours.dim if row is rows[0] else colours.error if row in failed else ""
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        print(f"  {colour}{'  '.join(cells).rstrip()}{colours.off if colour else ''}")


def _width() -> int:
    is_terminal = sys.stdout.isatty()
    return shutil.get_terminal_size().columns if is_terminal else _WIDTH_OF_A_PIPE


def _counts(verdict: Verdict) -> str:
    return f"{_count(verdict.errors, 'error')}, {_count(verdict.warnings, 'warning')}"


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
