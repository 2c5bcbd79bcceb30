"""`plugcli validate` beside the linters that people use: whole commands on the same files, wall time and peak memory.

openapi-spec-validator is a dependency of ours; Redocly and Spectral come from npm, with --peers. Every command may find faults in what
it reads, and says so by its exit status: what is held to account is that it read the file and came to an end.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.load import NotMeasured
from tests.bench.servers import ENVIRONMENT, PLUGCLI, REPOSITORY
from tests.bench.table import Figures, Measured

PACKAGES = REPOSITORY / ".bench" / "linters"
PEERS = {"redocly": "@redocly/cli", "spectral": "@stoplight/spectral-cli"}
OSV = str(Path(sys.executable).with_name("openapi-spec-validator"))
CORPUS = REPOSITORY.parent / "shared" / "corpus"
# Found nothing, found something: whatever else a command ends with, it did not do what is measured.
_DONE = (0, 1)
_MEMORY_BYTES = 200e6
_CORPUS_SECONDS = 10.0


@dataclass(frozen=True)
class Spent:
    """What one command took: wall seconds, and the most memory that it held at once."""

    seconds: float
    peak_bytes: float


def installed() -> Path:
    """Install the peers of npm, or find them; return the folder of their commands."""
    commands = PACKAGES / "node_modules" / ".bin"
    if not all((commands / name).exists() for name in PEERS):
        print(f"installing {' and '.join(PEERS)} into {PACKAGES}", file=sys.stderr)
        PACKAGES.mkdir(parents=True, exist_ok=True)
        npm = shutil.which("npm")
        if npm is None:
            raise NotMeasured("there is no npm, and Redocly and Spectral come from it")
        command = [npm, "install", "--silent", "--no-audit", "--no-fund", *PEERS.values()]
        done = subprocess.run(command, cwd=PACKAGES, stdout=sys.stderr, env=ENVIRONMENT)
        if done.returncode:
            raise NotMeasured(f"`{' '.join(command)}` ended with {done.returncode}")
    return commands


def spend(command: Sequence[str], folder: Path) -> Spent:
    """Run a command to its end. Raises NotMeasured where it did not do its work."""
    log = folder / "linter.log"
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in _DONE:
        words = log.read_text(errors="replace")[-300:].strip()
        raise NotMeasured(f"`{Path(command[0]).name}` ended with {process.returncode}: {words}")
    return Spent(seconds, usage.ru_maxrss * 1024.0)


def beside_peers(document: Callable[[Path], tuple[str, Path]]) -> Callable[[Path, bool, int], Measured]:
    """Every linter on one document. `document` makes it in a folder: what plugcli is given, and the document itself."""

    def measure(folder: Path, has_peers: bool, turns: int) -> Measured:
        ours, path = document(folder)
        (folder / ".spectral.yaml").write_text("extends: ['spectral:oas']\n")
        commands = {"plugcli": [PLUGCLI, "validate", ours], "osv": [OSV, str(path)]}
        if has_peers:
            bin_ = installed()
            commands["redocly"] = [str(bin_ / "redocly"), "lint", str(path)]
            commands["spectral"] = [str(bin_ / "spectral"), "lint", "--quiet", str(path)]
        return figures(in_turn(commands, folder, turns), "--peers")

    return measure


def in_turn(commands: Mapping[str, Sequence[str]], folder: Path, turns: int) -> dict[str, list[Spent]]:
    """Run every command `turns` times, one after the other; a first turn is for warming up."""
    spent: dict[str, list[Spent]] = {side: [] for side in commands}
    for turn in range(turns + 1):
        for side, command in commands.items():
            taken = spend(command, folder)
            if turn:
                spent[side].append(taken)
    return spent


def figures(spent: Mapping[str, Sequence[Spent]], without: str) -> dict[str, Figures | str]:
    """Return what was spent as the sides of a measure: each command's seconds, our peak memory, and its limit."""
    missing = dict.fromkeys(PEERS, without)
    return missing | {
        **{side: Figures("seconds", tuple(each.seconds for each in taken)) for side, taken in spent.items()},
        "peak": Figures("bytes", tuple(each.peak_bytes for each in spent["plugcli"])),
        "limit": Figures("bytes", (_MEMORY_BYTES,)),
    }


def corpus(folder: Path, has_peers: bool, turns: int) -> Measured:
    """All plugins of the corpus in one call."""
    plugins = folder / "plugins"
    if not plugins.exists():
        _unpack("plugins.tar.gz", plugins, lambda name: True)
    targets = sorted(str(each) for each in plugins.iterdir() if each.is_dir())
    spent = in_turn({"plugcli": [PLUGCLI, "validate", "--format", "json", *targets]}, folder, turns)
    return figures(spent, "--peers") | {"limit": Figures("seconds", (_CORPUS_SECONDS,))}


def template(folder: Path) -> tuple[str, Path]:
    """The plugin that `plugcli init` makes."""
    plugin = folder / "todo-list"
    if not plugin.exists():
        command = [PLUGCLI, "init", str(plugin), "--yes"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    return str(plugin), next(plugin.rglob("openapi.yaml"))


def large(name: str) -> Callable[[Path], tuple[str, Path]]:
    """One of the large documents of the corpus."""

    def unpack(folder: Path) -> tuple[str, Path]:
        _unpack("openapi.tar.xz", folder, lambda path: Path(path).name == name)
        return str(folder / name), folder / name

    return unpack


def _unpack(archive_name: str, folder: Path, is_wanted: Callable[[str], bool]) -> None:
    """Write the files of an archive of the corpus into `folder`."""
    if not (CORPUS / archive_name).exists():
        raise NotMeasured(f"{archive_name} is not in ../shared/corpus")
    with tarfile.open(CORPUS / archive_name) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() and is_wanted(member.name) else None
            if content is not None:
                path = folder / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.read())


LINTERS: dict[str, Callable[[Path, bool, int], Measured]] = {
    "validate template": beside_peers(template),
    "validate Stripe": beside_peers(large("stripe-spec3.yaml")),
    "validate GitHub": beside_peers(large("github-api.github.com.json")),
    "validate corpus": corpus,
}
