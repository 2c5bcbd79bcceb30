"""The system call filter of the landlock level, as two programs: what the jail's init is asked, and what is denied.

They are two because the interpreter hands the listener of the first to the init by sendmsg(2), which the second denies. Where both have a
rule for a call, the denial wins (seccomp(2)). The rules close what Landlock leaves open: landlock.py names it.
"""

import errno

from . import seccomp
from .landlock import Abi
from .seccomp import (
    RULES,
    WHERE_MEASURED,
    Ask,
    Deny,
    HasBits,
    Is,
    IsNot,
    IsNotNull,
    LacksBits,
    Outside,
    Rule,
)

_AF_UNIX, _SOCK_STREAM, _SOCK_TYPE_MASK = 1, 1, 15
_PRIO_PROCESS, _IOPRIO_WHO_PROCESS = 0, 1
_F_SETOWN, _F_SETSIG, _F_SETOWN_EX = 8, 10, 15
_PR_SET_PDEATHSIG = 1
_AT_FDCWD = 0xFFFFFF9C  # -100, as the low 32 bits of an argument
_AT_REMOVEDIR = 0x200
_S_ISUID_OR_GID = 0o6000
_MAP_ANONYMOUS = 0x20
_O_ACCMODE, _O_WRONLY, _O_RDWR = 3, 1, 2
_O_CREAT, _O_EXCL, _O_TRUNC, _O_PATH, _O_TMPFILE = 0x40, 0x80, 0x200, 0x200000, 0x400000
# The two that differ: include/uapi/asm-generic/fcntl.h and arch/arm64/include/uapi/asm/fcntl.h.
_O_DIRECTORY = {"x86_64": 0x10000, "aarch64": 0x4000}
_O_NOFOLLOW = {"x86_64": 0x20000, "aarch64": 0x8000}
_OPENS = (("open", 1, ()), ("openat", 2, (Is(0, (_AT_FDCWD,)),)))
"""The calls that open a file, the number of their flags, and what makes their path relative to the current folder."""

_DENIED = (
    # Sockets of the machine. Of a pair, the kind that cannot reach any other socket is left; and no descriptor is ever in transit.
    Deny(errno.EPERM, "socket connect bind listen accept accept4 sendmsg sendmmsg"),
    Deny(errno.ESOCKTNOSUPPORT, "socketpair", (IsNot(1, (_SOCK_STREAM,), _SOCK_TYPE_MASK),)),
    # Watches are counted per user, and tell what others do with the files that the code can see.
    Deny(errno.ENOSYS, "inotify_init inotify_init1 inotify_add_watch"),
    # Other processes of the same user: there is no pid namespace.
    Deny(errno.EPERM, "prlimit64 sched_setscheduler sched_setparam sched_setattr", (IsNot(0, (0,)),)),
    Deny(errno.EPERM, "setpriority", (IsNot(0, (_PRIO_PROCESS,)),)),
    Deny(errno.EPERM, "ioprio_set", (IsNot(0, (_IOPRIO_WHO_PROCESS,)),)),
    Deny(errno.EPERM, "setpriority ioprio_set", (IsNot(1, (0,)),)),
    # Attributes of files that the init does not change for the code. libc's posix_fallocate does without the last.
    Deny(errno.EOPNOTSUPP, "removexattr lremovexattr fremovexattr fallocate"),
    # Landlock lets them be read by name, and they can say where a file came from. By descriptor they are those of files that may be read.
    Deny(errno.EOPNOTSUPP, "getxattr lgetxattr listxattr llistxattr"),
    # If the init is killed, its child the interpreter is, too.
    Deny(errno.EPERM, "prctl", (Is(0, (_PR_SET_PDEATHSIG,)),)),
    # The flags are behind a pointer.
    Deny(errno.ENOSYS, "openat2"),
    # A file that runs as its owner: the jail's folder is on a file system of the machine, where others may be able to reach it.
    Deny(errno.EPERM, "open", (HasBits(1, _O_CREAT | _O_TMPFILE), HasBits(2, _S_ISUID_OR_GID))),
    Deny(errno.EPERM, "openat", (HasBits(2, _O_CREAT | _O_TMPFILE), HasBits(3, _S_ISUID_OR_GID))),
    Deny(errno.EPERM, "creat mknod", (HasBits(1, _S_ISUID_OR_GID),)),
    Deny(errno.EPERM, "mknodat", (HasBits(2, _S_ISUID_OR_GID),)),
    # Through a descriptor that can only read, file systems change flags, versions, quotas and policies of files (ioctl_fs(2)), and btrfs
    # makes subvolumes. What is left are those of terminals, pipes and sockets, such as FIONREAD.
    Deny(errno.EOPNOTSUPP, "ioctl", (IsNot(1, (0x5400,), 0xFF00),)),
)

_DENIED_WHERE_TRUNCATE_IS_FREE = (
    Deny(errno.EPERM, "truncate"),
    *[
        Deny(errno.EPERM, name, (HasBits(flags, _O_TRUNC), IsNot(flags, (_O_WRONLY, _O_RDWR), _O_ACCMODE)))
        for name, flags, _ in _OPENS
    ],
)

_DENIED_WHERE_SIGNALS_ARE_FREE = (
    # A signal at the next input would reach any process of the user. FIOSETOWN and SIOCSPGRP are denied with all ioctls of their kind.
    Deny(errno.EPERM, "fcntl", (Is(1, (_F_SETOWN, _F_SETOWN_EX, _F_SETSIG)),)),
)

_SIGCHLD = 17
_ASK_FOR_HANDLERS = Ask("rt_sigaction", (Is(0, (_SIGCHLD,)), IsNotNull(1)))
"""A handler that interrupts fork(2) would be a consequence of asking: see questions/handlers.py."""

ATTRIBUTES = "chmod fchmod fchmodat fchmodat2 chown lchown fchown fchownat utime utimes futimesat utimensat"
BIRTHS = "fork vfork clone"
SIGNALS = "tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal"


_OF_AN_INIT = (
    *("seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "prctl"),
    *("process_vm_readv", "sched_setaffinity", "prlimit64", "setrlimit", "setpriority"),
)
"""Calls by which an init makes a jail and watches it."""


def of_zygote(machine: str, uids: range) -> bytes:
    """Return the program for a zygote, whose imports may run anybody's code, and for the inits that are forked from it.

    If `uids` are not empty, the zygote has the capability to change to any uid; the program leaves it these, and gids of the same numbers.
    """
    rules: list[Rule] = [
        rule._replace(calls=" ".join(name for name in rule.calls.split() if name not in _OF_AN_INIT))
        for rule in (Deny(errno.EPERM, "socket connect bind listen accept accept4"), *RULES)
    ]
    if uids:
        rules += [
            Deny(errno.EPERM, "setresuid setresgid", (Outside(argument, uids[0], uids[-1]),))
            for argument in range(3)
        ]
        rules.append(Deny(errno.EPERM, "setuid setgid setreuid setregid setfsuid setfsgid"))
        rules.append(Deny(errno.EPERM, "setgroups", (IsNot(0, (0,)),)))
    return seccomp.compiled(machine, rules)


def denying(machine: str, abi: Abi) -> bytes:
    """Return the program that denies."""
    rules: tuple[Rule, ...] = (*RULES, *_DENIED)
    if not abi.confines_truncate:
        rules += _DENIED_WHERE_TRUNCATE_IS_FREE
    if not abi.confines_signals:
        rules += _DENIED_WHERE_SIGNALS_ARE_FREE
    return seccomp.compiled(machine, rules)


def asking(machine: str, abi: Abi, *, counts_memory: bool) -> bytes:
    """Return the program that asks. With `counts_memory`, it also asks before a shared mapping is made: see mappings.py."""
    rules: tuple[Rule, ...] = (
        Ask(ATTRIBUTES),
        Ask(BIRTHS),
        _ASK_FOR_HANDLERS,
        *_names_in_shared_memory(machine),
    )
    if not abi.confines_signals:
        # Who sends a signal to its own process group reaches nobody outside: a group is part of a session, and the jail has its own.
        rules += (Ask(SIGNALS), Ask("kill", (IsNot(0, (0,)),)))
    if counts_memory:
        rules += WHERE_MEASURED
    # Nothing tells the size of a file that has no name any more, and that only a mapping keeps: see unnamed.py.
    rules += (Ask("mmap", (LacksBits(3, _MAP_ANONYMOUS),)),)
    return seccomp.compiled(machine, rules)


def _names_in_shared_memory(machine: str) -> list[Rule]:
    """Return rules for all calls by which glibc and musl use /dev/shm, and for as few others as the flags can tell.

    shm_open and sem_open open with O_NOFOLLOW, or create with O_EXCL. sem_open also links a new semaphore to its name.
    """
    other = _O_DIRECTORY[machine] | _O_PATH
    rules: list[Rule] = []
    for name, flags, here in _OPENS:
        file = (*here, LacksBits(flags, other))
        rules.append(Ask(name, (*file, HasBits(flags, _O_NOFOLLOW[machine]))))
        rules.append(Ask(name, (*file, HasBits(flags, _O_CREAT), HasBits(flags, _O_EXCL))))
    return [
        *rules,
        Ask("link unlink"),
        Ask("linkat", (Is(0, (_AT_FDCWD,)), Is(2, (_AT_FDCWD,)))),
        Ask("unlinkat", (Is(0, (_AT_FDCWD,)), LacksBits(2, _AT_REMOVEDIR))),
    ]
