"""A cgroup for each jail, if this machine lets us make one: the kernel's own limits on everything that the jail uses.

Version 1 (cgroup_v1.py) or version 2 (cgroup_v2.py), whichever has the memory controller here. Whether cgroups can be made is found out by
making one, not by looking at file modes. Where none can be made, the jail's init measures memory.
"""

import contextlib
import os
from typing import NamedTuple, Protocol

from . import cgroup_scope, cgroup_v1, cgroup_v2


class MemoryCgroups(Protocol):
    """The memory cgroups of one launcher. In version 2 they also limit processes and share out CPU time."""

    @property
    def version(self) -> int:
        """1 or 2; 0 if no memory cgroups can be made."""

    @property
    def helpers(self) -> list[int]:
        """The pids of our processes that empty cgroups. `give_back` waits for them."""

    def make(self, number: int) -> str | None:
        """Return the folder of an unused cgroup with its limits set, or None if cgroups cannot be made."""

    def open_for_member(self, group: str) -> list[int]:
        """Return the descriptors of a Member. They also work for a process that cannot see the cgroup."""

    def was_exceeded_in(self, group: str) -> bool:
        """Whether the kernel has killed a process of the cgroup because it ran out of memory."""

    def give_back(self, group: str) -> bool:
        """Take back the cgroup of an ended jail; return False while the kernel still holds something for it."""

    def close(self) -> None:
        """Remove all of them. Their jails have ended."""


class Cgroups(NamedTuple):
    """The cgroups of one launcher."""

    memory: MemoryCgroups
    cpu: cgroup_v1.CpuCgroups
    """Those of version 1. In version 2 the memory cgroups do this."""


def prepare(bus: str) -> None:
    """Move this process to where it can make cgroups, if that takes a service manager, which listens at `bus`.

    It takes the time of two messages, or at most `cgroup_scope.SECONDS`, so call it while nobody waits.
    """
    with contextlib.suppress(OSError):
        if bus and cgroup_v2.needs_scope():
            cgroup_scope.enter(bus)


def find(name: str, limit: int, processes: int) -> Cgroups:
    """Return the cgroups of the launcher `name`, whose jails may use `limit` bytes and have `processes` processes.

    The name must be unique (`cgroup_folder.PREFIX` and `NAME_BYTES` random bytes), because containers and pid namespaces share a
    hierarchy. What killed launchers have left there is removed.
    """
    cpu = cgroup_v1.CpuCgroups(name)
    first = cgroup_v1.MemoryCgroups(name, limit)
    if not first.version:
        second = cgroup_v2.Cgroups(name, limit, processes)
        if second.version:
            return Cgroups(second, cpu)
    return Cgroups(first, cpu)


def sweep(name: str) -> None:
    """Remove the cgroups that the killed launcher `name` left. Its jails have ended or are ending."""
    cgroup_v1.sweep(name)
    cgroup_v2.sweep(name)


class Member(NamedTuple):
    """The cgroup of a jail, as far as the jail's init can see it."""

    members: int
    events: int
    usage: int

    @property
    def version(self) -> int:
        """1 or 2."""
        return 2 if self._events().startswith(b"low ") else 1

    def was_exceeded(self) -> bool:
        """Whether the kernel has killed a process of the cgroup because it ran out of memory."""
        return cgroup_v1.tells_of_a_kill(self._events())

    def used_bytes(self) -> int:
        """Return the current use of the cgroup in bytes."""
        return int(os.pread(self.usage, 64, 0))

    def _events(self) -> bytes:
        return os.pread(self.events, 256, 0)  # a few short lines
