"""`--format github`: workflow commands, which GitHub shows as annotations on the lines of a pull request.

A stranger's text must never become a command of its own, so its line ends are always escaped.
"""

from collections.abc import Iterable, Iterator

from plugcli.cli.validate.formats import Paper
from plugcli.cli.validate.location import location_of
from plugcli.cli.validate.plain_finding import plain_finding
from plugcli.finding import Finding, Report, rules_of, told_problems
from plugcli.terminal_text import printable

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(reports: Iterable[Report], paper: Paper) -> Iterator[str]:
    """Yield one line per problem for all hosts together, because GitHub shows ten annotations of a kind and drops the rest."""
    for report in reports:
        for alike in told_problems(report.findings):
            yield _command(alike) + "\n"


def _command(alike: list[Finding]) -> str:
    finding, place = alike[0], location_of(alike[0])
    text, properties = plain_finding(alike), {"title": f"plugcli {rules_of(alike)}"}
    at = "" if finding.source is None else f":{finding.line}:{finding.column}"
    if not place.is_file:
        text = f"{printable(place.path)}{at}: {text}"
    elif at:
        properties = {
            "file": place.path, "line": str(finding.line), "col": str(finding.column), **properties
        }  # fmt: skip
    else:
        properties = {"file": place.path, **properties}
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {listed}::{_data(text)}"


# The escapes that the runner decodes: actions/toolkit, packages/core/src/command.ts.
def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(printable(value)).replace(":", "%3A").replace(",", "%2C")
