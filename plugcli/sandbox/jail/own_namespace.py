"""The census of a jail with a pid namespace of its own: /proc shows nobody else, and the kernel signals all with one call.

Every jail's init uses it, and each Python object that it touches may cost a page: see syscall_plan.py.
"""

import contextlib
import os
from collections.abc import Collection
from os import kill, listdir
from signal import Signals

from . import libc
from .census import Census
from .processes import read

_KILL = int(Signals.SIGKILL)
_NOBODY_ELSE = 3  # the last pid when nobody has been born but the init, the interpreter and its twin


class OwnNamespace(Census):
    """The jail is the pid namespace of this process, which is number 1 there."""

    births_before = 1  # the init

    def numbers(self, ours: Collection[int] = ()) -> list[str]:
        """See Census."""
        names = [name for name in listdir("/proc") if name.isdigit() and name != "1"]
        return [name for name in names if int(name) not in ours] if ours else names

    def births(self) -> int:
        """Return the last pid that this pid namespace has assigned, to a process or a thread."""
        return int(read("/proc/loadavg").rsplit(None, 1)[-1])

    def contains(self, pid: int) -> bool:
        """See Census."""
        return pid > 1 and os.path.exists(f"/proc/{pid}")

    def kill(self, pid: int) -> None:
        """See Census. A pid that has passed to another process belongs to the jail, too."""
        with contextlib.suppress(ProcessLookupError):
            kill(pid, _KILL)

    def kill_all(self, *, frees_memory: bool = True) -> None:
        """See Census."""
        try:  # noqa: SIM105 (contextlib's code is a dozen pages more, for each jail)
            kill(-1, _KILL)
        except ProcessLookupError:
            pass  # there is nobody else
        if frees_memory and self.births() > _NOBODY_ELSE:
            self._free_memory()

    def _free_memory(self) -> None:
        for name in self.numbers():
            with contextlib.suppress(OSError):  # it has ended, or the kernel is older than Linux 5.15
                descriptor = os.pidfd_open(self.pid(name))
                try:
                    libc.process_mrelease(descriptor)
                finally:
                    os.close(descriptor)

    def _stop_all(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            kill(-1, Signals.SIGSTOP)

    def _continue_all_but(self, stopped: list[str]) -> None:
        with contextlib.suppress(ProcessLookupError):
            kill(-1, Signals.SIGCONT)
        for name in stopped:
            with contextlib.suppress(ProcessLookupError):
                kill(self.pid(name), Signals.SIGSTOP)
