"""Real plugins, written by others, from `../shared/corpus` beside the repository: data to read, never to run; none is kept here.

`python -m tests.corpus [HOST ...]` counts what the hosts would say of them, by kind; `--rules` counts each rule's findings too.
"""

import argparse
import csv
import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from plugcli.errors import PlugcliError
from plugcli.finding import Report, Severity, Verdict
from plugcli.hosts import ALL, Host, named_hosts
from plugcli.plugin import Plugin, plugin_from_files
from plugcli.validate import validate

# A worktree stands beside the repository, or the repository itself beside `shared`.
FOLDER = Path(__file__).resolve().parents[2] / "shared" / "corpus"
# OpenAI let these into its store.
APPROVED = ("store-raw", "store-api", "store-late")
_SEVERITIES: tuple[Severity, ...] = get_args(Severity)
_VERDICTS: tuple[str, ...] = get_args(Verdict.__annotations__["verdict"])


@dataclass(frozen=True)
class Judged:
    """One plugin, where it comes from (`kind`, a column of the corpus's table), and what is said of it."""

    name: str
    kind: str
    plugin: Plugin
    report: Report


def judged(hosts: Mapping[str, Host]) -> Iterator[Judged]:
    """Every plugin of the corpus, judged for `hosts`. Raises AssertionError with the name of one that crashes plugcli."""
    for name, kind, files in plugins():
        try:
            plugin = plugin_from_files(files, name)
            yield Judged(name, kind, plugin, validate(plugin, hosts))
        except Exception as error:
            raise AssertionError(f"{name} crashes plugcli") from error


def plugins() -> Iterator[tuple[str, str, dict[str, bytes]]]:
    """Name, kind and files of every plugin."""
    files: dict[str, dict[str, bytes]] = {}
    with tarfile.open(FOLDER / "plugins.tar.gz") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                folder, _, path = member.name.removeprefix("./").partition("/")
                files.setdefault(folder, {})[path] = content.read()
    with (FOLDER / "plugins.tsv").open(encoding="utf-8") as table:
        kinds = {row["directory"]: row["kind"] for row in csv.DictReader(table, delimiter="\t")}
    assert kinds.keys() == files.keys()
    for name, kind in kinds.items():
        yield name, kind, files[name]


def documents() -> Iterator[tuple[str, bytes]]:
    """Name and content of the large OpenAPI documents."""
    with tarfile.open(FOLDER / "openapi.tar.xz") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None and member.name.endswith((".yaml", ".json")):
                yield Path(member.name).name, content.read()


def counts(hosts: Mapping[str, Host], *, of_rules: bool = False) -> Iterator[tuple[str, ...]]:
    """The rows of the table: by kind and host the plugins, their findings by severity, and the verdicts."""
    found: Counter[tuple[str, ...]] = Counter()
    plugins_of: Counter[str] = Counter()
    by_rule: Counter[tuple[str, ...]] = Counter()
    for each in judged(hosts):
        for kind in (each.kind, "all"):
            plugins_of[kind] += 1
            found.update((kind, verdict.host, verdict.verdict) for verdict in each.report.verdicts)
            found.update((kind, finding.host, finding.severity) for finding in each.report.findings)
        by_rule.update({(one.rule, one.host, one.severity) for one in each.report.findings})
    yield ("kind", "host", "plugins", *(f"{each}s" for each in _SEVERITIES), *_VERDICTS)
    for kind in sorted(plugins_of, key=lambda each: (each == "all", each)):
        for host in hosts:
            numbers = (found[kind, host, column] for column in (*_SEVERITIES, *_VERDICTS))
            yield (kind, host, str(plugins_of[kind]), *map(str, numbers))
    if of_rules:
        yield ()
        yield ("rule", "host", *(f"plugins with {each}" for each in _SEVERITIES))
        for rule, host in dict.fromkeys((rule, host) for rule, host, _ in sorted(by_rule)):
            yield (rule, host, *(str(by_rule[rule, host, severity]) for severity in _SEVERITIES))


def _main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.corpus", description="What hosts say of the plugins in the corpus."
    )
    parser.add_argument("host", nargs="*", help="an id of `plugcli hosts`; without one, all")
    parser.add_argument("--rules", action="store_true", help="count each rule's findings, too")
    arguments = parser.parse_args()
    try:
        hosts = named_hosts(arguments.host or [ALL])
        rows = list(counts(hosts, of_rules=arguments.rules))
    except (PlugcliError, FileNotFoundError) as error:
        parser.error(str(error))
    for row in rows:
        widths = [
            max(len(each[column]) for each in rows if len(each) == len(row)) for column in range(len(row))
        ]
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    _main()
