"""Counts the file locks of a jail. The machine has no limit on them, and no memory group counts them."""

import os
import time
from collections.abc import Container

from .objects import TooMany

_NANOSECONDS = 25_000_000  # two CPUs can lock at most 20 MiB meanwhile
_EVERY_SECONDS = 1.0
_READ_SECONDS = (
    0.06  # reading stops at the limit, so only the locks of open files of the whole machine can make it long
)
_READ_MACHINES_SECONDS = 0.06  # others' locks come before ours; as many as 30 jails may hold take this long

LOCKS = 4096
"""File locks that a jail may hold: 192 bytes each. sqlite, pip and multiprocessing hold tens."""


class Locks:
    """Limits the file locks of a jail that was made at `started`, and that may have a pid namespace of its own (`is_apart`).

    Before the kernel shows the locks, it waits until all its CPUs have switched tasks (percpu_down_write in fs/locks.c): about 10 ms in
    which the end of a run goes unnoticed. So the locks are read only after the code has run long enough to take many, or after some time.
    """

    def __init__(self, started: float, *, is_apart: bool = True) -> None:
        self._is_apart = is_apart
        self._ran = 0
        self._read_at = started

    def look(self, pids: list[str], ran: int) -> None:
        """Add `ran` nanoseconds of CPU time of the processes `pids`. Raises TooMany.

        In a pid namespace of its own, the current folder must be an uncovered /proc.
        """
        self._ran += ran
        now = time.monotonic()
        if self._ran > _NANOSECONDS or (self._ran and now - self._read_at > _EVERY_SECONDS):
            self._ran, self._read_at = 0, now
            if (_count_all() if self._is_apart else _count_of({pid.encode() for pid in pids})) > LOCKS:
                raise TooMany(f"{LOCKS} file locks")


def _count_all() -> int:
    """Return the number of locks that processes of this pid namespace hold, or a number above LOCKS.

    The kernel also shows all locks of open files on this machine, but the filter ensures that the code has none of these.
    """
    found = 0
    deadline = time.thread_time() + _READ_SECONDS
    descriptor = os.open("locks", os.O_RDONLY | os.O_CLOEXEC)
    try:
        while found <= LOCKS and (lines := os.read(descriptor, 65536)):
            found += lines.count(b"\n") - lines.count(b" OFDLCK ")
            if time.thread_time() > deadline:
                break
    finally:
        os.close(descriptor)
    return found


def _count_of(pids: Container[bytes]) -> int:
    """Return the number of locks that these processes hold among all of the machine, or a number above LOCKS.

    A lock of a whole file, flock(2), whose process has ended while others keep the file open, has nobody's number.
    """
    found, rest = 0, b""
    deadline = time.thread_time() + _READ_MACHINES_SECONDS
    descriptor = os.open("/proc/locks", os.O_RDONLY | os.O_CLOEXEC)
    try:
        while found <= LOCKS and (piece := os.read(descriptor, 65536)):
            *lines, rest = (rest + piece).split(b"\n")
            # 1: POSIX  ADVISORY  WRITE 4711 08:01:123 0 EOF; who waits for the lock follows with -> after the number.
            found += sum(line.replace(b" -> ", b" ", 1).split(None, 5)[4] in pids for line in lines)
            if time.thread_time() > deadline:
                break
    finally:
        os.close(descriptor)
    return found
