"""`--format json`, version 1. It is frozen, and `plugcli schema report` describes it. Additions need a new version."""

from collections.abc import Iterable, Iterator

from plugcli.cli.validate.formats import Paper
from plugcli.finding import Report
from plugcli.sandbox import gate


def render(reports: Iterable[Report], paper: Paper) -> Iterator[str]:
    """Yield one object for all targets, in ASCII, so that nothing in it reaches a terminal raw."""
    value = {"version": 1, "targets": [report.as_json() for report in reports]}
    yield gate.json_text(value, indent=2) + "\n"
