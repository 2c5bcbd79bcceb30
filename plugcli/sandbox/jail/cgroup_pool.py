"""Takes back the memory cgroups of ended jails. Some are kept for later jails, because making one takes long."""

import os

from .cgroup_folder import remove, remove_all

_IDLE = 8
_RESIDUE_BYTES = 1024 * 1024  # usage that the kernel has not yet subtracted


class Pool:
    """The memory cgroups that no jail uses.

    These hold nothing of their last jail and have kept their limits, so they reveal nothing about it.
    """

    def __init__(self) -> None:
        self._idle: list[str] = []
        self._emptied: dict[str, int] = {}  # keyed by the process that empties it

    @property
    def helpers(self) -> list[int]:
        """The pids of our processes that empty cgroups."""
        return list(self._emptied.values())

    def take_idle(self) -> str | None:
        """Return an unused cgroup, if there is one."""
        return self._idle.pop() if self._idle else None

    def give_back(self, group: str) -> bool:
        """Take back the cgroup of an ended jail; return False while the kernel still holds something for it."""
        if group in self._emptied:
            ended, _ = os.waitpid(self._emptied[group], os.WNOHANG)
            if not ended:
                return False
            del self._emptied[group]
            return remove(group)
        if self.has_members(group):
            return False
        used = self.used_bytes(group)
        if len(self._idle) < _IDLE and used <= _RESIDUE_BYTES and not self.was_exceeded_in(group):
            self._idle.append(group)
            return True
        if not used:
            return remove(group)
        self._emptied[group] = self._empty_beside(group)
        return False

    def remove_idle(self) -> None:
        """Remove the cgroups that no jail uses."""
        for group in self._idle:
            self.empty(group)
        remove_all(self._idle)

    def has_members(self, group: str) -> bool:
        """Whether a process is in the cgroup."""
        raise NotImplementedError

    def used_bytes(self, group: str) -> int:
        """Return the memory that is charged to the cgroup."""
        raise NotImplementedError

    def was_exceeded_in(self, group: str) -> bool:
        """Whether the kernel has killed a process of the cgroup because it ran out of memory."""
        raise NotImplementedError

    def empty(self, group: str) -> None:
        """Have the kernel release the cached file pages that were charged to the cgroup.

        These pages of files outside outlive its processes, and would keep the cgroup in the kernel after its folder is removed.
        """
        raise NotImplementedError

    def _empty_beside(self, group: str) -> int:
        """Empty a cgroup in a separate process, because it can take long; return the pid."""
        pid = os.fork()
        if pid == 0:
            try:
                os.closerange(3, 1 << 20)
                self.empty(group)
            finally:
                os._exit(0)
        return pid
