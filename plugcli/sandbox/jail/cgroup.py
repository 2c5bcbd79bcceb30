"""A memory cgroup and a CPU cgroup for each jail, where this machine lets us make them.

The one is the kernel's own limit on all that a jail uses; by the other, however many processes the code starts, and whatever sessions it
puts them in, a jail weighs as much as the next, and jails together less than one process outside. Version 1 (writable controllers: root).
Whether one can be had is found by making one, not by looking at modes.
"""

import contextlib
import errno
import os
import time
from os import pread
from typing import NamedTuple

from . import objects

_SWEEP_SECONDS = 2.0
_IDLE = 8
_RESIDUE_BYTES = 1024 * 1024  # what the kernel has not counted back yet
_TCP_PART = 16  # of the limit: what TCP may hold above it, as the kernel counts that apart
_CPU_SHARES = 512  # cpu.shares; any other process, or session of them, has 1024


class MemoryCgroups:
    """Makes the groups below our own group, each called `name` and a number.

    No other launcher may have that name: a pid will not do, because containers and pid namespaces share a hierarchy, and a launcher that
    was killed leaves groups.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._home = _home(name, "memory")
        self._idle: list[str] = []
        self._emptied: dict[str, int] = {}  # by the process that does it

    def make(self, number: int, limit: int) -> str | None:
        """Return the folder of a new group with `limit` bytes, or None where there are none to be had."""
        if self._home is None:
            return None
        if self._idle:
            return self._idle.pop()
        group = f"{self._home}/{self._name}-{number}"
        os.mkdir(group)
        try:
            _write(f"{group}/memory.limit_in_bytes", str(limit))
            # Swap would make the limit useless; the file is not there when swap is not accounted.
            with contextlib.suppress(FileNotFoundError):
                _write(f"{group}/memory.memsw.limit_in_bytes", str(limit))
            _write(f"{group}/memory.swappiness", "0")
            # Until this is written, the group does not count what its sockets hold at all.
            tcp = min(limit // _TCP_PART, objects.TCP_BYTES)
            with contextlib.suppress(
                FileNotFoundError
            ):  # the kernel has no network, or counts it with the rest
                _write(f"{group}/memory.kmem.tcp.limit_in_bytes", str(tcp))
        except OSError:
            os.rmdir(group)
            raise
        return group

    def give_back(self, group: str) -> bool:
        """Take a group back whose jail has ended; False while the kernel still holds something of it.

        Some are kept for other jails, as making one takes the kernel long: those that hold nothing of their last jail, and whose limit it
        kept, so that they tell nothing of it.
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
        """Remove the groups that no jail has."""
        for group in self._idle:
            _empty(group)
        _remove_all(self._idle)


class CpuCgroups:
    """The group of everything that a launcher called `name` starts, and in it one for each jail; none where none can be had."""

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
        """Whether each jail gets one."""
        return self._group is not None

    def take(self, pid: int) -> None:
        """Move a process of one thread into the group of all; what it forks is in it from the start."""
        if self._group is not None:
            with contextlib.suppress(OSError):  # it has ended, which is noticed elsewhere
                _write(f"{self._group}/tasks", str(pid))

    def make(self) -> str | None:
        """Return the folder of a group that no jail has."""
        if self._group is None:
            return None
        if self._idle:
            return self._idle.pop()
        self._made += 1
        group = f"{self._group}/{self._made}"
        os.mkdir(group)
        return group

    def give_back(self, group: str) -> None:
        """Take a group back whose jail has ended: it says nothing of that one."""
        self._idle.append(group)

    def close(self) -> None:
        """Remove the groups, once the last process in them has ended."""
        if self._group is not None:
            _remove_all([*_inside(self._group), self._group])


def _empty_beside(group: str) -> int:
    """Have a process of its own empty a group, which may take long; return its pid."""
    pid = os.fork()
    if pid == 0:
        try:
            os.closerange(3, 1 << 20)
            _empty(group)
        finally:
            os._exit(0)
    return pid


def _empty(group: str) -> None:
    """Have the kernel let go of what the group's processes were the first to read.

    Those pages of files outside stay after them, and would keep the group in the kernel after its folder is gone.
    """
    with contextlib.suppress(OSError):
        _write(f"{group}/memory.force_empty", "0")


def open_to_join(group: str) -> int:
    """Return the descriptor by which a process that cannot see the group joins it.

    Not cgroup.procs: a thread that moves itself alone need not wait until no other process of this machine forks.
    """
    return os.open(f"{group}/tasks", os.O_WRONLY | os.O_CLOEXEC)


def open_for_member(group: str) -> list[int]:
    """Return what makes a Member: descriptors, which work for one that cannot see the group."""
    return [
        open_to_join(group),
        os.open(f"{group}/memory.oom_control", os.O_RDONLY | os.O_CLOEXEC),
        os.open(f"{group}/memory.usage_in_bytes", os.O_RDONLY | os.O_CLOEXEC),
    ]


class Member(NamedTuple):
    """A jail's init and its group, as far as it gets to see it."""

    members: int
    events: int
    usage: int

    def was_exceeded(self) -> bool:
        """Whether the kernel has killed a process of the group because its memory ran out."""
        return _was_exceeded(self.events)

    def used_bytes(self) -> int:
        """Return what the group uses now."""
        return int(os.pread(self.usage, 64, 0))


def was_exceeded_in(group: str) -> bool:
    """Whether the kernel has killed a process of the group `group` because its memory ran out."""
    events = os.open(f"{group}/memory.oom_control", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return _was_exceeded(events)
    finally:
        os.close(events)


def _was_exceeded(events: int) -> bool:
    text = pread(events, 256, 0)  # three short lines
    return text.find(b"\noom_kill ") >= 0 and text.find(b"\noom_kill 0\n") < 0


def remove(group: str) -> bool:
    """Remove the group; False while the kernel still holds something of its last process."""
    try:
        os.rmdir(group)
    except OSError as error:
        if error.errno == errno.EBUSY:
            return False
        if error.errno != errno.ENOENT:
            raise
    return True


def sweep(name: str) -> None:
    """Remove what a launcher called `name` left when it was killed. Its jails have ended, or do so now."""
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
    """Remove groups, as soon as the kernel lets go of what ended in them."""
    deadline = time.monotonic() + _SWEEP_SECONDS
    for group in groups:
        while not remove(group) and time.monotonic() < deadline:
            time.sleep(0.005)


def _home(name: str, controller: str) -> str | None:
    """Return the folder of our own group in the version 1 hierarchy of a controller, if groups can be made in it."""
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
        # In a cgroup namespace or a container the mount may show only a part of the hierarchy.
        home = place + own.removeprefix(root.rstrip("/"))
        trial = f"{home}/{name}-trial"
        os.mkdir(trial)
        os.rmdir(trial)
    except (OSError, StopIteration):
        return None
    return home.rstrip("/")


def _mounted(controller: str) -> tuple[str, str] | None:
    """Return what of a controller's hierarchy is mounted, and where."""
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
