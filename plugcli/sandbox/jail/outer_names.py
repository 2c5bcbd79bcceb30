"""The census of a jail whose pid namespace is its own and whose /proc is that of the namespace outside: see own_proc.py.

A process has one pid there, which is its name in /proc, and another one here, which signals and other calls take.
"""

import os
from collections.abc import Collection

from .descendants import Descendants
from .own_namespace import OwnNamespace
from .processes import is_running, pid_inside

_NOBODYS = 1 << 24  # above every pid: PID_MAX_LIMIT in include/linux/threads.h


class OuterNames(OwnNamespace):
    """The jail is the pid namespace of this process, and, seen from outside, its descendants. Raises OSError: see Descendants."""

    def __init__(self) -> None:
        self._below = Descendants(self.births)
        self._births = -1
        self._pids: dict[str, int] = {}

    def numbers(self, ours: Collection[int] = ()) -> list[str]:
        """See Census. Processes whose parents end while we read can be missing until they stand still."""
        births = self.births()
        if births != self._births:  # otherwise nobody can have another's name
            self._births, self._pids = births, {}
        pids = {name: self._pids.get(name) or pid_inside(name) for name in self._below.numbers()}
        self._pids = {name: pid for name, pid in pids.items() if pid}
        return [name for name, pid in self._pids.items() if pid not in ours]

    def pid(self, name: str) -> int:
        """See Census."""
        return self._pids.get(name, _NOBODYS)

    def name(self, pid: int) -> str:
        """See Census."""
        self.numbers()
        return next((name for name, each in self._pids.items() if each == pid), str(_NOBODYS))

    def contains(self, pid: int) -> bool:
        """See Census."""
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return pid > 1

    def are_running(self, threads: Collection[int]) -> set[int]:
        """See Census."""
        found: set[int] = set()
        for name in self.numbers():
            try:
                names = os.listdir(f"/proc/{name}/task")
            except OSError:
                continue  # it has ended
            found.update(pid_inside(thread) for thread in names if is_running(thread))
        return found & set(threads)
