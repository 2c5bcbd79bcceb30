"""`--format text`: for people. Each target is shown as soon as it is judged; several targets get a summary line."""

from collections.abc import Iterable, Iterator

from plugcli.cli.validate.formats import Paper
from plugcli.cli.validate.report import lines
from plugcli.finding import Report
from plugcli.hosts import named_hosts


def render(reports: Iterable[Report], paper: Paper) -> Iterator[str]:
    """Yield the reports, and a summary if there are several."""
    targets = with_errors = with_warnings = ignored = 0
    for report in reports:
        hosts = named_hosts([verdict.host for verdict in report.verdicts])
        yield "".join(f"{line}\n" for line in lines(report, hosts, paper))
        targets += 1
        with_errors += report.worst == "error"
        with_warnings += report.worst == "warning"
        ignored += len(report.ignored)
    if targets > 1:
        neither = targets - with_errors - with_warnings
        counts = f"{with_errors} with errors, {with_warnings} with warnings only, {neither} with neither"
        yield f"\n{targets} targets: {counts}{f'; {ignored} ignored' if ignored else ''}\n"
