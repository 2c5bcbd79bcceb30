"""What each host would do with a plugin: a line for one host, a table for several hosts."""

import textwrap
from collections.abc import Iterator, Mapping

from plugcli.cli.validate.colours import Colours
from plugcli.cli.validate.formats import Paper
from plugcli.finding import Report, Verdict
from plugcli.hosts import Host
from plugcli.terminal_text import printable

_WORDS = {
    "accepts": "{} accepts it",
    "accepts_with_losses": "{} accepts it, but loses a part of it",
    "refuses": "{} refuses it",
    "not_judged": "no verdict for {}",
}
_VERDICTS = {
    "accepts": "accepts",
    "accepts_with_losses": "loses a part",
    "refuses": "refuses",
    "not_judged": "not judged",
}
_HEADER = ("host", "verdict", "errors", "warnings")
_LOST = "lost"
# If the column of losses were narrower than this, a line of its own is easier to read.
_NARROWEST = 20
_NO_BREAK = "\N{NO-BREAK SPACE}"


def verdicts(report: Report, hosts: Mapping[str, Host], paper: Paper, colours: Colours) -> Iterator[str]:
    """Yield the verdicts on one target, and what came from the configuration."""
    if len(report.verdicts) == 1:
        yield _line(report, report.verdicts[0], hosts, paper, colours)
    else:
        yield from _table(report, hosts, paper, colours)
        if report.ignored:
            yield f"  {_ignored(report)}"
    if report.configuration:
        yield f"  {colours.dim}configuration:{colours.off} {printable(report.configuration)}"


def _line(report: Report, verdict: Verdict, hosts: Mapping[str, Host], paper: Paper, colours: Colours) -> str:
    host = hosts[verdict.host]
    title = f"{host.title} ({host.state.says})" if host.state.says else host.title
    words = f"{printable(report.target)}: {_WORDS[verdict.verdict].format(title)}"
    if verdict.verdict == "accepts_with_losses":
        words += f": {', '.join(_unbroken(verdict))}"
    counts = f"{_count(verdict.errors, 'error')}, {_count(verdict.warnings, 'warning')}"
    if report.ignored:
        counts += f", {_ignored(report)}"
    words, _, counts = "\n  ".join(_wrapped(f"{words} ({counts})", paper, indent=2)).rpartition(" (")
    return f"{colours.bold}{words}{colours.off} ({counts}"


def _table(report: Report, hosts: Mapping[str, Host], paper: Paper, colours: Colours) -> Iterator[str]:
    rows = [(_HEADER, _LOST), *(_row(verdict, hosts[verdict.host]) for verdict in report.verdicts)]
    widths = [max(len(cells[column]) for cells, _ in rows) for column in range(len(_HEADER))]
    before = 2 + sum(widths) + 2 * len(widths)
    is_beside = not paper.is_terminal or paper.width - before >= _NARROWEST
    if not is_beside:
        rows[0] = (_HEADER, "")
    indent = before if is_beside else widths[0] + 4
    yield f"{colours.bold}{printable(report.target)}{colours.off}"
    tints = [colours.dim, *(_tint(verdict, colours) for verdict in report.verdicts)]
    for (cells, lost), tint in zip(rows, tints, strict=True):
        row = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        said = _wrapped(lost, paper, indent) if lost else []
        if is_beside and said:
            row += f"  {said.pop(0)}"
        yield f"  {tint}{row.rstrip()}{colours.off if tint else ''}"
        yield from (f"{' ' * indent}{tint}{more}{colours.off if tint else ''}" for more in said)
    for host in (hosts[verdict.host] for verdict in report.verdicts):
        if host.state.says:
            yield "  " + "\n    ".join(_wrapped(f"{host.title}, {host.state.says}", paper, indent=4))


def _row(verdict: Verdict, host: Host) -> tuple[tuple[str, ...], str]:
    counts = (str(verdict.errors or "-"), str(verdict.warnings or "-"))
    return (host.title, _VERDICTS[verdict.verdict], *counts), ", ".join(_unbroken(verdict))


def _tint(verdict: Verdict, colours: Colours) -> str:
    if verdict.errors:
        return colours.error
    return colours.warning if verdict.verdict == "accepts_with_losses" else ""


def _unbroken(verdict: Verdict) -> list[str]:
    """Return the losses with unbreakable spaces, because a number alone at the end of a line says nothing."""
    return [each.replace(" ", _NO_BREAK) for each in verdict.losses]


def _wrapped(text: str, paper: Paper, indent: int) -> list[str]:
    """Wrap `text` to lines that fit after `indent` cells of a terminal; in a file or pipe it stays one line."""
    pieces = [text]
    if paper.is_terminal:
        width = max(paper.width - indent, _NARROWEST)
        pieces = textwrap.wrap(
            text, width, replace_whitespace=False, break_long_words=False, break_on_hyphens=False
        )
    return [piece.replace(_NO_BREAK, " ") for piece in pieces]


def _ignored(report: Report) -> str:
    return f"{len(report.ignored)} ignored"


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
