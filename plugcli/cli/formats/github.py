"""`--format github`: workflow commands, which GitHub shows as annotations at the lines of a pull request.

A stranger's text must never become a command of its own: no line end of it gets out.
"""

from collections.abc import Iterable, Iterator

from plugcli.cli.formats import Paper
from plugcli.cli.place import Place, place_of
from plugcli.cli.text import printable
from plugcli.finding import Finding, Report, problems
from plugcli.hosts import all_hosts

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(reports: Iterable[Report], paper: Paper) -> Iterator[str]:
    """A line for each problem, once for all hosts: GitHub shows ten of a kind, and drops the rest."""
    for report in reports:
        for alike in problems(report.findings):
            yield _command(alike) + "\n"


def _command(alike: list[Finding]) -> str:
    finding = alike[0]
    place = place_of(finding)
    properties = {"title": f"plugcli {finding.rule}"}
    text = [finding.message, *_said(alike)]
    if place.is_file:
        where = {"file": place.path}
        if finding.source is not None:
            where |= {"line": str(finding.line), "col": str(finding.column)}
        properties = where | properties
    else:
        text[0] = f"{_shown(place, finding)}: {text[0]}"
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {listed}::{_data(text)}"


def _said(alike: list[Finding]) -> Iterator[str]:
    for finding in alike:
        if finding.host_says is not None:
            yield f"{all_hosts()[finding.host].title} says: {finding.host_says}"
    yield from (f"hint: {hint}" for hint in dict.fromkeys(each.hint for each in alike if each.hint))


def _shown(place: Place, finding: Finding) -> str:
    return place.path if finding.source is None else f"{place.path}:{finding.line}:{finding.column}"


# What the runner undoes: actions/toolkit, packages/core/src/command.ts.
def _data(lines: list[str]) -> str:
    return "\n".join(map(printable, lines)).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data([value]).replace(":", "%3A").replace(",", "%2C")
