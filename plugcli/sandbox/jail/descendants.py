"""The census of a jail without a pid namespace: the jail is the descendants of its init, among all processes of the machine.

The init is a subreaper, so a process whose parent has ended becomes its child, and none leaves its descendants. The kernel lists the
children of each thread (/proc/PID/task/TID/children, CONFIG_PROC_CHILDREN). A process that changes its parent while we read can be missing
from all lists that we read. So we read them again until they say twice the same: who was missed had a parent that has ended since, and that
shows. Nothing is born meanwhile except from calls that were allowed before, because the filter asks the init before every fork, and the
init does not answer while it reads.

A pid can pass to a process of somebody else. So a signal goes through a pidfd, after a look at the ancestors of its process.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from . import libc
from .census import Census
from .processes import has_thread_ended, is_ended, is_stopped, parent, read

_MOST_READINGS = 16
_MOST_ANCESTORS = 4096
_MOST_CLIMBS = 16
_ENDED = b"ended"

_Lists = dict[str, tuple[tuple[str, bytes], ...]]
"""For each process its threads, and for each thread the list of its children."""


class Descendants(Census):
    """The jail is what descends from this process, a subreaper with one thread.

    `births` returns how many processes and threads of the jail have been allowed so far. Raises OSError if the kernel lists no children.
    """

    def __init__(self, births: Callable[[], int]) -> None:
        self._births = births
        self._init = os.readlink("/proc/self")
        self._last: _Lists = {}
        if not os.path.exists("/proc/thread-self/children"):
            raise OSError("the kernel lists no children of processes: it needs CONFIG_PROC_CHILDREN")

    def numbers(self, ours: Collection[int] = ()) -> list[str]:
        """See Census."""
        return [name for name in self._everybody() if int(name) not in ours]

    def births(self) -> int:
        """See Census."""
        return self._births()

    def contains(self, pid: int) -> bool:
        """See Census."""
        for _ in range(_MOST_CLIMBS):
            answer = self._is_below_init(str(pid))
            if answer is not None:
                return answer
        return False  # those above it come and go faster than we can look

    def kill(self, pid: int) -> None:
        """See Census."""
        self._reach(str(pid), signal.SIGKILL)

    def kill_all(self, *, frees_memory: bool = True) -> None:
        """See Census. A process in the middle of a fork has its child in the next reading, or never: copy_process in kernel/fork.c."""
        killed: set[str] = set()
        while newcomers := [name for name in self._everybody() if name not in killed and not is_ended(name)]:
            killed.update(name for name in newcomers if self._reach(name, signal.SIGKILL))
        if frees_memory:
            for name in killed:
                # It is freed already, or the kernel is older than Linux 5.15.
                with contextlib.suppress(OSError), self._held(name) as process:
                    libc.process_mrelease(process)

    def _everybody(self) -> list[str]:
        """Return all descendants. If they change faster than we can read, these are all that we saw."""
        seen: set[str] = set()
        for _ in range(_MOST_READINGS):
            lists = self._read_all()
            if lists == self._last:
                seen = set(lists)
                break
            self._last = lists
            seen.update(lists)
        return sorted(seen - {self._init}, key=int)

    def _read_all(self) -> _Lists:
        found: _Lists = {}
        waiting = [self._init]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = _children(name)
                for _, children in found[name]:
                    if children is not _ENDED:
                        waiting += children.decode().split()
        return found

    def _is_below_init(self, name: str) -> bool | None:
        """Whether the init is among the ancestors of a process; None if one of them has ended while we looked."""
        above = parent(name)
        for _ in range(_MOST_ANCESTORS):
            if above == self._init:
                return True
            if above in ("", "0"):
                return False
            next_above = parent(above)
            if parent(name) != above:
                return None  # `above` may be the number of somebody else by now
            name, above = above, next_above
        return False

    @contextmanager
    def _held(self, name: str) -> Iterator[int]:
        """Yield a pidfd of a process of the jail; one that no signal and no call reaches if the process has ended."""
        descriptor = os.pidfd_open(int(name))
        try:
            # If it ends only now, and somebody gets its number, the pidfd is still its own.
            if not self.contains(int(name)):
                raise ProcessLookupError
            yield descriptor
        finally:
            os.close(descriptor)

    def _reach(self, name: str, number: signal.Signals) -> bool:
        """Send a signal to a process of the jail; return False if it has ended, or if it was not found below the init."""
        try:
            with self._held(name) as process:
                signal.pidfd_send_signal(process, number)
        except OSError:
            return False
        return True

    def _stop_all(self) -> None:
        for name in self._everybody():
            if not is_stopped(name):
                self._reach(name, signal.SIGSTOP)

    _stop_newcomers = _stop_all

    def _continue_all_but(self, stopped: list[str]) -> None:
        for name in self._everybody():
            if name not in stopped:
                self._reach(name, signal.SIGCONT)


def _children(name: str) -> tuple[tuple[str, bytes], ...]:
    """Return the threads of a process, each with its children: their names, or _ENDED for a thread that has ended."""
    try:
        threads = os.listdir(f"/proc/{name}/task")
    except OSError:
        return ()  # it has ended, and its parent has waited for it
    found = []
    for thread in threads:
        children = read(f"/proc/{name}/task/{thread}/children")
        # The children of a thread that has ended are those of another thread, or of the init.
        found.append((thread, _ENDED if not children and has_thread_ended(thread) else children))
    return tuple(found)
