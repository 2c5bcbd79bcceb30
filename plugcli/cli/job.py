"""One target of `validate`, with what is asked about it: what the options say, else the nearest configuration."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from plugcli.cli.load import plugin_of
from plugcli.configuration import Configuration, checked_url, configuration_for
from plugcli.errors import UsageError
from plugcli.finding import Report
from plugcli.hosts import DEFAULT, named_hosts
from plugcli.ignore import Ignore
from plugcli.plugin import Plugin
from plugcli.target import check_target, each_plugin_once, is_url
from plugcli.validate import validate


@dataclass(frozen=True)
class Job:
    """What to judge, for which hosts, as if it stood where, and what to ignore.

    `configuration` is the file that some of it is from, and `configured` names which.
    """

    target: str
    hosts: tuple[str, ...]
    url: str | None = None
    ignores: tuple[Ignore, ...] = ()
    configuration: Path | None = None
    configured: tuple[str, ...] = ()


def jobs(targets: Sequence[str], hosts: Sequence[str], url: str | None) -> list[Job]:
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


def _job(target: str, hosts: tuple[str, ...], url: str | None, known: dict[Path, Configuration]) -> Job:
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
    return Job(target, hosts, url, said.ignores, said.path, tuple(configured))


def load(job: Job) -> Plugin:
    """The plugin that the job is about, as if it stood where the job says. Raises PlugcliError where it cannot be read."""
    plugin = plugin_of(job.target)
    return plugin if job.url is None else replace(plugin, url=job.url)


def report_of(job: Job, plugin: Plugin) -> Report:
    """What is said of `plugin`, which is the job's."""
    return _with_configuration(job, validate(plugin, named_hosts(job.hosts), job.ignores))


def fixed(job: Job, plugin: Plugin, report: Report, *, is_dry: bool) -> tuple[Plugin, Report]:
    """Fix the plugin's files, or with `is_dry` print what would change; return it and what is then said of it."""
    from plugcli.cli import fix

    plugin, left = fix.fixed(plugin, report, named_hosts(job.hosts), job.ignores, is_dry=is_dry)
    return plugin, _with_configuration(job, left)


def _with_configuration(job: Job, report: Report) -> Report:
    changed = list(job.configured)
    if not all(each.is_comment for each in report.ignored):
        changed.append("ignore")
    if job.configuration is None or not changed:
        return report
    return replace(report, configuration=f"{_shown(job.configuration)} ({', '.join(changed)})")


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
