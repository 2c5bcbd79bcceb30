"""Cgroups of version 2: one hierarchy, of which a service manager or a container delegates a part to us.

We change nothing outside that part. In it, a cgroup with processes of its own cannot limit the cgroups in it ("no internal processes" in
the kernel's cgroup-v2.rst), so the processes that are in its top move to a leaf while jails are there.
"""

import contextlib
import os

from . import cgroup_scope
from .cgroup_folder import (
    claim,
    inside,
    locked,
    mounted,
    read,
    remove,
    remove_all,
    sweep_all_of,
    write,
)
from .cgroup_folder import sweep as sweep_others
from .cgroup_pool import Pool

_NEEDED = "memory"
_CONTROLLERS = (_NEEDED, "pids", "cpu")
_WEIGHT = 50  # cpu.weight of all jails together; any other cgroup has 100
_OWN_PROCESSES = 64  # of a jail, besides the code's: its init, the twin, and scribes
_LOCK_SECONDS = 1.0
_MOVES = 100
_LEAF = "plugcli"


class Cgroups(Pool):
    """Makes the cgroups of the launcher `name`, in a folder of its own in what is delegated to us.

    Each jail gets `limit` bytes and no swap, `processes` processes, and the same weight as every other jail.
    """

    def __init__(self, name: str, limit: int, processes: int) -> None:
        super().__init__()
        self._limit = limit
        self._more_limits = {  # of what is not counted on every machine
            "memory.swap.max": "0",
            # The kernel kills all of the jail, so that no half of it goes on.
            "memory.oom.group": "1",
            "pids.max": str(processes + _OWN_PROCESSES),
        }
        self._home = ""
        self._own: str | None = None
        with contextlib.suppress(OSError):
            self._open(name)

    @property
    def version(self) -> int:
        """2; 0 if no cgroups can be made."""
        return 0 if self._own is None else 2

    def _open(self, name: str) -> None:
        home = _home()
        if home is None or _NEEDED not in _available(home):
            return
        with locked(home, _LOCK_SECONDS):
            sweep_others(home)
            own = f"{home}/{name}"
            claim(own)
            try:
                _enable(home)
                for controller in _available(own):
                    write(f"{own}/cgroup.subtree_control", f"+{controller}")
                with contextlib.suppress(FileNotFoundError):  # the cpu controller is not delegated
                    write(f"{own}/cpu.weight", str(_WEIGHT))
            except OSError:
                os.rmdir(own)
                _restore(home)
                raise
        self._home, self._own = home, own

    def make(self, number: int) -> str | None:
        """Return the folder of an unused cgroup, or None if cgroups cannot be made."""
        if self._own is None:
            return None
        if (idle := self.take_idle()) is not None:
            return idle
        group = f"{self._own}/{number}"
        os.mkdir(group)
        try:
            write(f"{group}/memory.max", str(self._limit))
            for file, value in self._more_limits.items():
                with contextlib.suppress(FileNotFoundError):
                    write(f"{group}/{file}", value)
        except OSError:
            os.rmdir(group)
            raise
        return group

    def open_for_member(self, group: str) -> list[int]:
        """Return the descriptors of a Member. They also work for a process that cannot see the cgroup."""
        return [
            # The kernel checks the rights of the process that opened it (5.16), and may not be asked to move one thread of a process.
            os.open(f"{group}/cgroup.procs", os.O_WRONLY | os.O_CLOEXEC),
            os.open(f"{group}/memory.events", os.O_RDONLY | os.O_CLOEXEC),
            os.open(f"{group}/memory.current", os.O_RDONLY | os.O_CLOEXEC),
        ]

    def was_exceeded_in(self, group: str) -> bool:
        """Whether the kernel has killed a process of the cgroup because it ran out of memory."""
        return "\noom_kill 0\n" not in read(f"{group}/memory.events")

    def has_members(self, group: str) -> bool:
        """Whether a process is in the cgroup. If so, it is killed, because the jail has ended."""
        if "populated 1" not in read(f"{group}/cgroup.events"):
            return False
        with contextlib.suppress(FileNotFoundError):  # available since Linux 5.14
            write(f"{group}/cgroup.kill", "1")
        return True

    def used_bytes(self, group: str) -> int:
        """Return the memory that is charged to the cgroup."""
        return int(read(f"{group}/memory.current"))

    def empty(self, group: str) -> None:
        """Have the kernel release what it caches for the cgroup."""
        with contextlib.suppress(
            OSError
        ):  # available since Linux 5.19; EAGAIN if it could not release all of it
            write(f"{group}/memory.reclaim", str(self.used_bytes(group)))

    def close(self) -> None:
        """Remove all of them, and undo what we changed above, if no other launcher needs it."""
        if self._own is None:
            return
        self.remove_idle()
        for group in inside(self._own):
            self.has_members(group)  # kills them
        remove_all([*inside(self._own), self._own])
        _restore_alone(self._home)


def needs_scope() -> bool:
    """Whether this machine has version 2 memory cgroups, and a service manager would have to give us some.

    A unit that has a limit of its own is not left, because its jails would be outside of that limit.
    """
    place, own = _place()
    if not place or _NEEDED not in read(f"{place}/cgroup.controllers").split():
        return False
    unit = _unit(place, own)
    return unit != "" and not _is_delegated(unit) and not _is_limited(unit)


def sweep(name: str) -> None:
    """Remove the cgroups that the killed launcher `name` left."""
    with contextlib.suppress(OSError):
        home = _home()
        if home is not None and os.path.isdir(f"{home}/{name}"):
            sweep_all_of(home, name)
            _restore_alone(home)


def _home() -> str | None:
    """Return the folder of the cgroup that is delegated to us, if there is one."""
    place, own = _place()
    if not place:
        return None
    unit = _unit(place, own)
    if unit:
        return unit if _is_delegated(unit) else None
    if os.path.isdir("/run/systemd/system"):
        return None  # all of it belongs to systemd
    return (place + own).removesuffix(f"/{_LEAF}")


def _place() -> tuple[str, str]:
    """Return where the hierarchy is mounted, and the path of our own cgroup below that; empty if it is not mounted."""
    found = mounted("cgroup2")
    if found is None:
        return "", ""
    root, place = found
    own = cgroup_scope.own_cgroup()
    # In a container, the mount may show only part of the hierarchy.
    return place, own.removeprefix(root.rstrip("/")).rstrip("/")


def _unit(place: str, own: str) -> str:
    """Return the folder of the innermost unit of systemd that we are in; empty if we are in none."""
    parts = own.split("/")
    while parts and not parts[-1].endswith((".service", ".scope")):
        parts.pop()
    return place + "/".join(parts) if parts else ""


def _is_delegated(unit: str) -> bool:
    """Whether systemd has marked a unit as delegated to those who run in it. See CGROUP_DELEGATION.md of systemd."""
    if cgroup_scope.is_ours(unit):
        return True
    for attribute in ("user.delegate", "trusted.delegate"):  # since systemd 251; for root alone
        with contextlib.suppress(OSError):
            return os.getxattr(unit, attribute) == b"1"
    # An ordinary user owns what the system's manager has delegated, but also every unit of the user's own manager.
    return os.geteuid() != 0 and os.stat(unit).st_uid == os.geteuid() and "/user@" not in unit


def _is_limited(unit: str) -> bool:
    for file in ("memory.max", "memory.high", "cpu.max"):
        with contextlib.suppress(FileNotFoundError):
            if not read(f"{unit}/{file}").startswith("max"):
                return True
    return False


def _available(group: str) -> list[str]:
    there = read(f"{group}/cgroup.controllers").split()
    return [controller for controller in _CONTROLLERS if controller in there]


def _enable(home: str) -> None:
    """Have the kernel limit the cgroups in `home`. Raises OSError, unless at least their memory is limited."""
    missing = set(_available(home)) - set(read(f"{home}/cgroup.subtree_control").split())
    try:
        _switch(home, "+", missing)
    except OSError:  # EBUSY: there are processes in it. EOPNOTSUPP is the same for a threaded controller
        _move(home, f"{home}/{_LEAF}")
        _switch(home, "+", missing)
    if _NEEDED not in read(f"{home}/cgroup.subtree_control").split():
        raise FileNotFoundError(f"{home} has no {_NEEDED} controller")


def _switch(home: str, sign: str, controllers: set[str]) -> None:
    if controllers:
        write(f"{home}/cgroup.subtree_control", " ".join(f"{sign}{each}" for each in sorted(controllers)))


def _move(source: str, target: str) -> None:
    """Move all processes of one cgroup to another, which is made if it is not there."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(target)
    for _ in range(_MOVES):  # they may fork meanwhile
        pids = read(f"{source}/cgroup.procs").split()
        if not pids:
            return
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):  # it has ended
                write(f"{target}/cgroup.procs", pid)


def _restore_alone(home: str) -> None:
    with contextlib.suppress(OSError), locked(home, _LOCK_SECONDS):
        _restore(home)


def _restore(home: str) -> None:
    """Move the processes back that `_enable` moved to the leaf, if no other cgroup is in `home`."""
    leaf = f"{home}/{_LEAF}"
    if inside(home) != [leaf] or cgroup_scope.is_ours(home):
        return
    with contextlib.suppress(OSError):
        _switch(home, "-", set(read(f"{home}/cgroup.subtree_control").split()))
        _move(leaf, home)
        remove(leaf)
