"""What `validate` does once its options are read: load, judge, perhaps fix, print. Knows nothing of typer."""

import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from plugcli.cli.validate.output import deliver, outputs
from plugcli.configuration import Configuration, checked_url, configuration_for
from plugcli.errors import UsageError
from plugcli.finding import Report
from plugcli.hosts import DEFAULT, named_hosts
from plugcli.ignore import Ignore
from plugcli.plugin import Plugin
from plugcli.target import check_target, each_plugin_once, is_url, load_target
from plugcli.validate import validate

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


@dataclass(frozen=True)
class _Job:
    """What to judge, for which hosts, as if it stood where, and what to ignore.

    `configuration` is the file that some of it is from, and `configured` names which.
    """

    target: str
    hosts: tuple[str, ...]
    url: str | None = None
    ignores: tuple[Ignore, ...] = ()
    configuration: Path | None = None
    configured: tuple[str, ...] = ()


def judge(asked: Asked) -> int:
    """Judge what is asked for and print it; return the exit status. Raises PlugcliError."""
    gc.enable()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 100)
    to = outputs(asked.form, asked.outputs)
    work = _jobs(asked.targets, asked.hosts, asked.url)
    _check(asked, work)
    reports = deliver(_reports(asked, work), to, prints=not asked.diff)
    failing = ("error", "warning") if asked.is_strict else ("error",)
    return int(any(report.worst in failing for report in reports))


def _check(asked: Asked, work: Sequence[_Job]) -> None:
    """Raise UsageError for options that do not go together."""
    if asked.fix or asked.diff:
        from plugcli.cli.validate.fix import check_fixable

        check_fixable(asked.targets, asked.form, is_dry=asked.diff, has_prompt=asked.show_prompt)
    if asked.show_prompt:
        from plugcli.cli.validate.prompt_panel import check_panel

        if asked.outputs:
            raise UsageError(
                "--show-prompt is for people, and --output is for programs", hint="run it once with each"
            )
        check_panel([host for job in work for host in job.hosts], asked.form or "text")


def _reports(asked: Asked, work: Sequence[_Job]) -> Iterator[Report]:
    for job in work:
        plugin = _load(job)
        report = _report_of(job, plugin)
        if asked.fix or asked.diff:
            plugin, report = _fixed(job, plugin, report, is_dry=asked.diff)
        yield report
        if asked.show_prompt:  # whoever asks for the next report has printed this one
            from plugcli.cli.validate.prompt_panel import print_panel

            print_panel(plugin, report, job.hosts)


def _jobs(targets: Sequence[str], hosts: Sequence[str], url: str | None) -> list[_Job]:
    """The jobs of a run, nothing loaded yet: a slip in the last target must not follow pages of text. Raises UsageError."""
    wanted = tuple(named_hosts(hosts))
    if url is not None:
        checked_url(url)
    for target in targets:
        check_target(target)
        if url is not None and is_url(target):
            raise UsageError(f"{target} is judged where it stands", hint="--url is for plugins of files")
    known: dict[Path, Configuration] = {}
    return [_job(target, wanted, url, known) for target in each_plugin_once(targets)]


def _job(target: str, hosts: tuple[str, ...], url: str | None, known: dict[Path, Configuration]) -> _Job:
    place = Path() if is_url(target) else Path(target)
    folder = place.resolve()
    said = configuration_for(folder if folder.is_dir() else folder.parent, known)
    configured = []
    if not hosts:
        hosts = said.hosts or (DEFAULT,)
        configured += ["hosts"] * (hosts != (DEFAULT,))
    if url is None and said.url is not None and not is_url(target):
        url = said.url
        configured.append("url")
    return _Job(target, hosts, url, said.ignores, said.path, tuple(configured))


def _load(job: _Job) -> Plugin:
    """The plugin that the job is about, as if it stood where the job says. Raises PlugcliError where it cannot be read."""
    plugin = load_target(job.target)
    return plugin if job.url is None else replace(plugin, url=job.url)


def _report_of(job: _Job, plugin: Plugin) -> Report:
    """What is said of `plugin`, which is the job's."""
    return _with_configuration(job, validate(plugin, named_hosts(job.hosts), job.ignores))


def _fixed(job: _Job, plugin: Plugin, report: Report, *, is_dry: bool) -> tuple[Plugin, Report]:
    """Fix the plugin's files, or with `is_dry` print what would change; return it and what is then said of it."""
    from plugcli.cli.validate.fix import fixed

    plugin, left = fixed(plugin, report, named_hosts(job.hosts), job.ignores, is_dry=is_dry)
    return plugin, _with_configuration(job, left)


def _with_configuration(job: _Job, report: Report) -> Report:
    changed = list(job.configured)
    if not all(each.is_comment for each in report.ignored):
        changed.append("ignore")
    if job.configuration is None or not changed:
        return report
    return replace(report, configuration=f"{_shown(job.configuration)} ({', '.join(changed)})")


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
