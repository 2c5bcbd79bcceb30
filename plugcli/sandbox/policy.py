"""What untrusted code may use: every number of the sandbox, with its default."""

import os
import re
from dataclasses import dataclass

from plugcli.errors import UsageError

KIB, MIB, GIB = 1024, 1024**2, 1024**3
_UNITS = {
    "": 1,
    "b": 1,
    "k": KIB,
    "kb": 1000,
    "kib": KIB,
    "m": MIB,
    "mb": 10**6,
    "mib": MIB,
    "g": GIB,
    "gb": 10**9,
    "gib": GIB,
}

_LONGEST_LIFE_SECONDS = 30 * 86400
_LEAST_MEMORY = 32 * MIB  # a bare interpreter with its libraries takes some 15 MiB


@dataclass(frozen=True)
class Policy:
    """The limits of one jail, and of all jails of a Sandbox together.

    Raises UsageError when a number makes no sense.
    """

    wall_seconds: float = 30.0
    """How long one run may take."""
    wall_seconds_max: float = 60.0
    """What a caller may ask for at most."""
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
    jails: int = 32
    """Runs without a session at a time; fewer when their memory would be more than a quarter of the machine's."""
    sessions: int = 32
    """Sessions at a time; 0: there are none, and getting ready for a run is quicker."""
    session_idle_seconds: float = 1200.0
    """After how long without use a session ends."""
    session_life_seconds: float = 14400.0
    """How long a session lives at most."""
    session_memory_bytes: int | None = None
    """What all sessions may use together; None: half of the machine's memory."""
    file_bytes: int = 100 * MIB
    """Size of one uploaded file."""
    files: int = 1000
    """Files in a workspace that are listed, and that uploads may bring it to."""

    def __post_init__(self) -> None:
        for name, least in (
            ("memory_bytes", _LEAST_MEMORY),
            ("workspace_bytes", 4096),
            ("processes", 1),
            ("open_files", 16),
            ("output_bytes", 0),
            ("cpus", 1),
            ("jails", 1),
            ("sessions", 0),
            ("file_bytes", 1),
            ("files", 1),
        ):
            if getattr(self, name) < least:
                raise UsageError(
                    f"{_spoken(name)} is {getattr(self, name)}, less than {least}",
                    hint=f"use {least} or more",
                )
        for name in ("wall_seconds", "wall_seconds_max"):
            # NaN is no number to compare with, so this asks for what must hold.
            if not 0 < getattr(self, name) <= 86400:
                raise UsageError(
                    f"{_spoken(name)} is {getattr(self, name)}",
                    hint="use seconds, more than 0 and at most a day (86400)",
                )

        for name in ("session_idle_seconds", "session_life_seconds"):
            if not 0 < getattr(self, name) <= _LONGEST_LIFE_SECONDS:
                raise UsageError(
                    f"{_spoken(name)} is {getattr(self, name)}",
                    hint="use seconds, more than 0 and at most 30 days (2592000)",
                )
        if self.session_memory_bytes is not None and self.session_memory_bytes < self.memory_bytes:
            raise UsageError(
                f"the limit of all sessions together is {spell_bytes(self.session_memory_bytes)}, less than that of one",
                hint=f"use {spell_bytes(self.memory_bytes)} or more",
            )

    def time_limit(self, asked: float | None) -> float:
        """Return how many seconds a run gets whose caller asks for `asked`. Raises UsageError when that is not above 0."""
        if asked is None:
            return min(self.wall_seconds, self.wall_seconds_max)
        if not asked > 0:  # NaN too: no deadline would ever come
            raise UsageError(f"the time limit of a run is {asked}", hint="use seconds, more than 0")
        return min(asked, self.wall_seconds_max)

    @property
    def session_memory_bytes_held(self) -> int:
        """Return what all sessions may use together on this machine."""
        if self.session_memory_bytes is not None:
            return self.session_memory_bytes
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2

    @property
    def workspace_bytes_held(self) -> int:
        """Return the size of the workspace as it is mounted."""
        return min(self.workspace_bytes, self.memory_bytes // 2)

    @property
    def scratch_bytes(self) -> int:
        """Return the size of /tmp, /var/tmp, /dev/shm and the home folder together."""
        return self.memory_bytes // 4


def parse_bytes(text: str) -> int:
    """Return the number of bytes that `text` names: `1073741824`, `512MiB`, `1.5g`. Raises UsageError."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text.lower())
    if match is None or match[2] not in _UNITS:
        raise UsageError(
            f"{text!r} is not a size", hint="write bytes or a unit, such as 1073741824, 512MiB or 2GiB"
        )
    return int(float(match[1]) * _UNITS[match[2]])


def spell_bytes(count: int) -> str:
    """Return `count` bytes as people read it: `512 MiB`, `1.2 GiB`."""
    for unit, size in (("GiB", GIB), ("MiB", MIB), ("KiB", KIB)):
        if count >= size:
            return f"{count / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{count} byte" + "s" * (count != 1)


def spell_seconds(seconds: float) -> str:
    """Return a time as people read it: `30 s`, `0.5 s`."""
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + " s"


def _spoken(field: str) -> str:
    return "the limit " + field.replace("_", " ")
