"""Drops every privilege of a jail: its uid, its user namespace, its capabilities and most system calls."""

import errno
import os
from typing import NamedTuple

from . import libc, seccomp, uids
from .plan import UID, UIDS
from .syscall_plan import Blank, PreparedCall, make, write_file

_NAMESPACE_LIMITS = tuple(
    path
    for kind in ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
    if os.path.exists("/proc/" + (path := f"sys/user/max_{kind}_namespaces"))
)
_FILTER = seccomp.program(os.uname().machine)  # once, in the launcher
_ASKING_FILTER = seccomp.program(os.uname().machine, asks=True)
# NOROOT, NO_SETUID_FIXUP and NO_CAP_AMBIENT_RAISE with their locks, and the lock of KEEP_CAPS: uid 0 means nothing, for good.
_SECUREBITS = 0b11101111


def become(who: Blank, *, is_made_by_root: bool) -> list[PreparedCall]:
    """Return the calls that change from the zygote's uid to the code's, and enter a user namespace that maps only that uid.

    The order matters: mounts need the zygote's capabilities, so they come first, then the uid, then the namespace. The current folder is a
    writable /proc: see mounts.own.
    """
    return [
        *(libc.setres_calls(who) if is_made_by_root else []),
        libc.prctl_call(
            libc.PR_SET_DUMPABLE, 1
        ),  # the change of uid cleared it, and without it uid_map belongs to root
        libc.unshare_call(libc.CLONE_NEWUSER),
        write_file("self/setgroups", b"deny"),
        write_file("self/uid_map", who.text(f"{UID} %(uid)d 1")),
        write_file("self/gid_map", who.text(f"{UID} %(gid)d 1")),
    ]


def write_maps(uid: int, gid: int) -> None:
    """Map one uid and one gid, each to itself, into the new user namespace of this process."""
    texts = {"setgroups": "deny", "uid_map": f"{uid} {uid} 1", "gid_map": f"{gid} {gid} 1"}
    make(write_file(f"/proc/self/{name}", text.encode()) for name, text in texts.items())


class Maps(NamedTuple):
    """What is written to the uid_map and to the gid_map of a user namespace."""

    uid_map: str
    gid_map: str

    def write(self, folder: int) -> None:
        """Write them for a process, given its folder in /proc. The caller must be root outside of the namespace. Raises OSError."""
        for name, text in zip(self._fields, self, strict=True):
            file = os.open(name, os.O_WRONLY | os.O_CLOEXEC, dir_fd=folder)
            try:
                os.write(file, text.encode())
            finally:
                os.close(file)


def same_as_outside() -> Maps:
    """Return the maps that give each uid and gid the number that it has in this user namespace."""
    texts = [
        "\n".join(f"{first} {first} {last - first + 1}" for first, last in uids.mapped(kind))
        for kind in ("uid", "gid")
    ]
    return Maps(*texts)


def nobodys() -> Maps:
    """Return the maps of UIDS uids and gids that belong to nobody outside, not even 0. Raises OSError if there are none."""
    text = f"0 {uids.unused_range(UIDS)} {UIDS}"
    return Maps(text, text)


def enter_user_namespace(maps: Maps, folder: int) -> None:
    """Enter a new user namespace with `maps`, which a fork of this process writes, because the fork stays root outside.

    `folder` is this process's own in /proc. Raises OSError.
    """
    reader, writer = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        code = errno.EIO
        try:
            os.close(writer)
            if os.read(reader, 1):
                maps.write(folder)
            code = 0
        except OSError as error:
            code = error.errno or errno.EIO
        finally:
            os._exit(code)
    os.close(reader)
    try:
        libc.unshare(libc.CLONE_NEWUSER)
        os.write(writer, b"w")
    finally:
        os.close(writer)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code:
        # It takes CAP_SETUID, CAP_SETGID and, for root's own uid, CAP_SETFCAP: user_namespaces(7).
        raise OSError(code, f"root may not map uids into a user namespace: {os.strerror(abs(code))}")


def forbid_namespaces() -> list[PreparedCall]:
    """Return the calls that set a user namespace's limit on every kind of namespace to 0: a second lock beside the filter."""
    return [write_file(path, b"0") for path in _NAMESPACE_LIMITS]


def keep_only(*capabilities: int) -> None:
    """Leave this process only these capabilities, which it must have."""
    make([libc.capset_call(*capabilities)])


class Listener:
    """The descriptor by which the filter of a jail without a memory cgroup asks: see mappings.py."""

    descriptor = -1

    def __init__(self, program: bytes = _ASKING_FILTER) -> None:
        self._program = program

    def install(self) -> None:
        """Install the filter on this process. Raises OSError; EBUSY means that another filter already asks a process outside."""
        self.descriptor = libc.seccomp_listener(self._program)


def drop_everything(listener: Listener | None, program: bytes = _FILTER) -> list[PreparedCall]:
    """Return the calls that empty all capability sets for good and install the filter. They need the namespace's capabilities.

    The filter is the listener's, or else `program`.
    """
    return [
        libc.prctl_call(libc.PR_SET_SECUREBITS, _SECUREBITS),
        *[libc.prctl_call(libc.PR_CAPBSET_DROP, capability) for capability in range(_LAST_CAPABILITY + 1)],
        libc.prctl_call(libc.PR_CAP_AMBIENT, libc.PR_CAP_AMBIENT_CLEAR_ALL),
        libc.capset_call(),
        libc.prctl_call(libc.PR_SET_NO_NEW_PRIVS, 1),
        libc.seccomp_filter_call(program) if listener is None else PreparedCall(listener.install),
    ]


def _last_capability() -> int:
    with open("/proc/sys/kernel/cap_last_cap") as file:
        return int(file.read())


_LAST_CAPABILITY = _last_capability()  # once, in the launcher
