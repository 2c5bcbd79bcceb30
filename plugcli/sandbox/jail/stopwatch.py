"""How long a jail's processes have run between looks, as its init can tell."""

import contextlib
import time

from .census import Census

_CPUCLOCK_SCHED = 2  # include/linux/posix-timers_types.h


class Stopwatch:
    """The CPU time of a jail's processes between looks. The jail has `cpus` CPUs and was made at `started` (time.monotonic)."""

    def __init__(self, census: Census, cpus: int, started: float) -> None:
        self._census = census
        self._cpus = cpus
        self._looked = started
        self._clocks: dict[str, int] = {}
        self._births = census.births_before
        self.has_run = True
        """Whether anybody has run before the last look and after the one before it."""
        self.has_missed = False
        """Whether a process or a thread came and went between these two, and took what nobody shows."""

    def look(self, pids: list[str]) -> int:
        """Return an upper bound, in nanoseconds, on the CPU time since the last look, including processes that have come and gone."""
        at = time.monotonic()
        now, births = clocks(pids, self._census), self._census.births()
        came = sum(each not in self._clocks for each in now)
        went = self._clocks.keys() - now.keys()
        self.has_run = now != self._clocks or births != self._births or not now
        self.has_missed = bool(went) or births < self._births or births - self._births > came
        ran = sum(max(0, clock - self._clocks.get(pid, 0)) for pid, clock in now.items())
        if self.has_missed:
            ran += int((at - self._looked) * self._cpus * 1e9)
        self._clocks, self._births, self._looked = now, births, at
        return ran


def clocks(pids: list[str], census: Census) -> dict[str, int]:
    """Return the CPU time of each process in nanoseconds, including its ended threads. clock_getcpuclockid(3)."""
    found: dict[str, int] = {}
    for pid in pids:
        with contextlib.suppress(OSError):  # it has ended
            found[pid] = time.clock_gettime_ns(~census.pid(pid) << 3 | _CPUCLOCK_SCHED)
    return found
