"""How much memory a whole jail uses: its processes, its files and what the kernel holds for it, as its init sees them.

The accountant of a jail without a memory cgroup: it measures many times a second, from inside the pid namespace, and the code cannot
signal, trace or starve it. No look's cost is the code's to choose. First come sums of files of one size; where these decide, the look is
over. What takes a walk (mappings.py, and the shares of pages that forks have in common) is done while the jail stands still, and ends in
time: our own, so that nobody who takes the CPU takes that. What could not be read, or cannot be measured (how full a pipe is:
objects.py), counts with the most that it can be.
"""

import os
import time
from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext

from . import objects
from .mappings import Mappings, count_files
from .processes import (
    Process,
    Stopwatch,
    argument_bytes,
    has_memory_of_its_fork,
    is_ended,
    look_at,
    numbers,
    page_faults,
    proportional_bytes,
    standing_still,
)

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TMPFS = (
    "/tmp",
    "/mnt/data",
)  # /tmp stands for all that shares its tmpfs: /var/tmp, /dev/shm, the home folder
_INODE_BYTES = 1280  # shmem_inode_cache, its dentry, and a name of 255 bytes
_TASK_BYTES = 32 * 1024  # a thread: its stack in the kernel and struct task_struct

# How fast a jail can take memory: two CPUs that fill socket buffers, which the kernel does not clear first. A look is due before what is
# left can be gone.
_BYTES_PER_SECOND = 16 * 1024**3
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.002, 0.05
_SLOW_SECONDS = 0.008  # what a jail takes meanwhile would be much
_FEW_PROCESSES = 8  # they do not keep us from a CPU for long, and standing still is not free: a process may be about to stop itself
_LOOK_SECONDS, _STILL_SECONDS = (
    0.006,
    0.25,
)  # for what descriptors lead to: while the jail runs, and while it stands still
_SHARES_SECONDS = 2.0


class Meter:
    """Measures one jail, which has `cpus` CPUs and was made at `started` (time.monotonic), against `limit` bytes.

    `twin` shares the memory of `interpreter`, unless one of the two has exec'd. `door` is the inode of the host's end of the door.
    """

    def __init__(
        self,
        limit: int,
        mappings: Mappings,
        interpreter: int,
        twin: int | None,
        most_descriptors: int,
        cpus: int,
        door: int,
        started: float,
    ) -> None:
        self._limit = limit
        self._mappings = mappings
        self._interpreter = str(interpreter)
        self._twin = "" if twin is None else str(twin)
        self._most_descriptors = most_descriptors
        self.used_bytes = 0
        """What the jail used at the last look, as far as is known."""
        self._bound = 0  # the most that it can have used
        self._stopwatch = Stopwatch(cpus, started)
        self._locks = objects.Locks(started)
        self._hidden = objects.Hidden(door)
        self._last: _Exact | None = None
        self._is_slow = False

    def forget(self, pid: int) -> None:
        """Let `pid`, which has ended, be nobody's twin."""
        if self._twin == str(pid):
            self._twin = ""

    def look(self, ours: Collection[int] = ()) -> float:
        """Return the seconds after which the next look is due; 0 when the jail is over its limit. Raises objects.TooMany.

        `ours` are forks of the init: they hide their pages from the code, and so from us, and have next to none of their own.
        """
        pids = numbers(ours)
        ran = self._stopwatch.look(pids)
        if self._stopwatch.has_run or self._hidden.since:  # else nobody has taken any since
            self._mappings.note(ran)
            self._locks.look(ran)
            # A look that takes long, as where many processes want the same CPUs as we, is made while these wait for it.
            with self._standing_still() if self._is_slow else nullcontext():
                self._bound = self._measure(pids)
            self.used_bytes = max(0, self._bound - self._mappings.guessed_bytes)
        left = self._limit - self._bound
        return 0 if left < 0 else max(_SHORTEST_SECONDS, min(_LONGEST_SECONDS, left / _BYTES_PER_SECOND))

    def _measure(self, pids: list[str]) -> int:
        """Return what the jail uses now: a bound from above while that is within the limit.

        The bound counts pages that a fork shares once for each process, and mappings that may have been made since the last walk.
        """
        started = time.monotonic()
        count_files(pids)
        processes = self._look_at(pids)
        held = self._held_bytes(processes, _LOOK_SECONDS)
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
        with self._standing_still():
            return self._measure_standing_still(pids)

    def _standing_still(self) -> AbstractContextManager[None]:
        return standing_still(self._limit // 16)

    def _held_bytes(self, processes: list[Process], seconds: float) -> int:
        # Whose memory is gone has nothing open either; the twin has what the interpreter had at its start.
        holders = {each.pid for each in processes if each.size} | ({self._twin} if self._twin else set())
        return (
            objects.held_bytes(sorted(holders), self._limit, self._most_descriptors, seconds, self._hidden)
            + sum(map(_tmpfs_bytes, _TMPFS))
            + sum(
                each.page_tables + each.threads * _TASK_BYTES + argument_bytes(each.pid) for each in processes
            )
        )

    def _look_at(self, pids: list[str]) -> list[Process]:
        if self._twin in pids and self._has_twins_memory():
            pids = [pid for pid in pids if pid != self._twin]
        return [process for pid in pids if (process := look_at(pid)) is not None]

    def _has_twins_memory(self) -> bool:
        """Whether the twin's memory is counted as the interpreter's: neither has exec'd, and the interpreter has not ended."""
        return not is_ended(self._interpreter) and all(
            map(has_memory_of_its_fork, (self._twin, self._interpreter))
        )

    def _measure_standing_still(self, pids: list[str]) -> int:
        """Return what a jail uses that stands still: every mapping and every share is looked at, in a time that is ours to choose."""
        processes = _without_borrowers(self._look_at(pids))
        self._mappings.walk(processes)
        held = self._held_bytes(processes, _STILL_SECONDS) + self._mappings.held_bytes(processes)
        anonymous = sum(each.anonymous for each in processes)
        most = self._limit - self._limit // 32  # so near, the next look would have to be at once
        if held + anonymous >= most:
            anonymous = _shares(processes)
        used = held + anonymous
        self._last = _Exact(used, held, processes)
        return used if used < most else self._limit + 1


class _Exact:
    """What a jail used when it last stood still, and what tells how much it can have grown since."""

    def __init__(self, used: int, held: int, processes: list[Process]) -> None:
        self._used = used
        self._held = held
        self._faults = {each.pid: page_faults(each.pid) for each in processes}

    def used_now(self, held: int, processes: list[Process], mappings: Mappings) -> int:
        """Return the most that the jail uses: what it used, and a page for each fault since.

        There are no huge pages, so every page that a process gets, or that it shared and writes to, is a fault of its own. What a fork has
        from its parent is nothing new.
        """
        grown = max(0, held + mappings.held_bytes(processes) - self._held)
        for each in processes:
            grown += max(0, page_faults(each.pid) - self._faults.get(each.pid, 0)) * _PAGE_BYTES
        return self._used + grown


def _without_borrowers(processes: list[Process]) -> list[Process]:
    """Leave out the child of vfork(2) that runs in its parent's memory: for each parent that waits, and cannot be stopped, one.

    Its sizes are its parent's. Should another child have the same, then one of the two is left out, and it does not matter which.
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
    """Return the anonymous memory of these processes, each page counted once; what is not walked in time counts in each."""
    deadline = time.thread_time() + _SHARES_SECONDS
    total = 0
    for each in sorted(processes, key=lambda each: each.page_tables):
        share = proportional_bytes(each.pid) if time.thread_time() < deadline else None
        total += each.anonymous if share is None else share
    return total


def _tmpfs_bytes(path: str) -> int:
    usage = os.statvfs(path)
    return (usage.f_blocks - usage.f_bfree) * usage.f_frsize + (usage.f_files - usage.f_ffree) * _INODE_BYTES
