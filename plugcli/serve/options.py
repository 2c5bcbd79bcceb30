"""What `plugcli serve` can be told, wherever it is told: a field for each option, with the name and the default of its flag."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from plugcli.errors import UsageError

if TYPE_CHECKING:
    from plugcli.sandbox import Policy


@dataclass(frozen=True)
class Options:
    """The options as they are written: sizes as text such as 512MiB, times in seconds.

    `folder` None: the plugin in the current directory, else the built-in one. `python` None: plugcli's own interpreter.
    """

    folder: Path | None = None
    host: str = "127.0.0.1"
    port: int = 5003
    allow_origin: Sequence[str] = ()
    token_file: Path | None = None
    answer_characters: int = 100_000
    timeout: float | None = None
    timeout_max: float | None = None
    memory: str = "1GiB"
    workspace: str = "512MiB"
    output: str = "1MiB"
    processes: int = 64
    open_files: int = 256
    cpus: int = 2
    jails: int = 32
    stateless: bool = False
    sessions: int = 32
    session_idle: float = 1200
    session_life: float = 14400
    sessions_memory: str | None = None
    file_size: str = "100MiB"
    preload: str = "numpy,pandas,matplotlib"
    python: str | None = None

    def policy(self) -> "Policy":
        """Return what a model's code may use. Raises UsageError for what is not a size, and for limits that contradict each other."""
        from plugcli.sandbox import Policy
        from plugcli.sandbox.amounts import parse_bytes

        wall_seconds, wall_seconds_max = wall_times(self.timeout, self.timeout_max)
        return Policy(
            wall_seconds=wall_seconds,
            wall_seconds_max=wall_seconds_max,
            memory_bytes=parse_bytes(self.memory),
            workspace_bytes=parse_bytes(self.workspace),
            output_bytes=parse_bytes(self.output),
            processes=self.processes,
            open_files=self.open_files,
            cpus=self.cpus,
            jails=self.jails,
            sessions=0 if self.stateless else self.sessions,
            session_idle_seconds=self.session_idle,
            session_life_seconds=self.session_life,
            session_memory_bytes=None if self.sessions_memory is None else parse_bytes(self.sessions_memory),
            file_bytes=parse_bytes(self.file_size),
        )

    def modules(self) -> tuple[str, ...]:
        """Return the modules to preload. Raises UsageError for what is not a module's name."""
        return modules_of(self.preload)


def wall_times(timeout: float | None, timeout_max: float | None) -> tuple[float, float]:
    """Return `wall_seconds` and `wall_seconds_max`: if only one is given, it moves the other where it must. Raises UsageError."""
    from plugcli.sandbox import Policy

    if timeout is None:
        longest = Policy.wall_seconds_max if timeout_max is None else timeout_max
        return min(Policy.wall_seconds, longest), longest
    if timeout_max is None:
        return timeout, max(timeout, Policy.wall_seconds_max)
    if timeout > timeout_max:
        raise UsageError(
            f"--timeout {timeout:g} is more than --timeout-max {timeout_max:g}",
            hint="--timeout is the default of a call, --timeout-max what a call may ask for",
        )
    return timeout, timeout_max


def modules_of(preload: str) -> tuple[str, ...]:
    """Return the modules that `preload` names. Raises UsageError for what is not a module's name."""
    names = tuple(name.strip() for name in preload.split(",") if name.strip())
    if names == ("none",):
        return ()
    for name in names:
        if not all(part.isidentifier() for part in name.split(".")):
            raise UsageError(
                f"--preload {preload!r}: {name!r} is not a module's name",
                hint="write names with commas between, such as numpy,pandas; or none",
            )
    return names
