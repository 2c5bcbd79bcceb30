"""What one run or conversation may use (Limits), and what all of them on one machine may use together (Capacity).

These are plain numbers that do not depend on the machine: limits travel with a conversation to whatever machine runs it.
"""

from dataclasses import dataclass

from plugcli.errors import UsageError
from plugcli.sandbox.amounts import GIB, MIB

_LONGEST_LIFE_SECONDS = 30 * 86400
_LEAST_MEMORY = 32 * MIB  # a bare interpreter with its libraries takes some 15 MiB


@dataclass(frozen=True)
class Limits:
    """The limits of one jail. Raises UsageError when a number makes no sense."""

    wall_seconds: float = 30.0
    """How long one run may take."""
    wall_seconds_max: float = 60.0
    """The longest time that a caller may ask for."""
    memory_bytes: int = GIB
    """Memory of the whole jail: processes, shared memory, files in /tmp and in the workspace."""
    workspace_bytes: int = 512 * MIB
    """Size of /mnt/data; never more than half of the memory, since it is memory."""
    processes: int = 64
    """Processes and threads."""
    open_files: int = 256
    """Descriptors of one process."""
    output_bytes: int = MIB
    """What is kept of standard output, and of standard error; the rest is read and counted."""
    cpus: int = 2
    """CPUs that a jail may use at a time."""
    session_idle_seconds: float = 1200.0
    """How long a session lives without use."""
    session_life_seconds: float = 14400.0
    """How long a session lives at most."""
    file_bytes: int = 100 * MIB
    """Size of one uploaded file."""
    files: int = 1000
    """How many files of a workspace are listed, and how many it may have after an upload."""

    def __post_init__(self) -> None:
        _check_least(self, memory_bytes=_LEAST_MEMORY, workspace_bytes=4096, processes=1, open_files=16)
        _check_least(self, output_bytes=0, cpus=1, file_bytes=1, files=1)
        _check_seconds(self, "a day", 86400, "wall_seconds", "wall_seconds_max")
        _check_seconds(self, "30 days", _LONGEST_LIFE_SECONDS, "session_idle_seconds", "session_life_seconds")

    def time_limit(self, asked: float | None) -> float:
        """Return how many seconds a run gets if its caller asks for `asked`. Raises UsageError unless that is above 0."""
        if asked is None:
            return min(self.wall_seconds, self.wall_seconds_max)
        if not asked > 0:  # NaN too: no deadline would ever come
            raise UsageError(f"the time limit of a run is {asked}", hint="use seconds, more than 0")
        return min(asked, self.wall_seconds_max)

    @property
    def workspace_bytes_held(self) -> int:
        """Return the size of the workspace as it is mounted."""
        return min(self.workspace_bytes, self.memory_bytes // 2)

    @property
    def scratch_bytes(self) -> int:
        """Return the size of /tmp, /var/tmp, /dev/shm and the home folder together."""
        return self.memory_bytes // 4


@dataclass(frozen=True)
class Capacity:
    """The limits of all jails of one machine together. Raises UsageError when a number makes no sense."""

    jails: int = 32
    """Runs without a session at a time; fewer when their memory would be more than a quarter of the machine's."""
    sessions: int = 32
    """Sessions at a time; 0: no sessions, and a run is ready sooner."""
    session_memory_bytes: int | None = None
    """What all sessions may use together; None: half of the machine's memory."""

    def __post_init__(self) -> None:
        _check_least(self, jails=1, sessions=0)

    def runs(self, memory_bytes: int, machine_bytes: int) -> int:
        """Return how many runs of `memory_bytes` each fit at a time: at most a quarter of the machine, as sessions may use half."""
        return max(1, min(self.jails, machine_bytes // 4 // memory_bytes))

    def session_bytes(self, machine_bytes: int) -> int:
        """Return how much memory all sessions may use together on a machine that has `machine_bytes`."""
        return machine_bytes // 2 if self.session_memory_bytes is None else self.session_memory_bytes


def _check_least(limits: object, **least: int) -> None:
    for name, number in least.items():
        if getattr(limits, name) < number:
            raise UsageError(
                f"{_spoken(name)} is {getattr(limits, name)}, less than {number}",
                hint=f"use {number} or more",
            )


def _check_seconds(limits: object, longest: str, seconds: int, *names: str) -> None:
    for name in names:
        if not 0 < getattr(limits, name) <= seconds:  # written so that NaN is refused too
            raise UsageError(
                f"{_spoken(name)} is {getattr(limits, name)}",
                hint=f"use seconds, more than 0 and at most {longest} ({seconds})",
            )


def _spoken(field: str) -> str:
    return "the limit " + field.replace("_", " ")
