"""What `validate` does once its options are read: load, judge, perhaps fix, print. Knows nothing of typer."""

import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from plugcli.cli.validate.job import Job, fixed, jobs, load, report_of
from plugcli.cli.validate.output import deliver, outputs
from plugcli.errors import UsageError
from plugcli.finding import Report

# The many small objects of a large document set off Python's cycle collector again and again: a tenth of the time. What it finds
# is little, and memory does not grow.
_OBJECTS_BETWEEN_COLLECTIONS = 200_000


@dataclass(frozen=True)
class Asked:
    """The options of `validate`, as they were given; its help says what they mean."""

    targets: Sequence[str] = (".",)
    hosts: Sequence[str] = ()
    url: str | None = None
    form: str | None = None
    outputs: Sequence[str] = ()
    is_strict: bool = False
    fix: bool = False
    diff: bool = False
    show_prompt: bool = False


def judge(asked: Asked) -> int:
    """Judge what is asked for and print it; return the exit status. Raises PlugcliError."""
    gc.enable()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 100)
    to = outputs(asked.form, asked.outputs)
    work = jobs(asked.targets, asked.hosts, asked.url)
    _check(asked, work)
    reports = deliver(_reports(asked, work), to, prints=not asked.diff)
    failing = ("error", "warning") if asked.is_strict else ("error",)
    return int(any(report.worst in failing for report in reports))


def _check(asked: Asked, work: Sequence[Job]) -> None:
    """Raise UsageError for options that do not go together."""
    if asked.fix or asked.diff:
        from plugcli.cli.validate.fix import check_fixable

        check_fixable(asked.targets, asked.form, is_dry=asked.diff, has_prompt=asked.show_prompt)
    if asked.show_prompt:
        from plugcli.cli.prompt import check_panel

        if asked.outputs:
            raise UsageError(
                "--show-prompt is for people, and --output is for programs", hint="run it once with each"
            )
        check_panel([host for job in work for host in job.hosts], asked.form or "text")


def _reports(asked: Asked, work: Sequence[Job]) -> Iterator[Report]:
    for job in work:
        plugin = load(job)
        report = report_of(job, plugin)
        if asked.fix or asked.diff:
            plugin, report = fixed(job, plugin, report, is_dry=asked.diff)
        yield report
        if asked.show_prompt:  # whoever asks for the next report has printed this one
            from plugcli.cli.prompt import print_panel

            print_panel(plugin, report, job.hosts)
