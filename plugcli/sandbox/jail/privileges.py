"""How a jail loses every privilege: its uid, its user namespace, its capabilities and most system calls."""

import os

from . import libc, seccomp
from .plan import UID, Identity

_NAMESPACE_KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
_FILTER = seccomp.program(os.uname().machine)  # once, in the launcher
# NOROOT, NO_SETUID_FIXUP and NO_CAP_AMBIENT_RAISE with their locks, and the lock of KEEP_CAPS: uid 0 means nothing, for good.
_SECUREBITS = 0b11101111


def become(identity: Identity) -> None:
    """Leave the zygote's identity for the code's own, and enter a user namespace that maps that uid alone.

    Order: mounts need the zygote's capabilities, so they are made first; then the uid, then the namespace.
    """
    if identity.uid != os.getuid():
        os.setgroups([])
        os.setresgid(*[identity.gid] * 3)
        os.setresuid(*[identity.uid] * 3)
    libc.prctl(libc.PR_SET_DUMPABLE, 1)  # the change of uid cleared it, and then uid_map is root's
    libc.unshare(libc.CLONE_NEWUSER)
    write_maps((UID, identity.uid), (UID, identity.gid))


def write_maps(uid: tuple[int, int], gid: tuple[int, int]) -> None:
    """Map one uid and one gid, each as it is inside and outside, into this process's new user namespace."""
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid[0]} {uid[1]} 1"),
        ("gid_map", f"{gid[0]} {gid[1]} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def map_range(pid: int, first: int, count: int) -> None:
    """Map `count` uids and gids from 0 on, which are `first` and on outside, into the user namespace of process `pid`. As root."""
    for name in ("uid_map", "gid_map"):
        with open(f"/proc/{pid}/{name}", "w") as file:
            file.write(f"0 {first} {count}")


def forbid_namespaces() -> None:
    """Set this user namespace's limit of every kind of namespace to 0: the second lock beside the filter."""
    for kind in _NAMESPACE_KINDS:
        path = f"/proc/sys/user/max_{kind}_namespaces"
        if os.path.exists(path):
            with open(path, "w") as file:
                file.write("0")


def drop_everything() -> None:
    """Empty all capability sets, forbid regaining any, and install the filter. Needs this namespace's capabilities."""
    libc.prctl(libc.PR_SET_SECUREBITS, _SECUREBITS)
    _drop_bounding_set()
    libc.prctl(libc.PR_CAP_AMBIENT, libc.PR_CAP_AMBIENT_CLEAR_ALL)
    libc.capset_nothing()
    libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
    libc.set_seccomp_filter(_FILTER)


def _drop_bounding_set() -> None:
    for capability in range(_LAST_CAPABILITY + 1):
        libc.prctl(libc.PR_CAPBSET_DROP, capability)


def _last_capability() -> int:
    with open("/proc/sys/kernel/cap_last_cap") as file:
        return int(file.read())


_LAST_CAPABILITY = _last_capability()  # once, in the launcher
