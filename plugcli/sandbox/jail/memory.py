"""Measures the memory of a whole jail: its processes, its files, and what the kernel holds for it, as its init sees them.

This is the accountant of a jail without a memory cgroup. It measures many times a second from inside the pid namespace, and the code cannot
signal, trace or starve it. The code cannot choose the cost of a look. First come sums from files of a fixed size; if these decide, the look
is over. Anything that needs a walk (mappings.py, and the shares of pages that forks have in common) is done while the jail is stopped, and
ends after a fixed amount of our own CPU time, so that a busy CPU does not shorten it. Anything that could not be read or cannot be measured
(such as how full a pipe is: objects.py) counts with its maximum.
"""

import os
import time
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from . import patience
from .census import Census
from .mappings import Mappings, count_files
from .objects import Holdings
from .patience import OverLimit, patiently
from .processes import (
    Process,
    argument_bytes,
    has_memory_of_its_fork,
    is_ended,
    look_at,
    page_faults,
    proportional_bytes,
)
from .stopwatch import Stopwatch

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TASK_BYTES = 32 * 1024  # a thread: its kernel stack and struct task_struct

# How fast a jail can allocate memory: two CPUs that fill socket buffers, which the kernel does not clear first. A look is due before the
# rest of the limit can be used up.
_BYTES_PER_SECOND = 16 * 1024**3
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.002, 0.05
_SLOW_SECONDS = 0.008  # meanwhile a jail could allocate much
_FEW_PROCESSES = 8  # they do not keep us from a CPU for long, and stopping has a cost: a process may be about to stop itself
_LOOK_SECONDS, _STILL_SECONDS = (
    0.006,
    0.25,
)  # for inspecting descriptors: while the jail runs, and while it is stopped
_SHARES_SECONDS = 2.0


class FileBytes(Protocol):
    """Tells the memory that a jail's files take, or an upper bound unless the jail `is_still`: stopped. Raises TooMany."""

    def __call__(self, *, is_still: bool) -> int: ...


class Meter:
    """Measures one jail, whose processes' time `stopwatch` tells, against `limit` bytes.

    `twin` shares the memory of `interpreter`, unless one of the two has exec'd.
    """

    def __init__(
        self,
        limit: int,
        census: Census,
        mappings: Mappings,
        interpreter: int,
        twin: int | None,
        holdings: Holdings,
        file_bytes: FileBytes,
        stopwatch: Stopwatch,
        ours: Collection[int] = (),
    ) -> None:
        """`ours` are forks of the init, which are not measured."""
        self._limit = limit
        self._ours = ours
        self._census = census
        self._mappings = mappings
        self._interpreter = census.name(interpreter)
        self._twin = "" if twin is None else census.name(twin)
        self._holdings = holdings
        self._file_bytes = file_bytes
        self.used_bytes = 0
        """What the jail used at the last look, as far as is known."""
        self._bound = 0  # an upper bound on its use
        self._stopwatch = stopwatch
        self._last: _Exact | None = None
        self._is_slow = False

    def _guard(self) -> Callable[[], None]:
        """Return what looks after the jail while a process keeps us waiting: nobody may take memory then."""
        before: list[int] = []

        def look() -> None:
            now = self._anonymous_bytes()
            before.append(now)
            if now > self._limit and now - before[0] > self._limit // 16:
                raise OverLimit

        return look

    def forget(self, pid: int) -> None:
        """Forget the twin `pid`, which has ended."""
        if self._twin and self._twin == self._census.name(pid):
            self._twin = ""

    def look(self, pids: list[str], ran: int) -> float:
        """Return the seconds until the next look is due; 0 if the jail is over its limit. Raises TooMany.

        `pids` are the processes of the jail, which have run for `ran` nanoseconds since the last look, as the stopwatch has just told.
        """
        # A thread of ours must not take the pid that the twin is to have: see twin.beget.
        if not patience.guard and (not self._twin or self._census.births() >= int(self._twin)):
            patience.guard.append(self._guard)
        if self._stopwatch.has_run or self._holdings.is_waiting:  # otherwise no memory has been taken since
            self._mappings.note(ran)
            # A look that takes long, for example because many processes compete for our CPUs, is made while they are stopped.
            with self._standing_still() if self._is_slow else nullcontext(True):
                self._bound = self._measure(pids)
            self.used_bytes = max(0, self._bound - self._mappings.guessed_bytes)
        left = self._limit - self._bound
        return 0 if left < 0 else max(_SHORTEST_SECONDS, min(_LONGEST_SECONDS, left / _BYTES_PER_SECOND))

    def _measure(self, pids: list[str]) -> int:
        """Return the jail's use now, or an upper bound if that is within the limit.

        The bound counts shared pages of forks once for each process, and mappings that may have been made since the last walk.
        """
        started = time.monotonic()
        count_files(self._census)
        processes = self._look_at(pids)
        held = self._held_bytes(processes, is_still=False)
        anonymous = sum(each.anonymous for each in processes)
        self._is_slow = len(processes) > _FEW_PROCESSES and time.monotonic() - started > _SLOW_SECONDS
        bound = held + anonymous + self._mappings.held_bytes(processes)
        if bound <= self._limit and not self._mappings.is_walk_due:
            self._last = None
            return bound
        if max((each.anonymous + each.page_tables for each in processes), default=0) > self._limit:
            return bound
        if (
            self._last is not None
            and not self._stopwatch.has_missed
            and (most := self._last.used_now(held, processes, self._mappings)) <= self._limit
        ):
            return most
        with self._standing_still() as does_stand:
            if not does_stand and self._anonymous_bytes() > self._limit:
                return self._limit + 1  # a walk would only give it time
            # Not `pids`: who was born since may be the only one that still has a mapping.
            return self._measure_standing_still(self._census.numbers(self._ours))

    def _anonymous_bytes(self) -> int:
        return sum(
            each.anonymous for each in _without_borrowers(self._look_at(self._census.numbers(self._ours)))
        )

    def _standing_still(self) -> AbstractContextManager[bool]:
        return self._census.standing_still(self._limit // 16)

    def _held_bytes(self, processes: list[Process], *, is_still: bool) -> int:
        seconds = _STILL_SECONDS if is_still else _LOOK_SECONDS
        # A process without memory has no open files either; the twin has those that the interpreter had at its start.
        holders = {each.pid for each in processes if each.size} | ({self._twin} if self._twin else set())
        return (
            self._holdings.held_bytes(sorted(holders), seconds)
            + self._file_bytes(is_still=is_still)
            + sum(
                each.page_tables + each.threads * _TASK_BYTES + argument_bytes(self._census.pid(each.pid))
                for each in processes
            )
        )

    def _look_at(self, pids: list[str]) -> list[Process]:
        if self._twin in pids and self._has_twins_memory():
            pids = [pid for pid in pids if pid != self._twin]
        return [process for pid in pids if (process := look_at(pid)) is not None]

    def _has_twins_memory(self) -> bool:
        """Whether the twin's memory is counted with the interpreter: neither has exec'd, and the interpreter has not ended."""
        return not is_ended(self._interpreter) and all(
            map(has_memory_of_its_fork, (self._twin, self._interpreter))
        )

    def _measure_standing_still(self, pids: list[str]) -> int:
        """Return the use of a stopped jail. Looks at every mapping and every share, within a fixed time."""
        processes = _without_borrowers(self._look_at(pids))
        self._mappings.walk(processes, self._census)
        held = self._held_bytes(processes, is_still=True) + self._mappings.held_bytes(processes)
        anonymous = sum(each.anonymous for each in processes)
        most = self._limit - self._limit // 32  # so close to the limit, the next look would be due at once
        if held + anonymous >= most:
            anonymous = _shares(processes)
        used = held + anonymous
        self._last = _Exact(used, held, processes)
        return used if used < most else self._limit + 1


class _Exact:
    """The use of a jail when it was last stopped, and the numbers that bound its growth since."""

    def __init__(self, used: int, held: int, processes: list[Process]) -> None:
        self._used = used
        self._held = held
        self._faults = {each.pid: page_faults(each.pid) for each in processes}

    def used_now(self, held: int, processes: list[Process], mappings: Mappings) -> int:
        """Return an upper bound on the jail's use: its last use, and a page for each fault since.

        There are no huge pages, so each page that a process gets, or copies on a write, is a separate fault. Pages that a fork has from its
        parent are not new.
        """
        grown = max(0, held + mappings.held_bytes(processes) - self._held)
        for each in processes:
            grown += max(0, page_faults(each.pid) - self._faults.get(each.pid, 0)) * _PAGE_BYTES
        return self._used + grown


def _without_borrowers(processes: list[Process]) -> list[Process]:
    """Leave out vfork(2) children, which run in their parent's memory: one for each waiting parent that cannot be stopped.

    Such a child has the sizes of its parent. If another child has the same sizes, one of the two is left out; it does not matter which.
    """
    waiting = {each.pid: each for each in processes if each.state == b"D"}
    left = []
    for each in processes:
        parent = waiting.get(each.parent)
        if parent is not None and parent[3:6] == each[3:6] and has_memory_of_its_fork(each.pid):
            del waiting[each.parent]
        else:
            left.append(each)
    return left


def _shares(processes: list[Process]) -> int:
    """Return the anonymous memory of these processes, each page counted once. Processes not walked in time count in full."""
    deadline = time.process_time() + _SHARES_SECONDS
    total = 0
    for each in sorted(processes, key=lambda each: each.page_tables):
        share = patiently(proportional_bytes, each.pid) if time.process_time() < deadline else None
        total += each.anonymous if share is None else share
    return total
