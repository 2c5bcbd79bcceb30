"""Memory and CPU cgroups of version 1: a hierarchy for each controller, writable for root.

The memory cgroup limits what a jail uses. The CPU cgroup gives each jail the same weight, however many processes and sessions its code
starts, and all jails together less weight than one process outside.
"""

import contextlib
import os

from . import own_network
from .cgroup_folder import beside, claim, inside, mounted, read, remove_all, sweep_all_of, write
from .cgroup_folder import sweep as sweep_others
from .cgroup_pool import Pool

_TCP_PART = 16  # the part of the limit that TCP can use in addition, because the kernel counts it separately
_CPU_SHARES = 512  # cpu.shares; any other process or session has 1024
_CONTROLLERS = ("memory", "cpu")


class MemoryCgroups(Pool):
    """Makes the memory cgroups below our own, each named `name` and a number, with a limit of `limit` bytes.

    They lie beside the folder that the launcher claims and not in it, because the kernel charges each level separately.
    """

    def __init__(self, name: str, limit: int) -> None:
        super().__init__()
        self._limit = limit
        self._own = _own_folder(name, "memory")

    @property
    def version(self) -> int:
        """1; 0 if no cgroups can be made."""
        return 0 if self._own is None else 1

    def make(self, number: int) -> str | None:
        """Return the folder of an unused cgroup, or None if cgroups cannot be made."""
        if self._own is None:
            return None
        if (idle := self.take_idle()) is not None:
            return idle
        group = f"{self._own}-{number}"
        os.mkdir(group)
        try:
            write(f"{group}/memory.limit_in_bytes", str(self._limit))
            # Swap would make the limit useless. The file is missing if the kernel does not account swap.
            with contextlib.suppress(FileNotFoundError):
                write(f"{group}/memory.memsw.limit_in_bytes", str(self._limit))
            write(f"{group}/memory.swappiness", "0")
            # Until this is written, the cgroup does not count the memory of its sockets at all.
            tcp = min(self._limit // _TCP_PART, own_network.TCP_BYTES)
            with contextlib.suppress(
                FileNotFoundError
            ):  # the kernel has no network, or counts it with other memory
                write(f"{group}/memory.kmem.tcp.limit_in_bytes", str(tcp))
        except OSError:
            os.rmdir(group)
            raise
        return group

    def open_for_member(self, group: str) -> list[int]:
        """Return the descriptors of a Member. They also work for a process that cannot see the cgroup."""
        return [
            open_to_join(group),
            os.open(f"{group}/memory.oom_control", os.O_RDONLY | os.O_CLOEXEC),
            os.open(f"{group}/memory.usage_in_bytes", os.O_RDONLY | os.O_CLOEXEC),
        ]

    def was_exceeded_in(self, group: str) -> bool:
        """Whether the kernel has killed a process of the cgroup because it ran out of memory."""
        return tells_of_a_kill(read(f"{group}/memory.oom_control").encode())

    def has_members(self, group: str) -> bool:
        """Whether a process is in the cgroup."""
        with open(f"{group}/cgroup.procs") as file:
            return bool(file.read(1))

    def used_bytes(self, group: str) -> int:
        """Return the memory that is charged to the cgroup."""
        return int(read(f"{group}/memory.usage_in_bytes"))

    def empty(self, group: str) -> None:
        """Have the kernel release what it caches for the cgroup."""
        with contextlib.suppress(OSError):
            write(f"{group}/memory.force_empty", "0")

    def close(self) -> None:
        """Remove all of them, also those that the kernel still empties, and our own folder."""
        self.remove_idle()
        if self._own is not None:
            remove_all([*beside(self._own), self._own])


class CpuCgroups:
    """The CPU cgroup of the launcher `name`, with a cgroup in it for each jail; none if they cannot be made."""

    def __init__(self, name: str) -> None:
        self._own = _own_folder(name, "cpu")
        self._made = 0
        self._idle: list[str] = []
        if self._own is not None:
            write(f"{self._own}/cpu.shares", str(_CPU_SHARES))

    @property
    def are_there(self) -> bool:
        """Whether each jail gets a CPU cgroup."""
        return self._own is not None

    def take(self, pid: int) -> None:
        """Move a single-threaded process into the launcher's cgroup; its forks start there."""
        if self._own is not None:
            with contextlib.suppress(OSError):  # it has ended, which is handled elsewhere
                write(f"{self._own}/tasks", str(pid))

    def make(self) -> str | None:
        """Return the folder of an unused cgroup."""
        if self._own is None:
            return None
        if self._idle:
            return self._idle.pop()
        self._made += 1
        group = f"{self._own}/{self._made}"
        os.mkdir(group)
        return group

    def give_back(self, group: str) -> None:
        """Take back the cgroup of an ended jail. It reveals nothing about that jail."""
        self._idle.append(group)

    def close(self) -> None:
        """Remove the cgroups once their last processes have ended."""
        if self._own is not None:
            remove_all([*inside(self._own), self._own])


def open_to_join(group: str) -> int:
    """Return the descriptor by which a process that cannot see the cgroup joins it.

    It is not cgroup.procs: a thread that moves only itself does not have to wait until no other process of the machine is forking.
    """
    return os.open(f"{group}/tasks", os.O_WRONLY | os.O_CLOEXEC)


def tells_of_a_kill(events: bytes) -> bool:
    """Whether memory.oom_control, or version 2's memory.events, counts a process that was killed because memory ran out."""
    return events.find(b"\noom_kill ") >= 0 and events.find(b"\noom_kill 0\n") < 0


def sweep(name: str) -> None:
    """Remove the cgroups that the killed launcher `name` left."""
    for controller in _CONTROLLERS:
        with contextlib.suppress(OSError):
            home = _home(controller)
            if home is not None:
                sweep_all_of(home, name)


def _own_folder(name: str, controller: str) -> str | None:
    """Return the folder that the launcher `name` has claimed in our own cgroup of that controller, or None if none can be made.

    It is locked until this process ends.
    """
    try:
        home = _home(controller)
        if home is None:
            return None
        sweep_others(home)
        claim(f"{home}/{name}")
    except OSError:
        return None
    return f"{home}/{name}"


def _home(controller: str) -> str | None:
    """Return the folder of our own cgroup in the hierarchy of a controller."""
    found = mounted("cgroup", controller)
    if found is None:
        return None
    root, place = found
    with open("/proc/self/cgroup") as file:
        owns = [line.rstrip("\n").split(":", 2) for line in file]
    for _, controllers, own in owns:
        if controller in controllers.split(","):
            # In a cgroup namespace or a container, the mount may show only part of the hierarchy.
            return (place + own.removeprefix(root.rstrip("/"))).rstrip("/")
    return None
