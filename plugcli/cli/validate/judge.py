"""Carries out `validate`: loads each target, judges it, fixes it if asked to, and prints the report. Does not use typer."""

import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from plugcli.cli.load import plugin_of
from plugcli.cli.validate.output import deliver, outputs
from plugcli.configuration import Configuration, checked_url, configuration_for
from plugcli.errors import UsageError
from plugcli.finding import Report
from plugcli.hosts import DEFAULT, named_hosts
from plugcli.ignore import Ignore
from plugcli.plugin import Plugin
from plugcli.target import check_target, each_plugin_once, is_url
from plugcli.validate import validate

# The many small objects of a large document start Python's cycle collector again and again, which takes a tenth of the time. It finds
# little, and memory does not grow without it.
_OBJECTS_BETWEEN_COLLECTIONS = 200_000


@dataclass(frozen=True)
class Asked:
    """The options of `validate` as given; `validate --help` explains them."""

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
    """One target, the hosts to judge it for, the URL to judge it at, and the findings to ignore.

    `configuration` is the file that some of these come from, and `configured` names them.
    """

    target: str
    hosts: tuple[str, ...]
    url: str | None = None
    ignores: tuple[Ignore, ...] = ()
    configuration: Path | None = None
    configured: tuple[str, ...] = ()


def judge(asked: Asked) -> int:
    """Judge the targets and print the reports; return the exit status. Raises PlugcliError."""
    gc.enable()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 100)
    to = outputs(asked.form, asked.outputs)
    work = _jobs(asked.targets, asked.hosts, asked.url)
    _check(asked, work)
    reports = deliver(_reports(asked, work), to, prints=not asked.diff)
    failing = ("error", "warning") if asked.is_strict else ("error",)
    return int(any(report.worst in failing for report in reports))


def _check(asked: Asked, work: Sequence[_Job]) -> None:
    """Raise UsageError for options that cannot be combined."""
    if asked.fix or asked.diff:
        from plugcli.cli.validate.fix import check_fixable

        check_fixable(asked.targets, asked.form, is_dry=asked.diff, has_prompt=asked.show_prompt)
    if asked.show_prompt:
        from plugcli.cli.validate.prompt_panel import check_panel

        if asked.outputs:
            raise UsageError(
                "--show-prompt cannot be combined with --output", hint="run plugcli twice, once with each"
            )
        check_panel([host for job in work for host in job.hosts], asked.form or "text")


def _reports(asked: Asked, work: Sequence[_Job]) -> Iterator[Report]:
    for job in work:
        plugin = _load(job)
        report = _report_of(job, plugin)
        if asked.fix or asked.diff:
            plugin, report = _fixed(job, plugin, report, is_dry=asked.diff)
        yield report
        if asked.show_prompt:  # by the time the next report is asked for, this one has been printed
            from plugcli.cli.validate.prompt_panel import print_panel

            print_panel(plugin, report, job.hosts)


def _jobs(targets: Sequence[str], hosts: Sequence[str], url: str | None) -> list[_Job]:
    """Return the jobs of a run, with nothing loaded yet, so that a typo in the last target is reported first. Raises UsageError."""
    wanted = tuple(named_hosts(hosts))
    if url is not None:
        checked_url(url)
    for target in targets:
        check_target(target)
        if url is not None and is_url(target):
            raise UsageError(
                f"--url cannot be used with {target}, which is a URL itself",
                hint="--url is for plugins in files",
            )
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
    """Return the plugin of the job, placed at the job's URL. Raises PlugcliError if it cannot be read."""
    plugin = plugin_of(job.target)
    return plugin if job.url is None else replace(plugin, url=job.url)


def _report_of(job: _Job, plugin: Plugin) -> Report:
    """Return the report on `plugin`, the plugin of the job."""
    return _with_configuration(job, validate(plugin, named_hosts(job.hosts), job.ignores))


def _fixed(job: _Job, plugin: Plugin, report: Report, *, is_dry: bool) -> tuple[Plugin, Report]:
    """Fix the plugin's files, or print the diff if `is_dry`; return the fixed plugin and the report on it."""
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
