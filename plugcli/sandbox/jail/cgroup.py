"""A memory cgroup and a CPU cgroup for each jail, if this machine lets us make them.

The memory cgroup is the kernel's own limit on everything that a jail uses. The CPU cgroup gives each jail the same weight, however many
processes and sessions its code starts, and all jails together less weight than one process outside. Version 1 only (writable controllers:
root). Whether cgroups can be made is found out by making one, not by looking at file modes.
"""

import contextlib
import errno
import os
import time
from os import pread
from typing import NamedTuple

from . import own_network

_SWEEP_SECONDS = 2.0
_IDLE = 8
_RESIDUE_BYTES = 1024 * 1024  # usage that the kernel has not yet subtracted
_TCP_PART = 16  # the part of the limit that TCP can use in addition, because the kernel counts it separately
_CPU_SHARES = 512  # cpu.shares; any other process or session has 1024


class MemoryCgroups:
    """Makes the cgroups below our own cgroup, each named `name` and a number.

    The name must be unique to this launcher. A pid is not enough, because containers and pid namespaces share a hierarchy, and a killed
    launcher leaves cgroups behind.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._home = _home(name, "memory")
        self._idle: list[str] = []
        self._emptied: dict[str, int] = {}  # keyed by the process that empties it

    def make(self, number: int, limit: int) -> str | None:
        """Return the folder of a new cgroup with a limit of `limit` bytes, or None if cgroups cannot be made."""
        if self._home is None:
            return None
        if self._idle:
            return self._idle.pop()
        group = f"{self._home}/{self._name}-{number}"
        os.mkdir(group)
        try:
            _write(f"{group}/memory.limit_in_bytes", str(limit))
            # Swap would make the limit useless. The file is missing if the kernel does not account swap.
            with contextlib.suppress(FileNotFoundError):
                _write(f"{group}/memory.memsw.limit_in_bytes", str(limit))
            _write(f"{group}/memory.swappiness", "0")
            # Until this is written, the cgroup does not count the memory of its sockets at all.
            tcp = min(limit // _TCP_PART, own_network.TCP_BYTES)
            with contextlib.suppress(
                FileNotFoundError
            ):  # the kernel has no network, or counts it with other memory
                _write(f"{group}/memory.kmem.tcp.limit_in_bytes", str(tcp))
        except OSError:
            os.rmdir(group)
            raise
        return group

    def give_back(self, group: str) -> bool:
        """Take back the cgroup of an ended jail; return False while the kernel still charges memory to it.

        Some cgroups are kept for later jails, because making one takes long. These hold nothing of their last jail and have kept their
        limit, so they reveal nothing about it.
        """
        if group in self._emptied:
            ended, _ = os.waitpid(self._emptied[group], os.WNOHANG)
            if not ended:
                return False
            del self._emptied[group]
            return remove(group)
        with open(f"{group}/cgroup.procs") as file:
            if file.read(1):
                return False
        with open(f"{group}/memory.usage_in_bytes") as file:
            used = int(file.read())
        if len(self._idle) < _IDLE and used <= _RESIDUE_BYTES and not was_exceeded_in(group):
            self._idle.append(group)
            return True
        if not used:
            return remove(group)
        self._emptied[group] = _empty_beside(group)
        return False

    def close(self) -> None:
        """Remove the cgroups that no jail uses."""
        for group in self._idle:
            _empty(group)
        _remove_all(self._idle)


class CpuCgroups:
    """The CPU cgroup of the launcher `name`, with a cgroup in it for each jail; none if they cannot be made."""

    def __init__(self, name: str) -> None:
        home = _home(name, "cpu")
        self._group = None if home is None else f"{home}/{name}"
        self._made = 0
        self._idle: list[str] = []
        try:
            if self._group is not None:
                os.mkdir(self._group)
                _write(f"{self._group}/cpu.shares", str(_CPU_SHARES))
        except OSError:
            self._group = None

    @property
    def are_there(self) -> bool:
        """Whether each jail gets a CPU cgroup."""
        return self._group is not None

    def take(self, pid: int) -> None:
        """Move a single-threaded process into the launcher's cgroup; its forks start there."""
        if self._group is not None:
            with contextlib.suppress(OSError):  # it has ended, which is handled elsewhere
                _write(f"{self._group}/tasks", str(pid))

    def make(self) -> str | None:
        """Return the folder of an unused cgroup."""
        if self._group is None:
            return None
        if self._idle:
            return self._idle.pop()
        self._made += 1
        group = f"{self._group}/{self._made}"
        os.mkdir(group)
        return group

    def give_back(self, group: str) -> None:
        """Take back the cgroup of an ended jail. It reveals nothing about that jail."""
        self._idle.append(group)

    def close(self) -> None:
        """Remove the cgroups once their last processes have ended."""
        if self._group is not None:
            _remove_all([*_inside(self._group), self._group])


def _empty_beside(group: str) -> int:
    """Empty a cgroup in a separate process, because it can take long; return the pid."""
    pid = os.fork()
    if pid == 0:
        try:
            os.closerange(3, 1 << 20)
            _empty(group)
        finally:
            os._exit(0)
    return pid


def _empty(group: str) -> None:
    """Have the kernel release the cached file pages that were charged to the cgroup.

    These pages of files outside outlive its processes, and would keep the cgroup in the kernel after its folder is removed.
    """
    with contextlib.suppress(OSError):
        _write(f"{group}/memory.force_empty", "0")


def open_to_join(group: str) -> int:
    """Return the descriptor by which a process that cannot see the cgroup joins it.

    It is not cgroup.procs: a thread that moves only itself does not have to wait until no other process of the machine is forking.
    """
    return os.open(f"{group}/tasks", os.O_WRONLY | os.O_CLOEXEC)


def open_for_member(group: str) -> list[int]:
    """Return the descriptors of a Member. They also work for a process that cannot see the cgroup."""
    return [
        open_to_join(group),
        os.open(f"{group}/memory.oom_control", os.O_RDONLY | os.O_CLOEXEC),
        os.open(f"{group}/memory.usage_in_bytes", os.O_RDONLY | os.O_CLOEXEC),
    ]


class Member(NamedTuple):
    """The cgroup of a jail, as far as the jail's init can see it."""

    members: int
    events: int
    usage: int

    def was_exceeded(self) -> bool:
        """Whether the kernel has killed a process of the cgroup because it ran out of memory."""
        return _was_exceeded(self.events)

    def used_bytes(self) -> int:
        """Return the current use of the cgroup in bytes."""
        return int(os.pread(self.usage, 64, 0))


def was_exceeded_in(group: str) -> bool:
    """Whether the kernel has killed a process of the cgroup `group` because it ran out of memory."""
    events = os.open(f"{group}/memory.oom_control", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return _was_exceeded(events)
    finally:
        os.close(events)


def _was_exceeded(events: int) -> bool:
    text = pread(events, 256, 0)  # three short lines
    return text.find(b"\noom_kill ") >= 0 and text.find(b"\noom_kill 0\n") < 0


def remove(group: str) -> bool:
    """Remove the cgroup; return False while the kernel still holds something of its last process."""
    try:
        os.rmdir(group)
    except OSError as error:
        if error.errno == errno.EBUSY:
            return False
        if error.errno != errno.ENOENT:
            raise
    return True


def sweep(name: str) -> None:
    """Remove the cgroups that the killed launcher `name` left. Its jails have ended or are ending."""
    for controller in ("memory", "cpu"):
        home = _home(name, controller)
        if home is None:
            continue
        groups = [
            f"{home}/{entry}" for entry in os.listdir(home) if entry == name or entry.startswith(f"{name}-")
        ]
        groups = [*(inner for group in groups for inner in _inside(group)), *groups]
        for group in groups:
            _empty(group)
        _remove_all(groups)


def _inside(group: str) -> list[str]:
    return [each.path for each in os.scandir(group) if each.is_dir()]


def _remove_all(groups: list[str]) -> None:
    """Remove cgroups as soon as the kernel has released their ended processes."""
    deadline = time.monotonic() + _SWEEP_SECONDS
    for group in groups:
        while not remove(group) and time.monotonic() < deadline:
            time.sleep(0.005)


def _home(name: str, controller: str) -> str | None:
    """Return the folder of our own cgroup in the version 1 hierarchy of a controller, if cgroups can be made in it."""
    try:
        mounted = _mounted(controller)
        if mounted is None:
            return None
        root, place = mounted
        with open("/proc/self/cgroup") as file:
            own = next(
                line.rstrip("\n").split(":", 2)[2]
                for line in file
                if controller in line.split(":", 2)[1].split(",")
            )
        # In a cgroup namespace or a container, the mount may show only part of the hierarchy.
        home = place + own.removeprefix(root.rstrip("/"))
        trial = f"{home}/{name}-trial"
        os.mkdir(trial)
        os.rmdir(trial)
    except (OSError, StopIteration):
        return None
    return home.rstrip("/")


def _mounted(controller: str) -> tuple[str, str] | None:
    """Return the mounted part of a controller's hierarchy, and its mount point."""
    with open("/proc/self/mountinfo") as file:
        for line in file:
            fields, _, kind = line.partition(" - ")
            name, _, options = kind.split(maxsplit=2)
            if name == "cgroup" and controller in options.strip().split(","):
                words = fields.split()
                return words[3], words[4]
    return None


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)
