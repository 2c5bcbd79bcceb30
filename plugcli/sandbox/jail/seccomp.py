"""The system call filter: the calls that the jail's code cannot make, and the errors that they return instead. seccomp(2).

It is a deny list, because an allow list breaks with every new libc or numpy. A denied call returns an ordinary errno, never SIGSYS; it is
ENOSYS if libc has a fallback. If the kernel reads an argument as an int, only its low 32 bits are compared, so that high bits cannot evade
a comparison (CVE-2019-10063). Data behind a pointer is never checked, because it can change after the check.
"""

import errno
import struct
from collections.abc import Iterable
from typing import NamedTuple

from . import syscalls

_LD_WORD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_JA = 0x05  # BPF_JMP | BPF_JA
_JEQ = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_JGT = 0x25
_JSET = 0x45
_AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
_RET = 0x06

# The kernel runs a new filter once for every call, to learn which are always allowed. So the filter finds calls by groups.
_CALLS_A_GROUP = 10

_ALLOW = 0x7FFF0000
_USER_NOTIF = 0x7FC00000
_ERRNO = 0x00050000
_OFFSET_NR = 0
_OFFSET_ARCH = 4
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_IPPROTO_TCP, _IPPROTO_UDP = 6, 17
_SOCK_STREAM, _SOCK_DGRAM, _SOCK_TYPE_MASK = 1, 2, 15  # the bits above are SOCK_NONBLOCK and SOCK_CLOEXEC
_F_SETLEASE, _F_NOTIFY, _F_SETDELEG = 1024, 1026, 1040
_F_SETPIPE_SZ = 1031
_F_OFD_GETLK, _F_OFD_SETLK, _F_OFD_SETLKW = 36, 37, 38
_TIOCSTI, _TIOCLINUX, _TIOCSETD, _TIOCSCTTY = 0x5412, 0x541C, 0x5423, 0x540E
_RLIMIT_CORE = 4
_PRIO_USER, _IOPRIO_WHO_USER = 2, 3
_PR_SET_SECCOMP, _PR_SET_DUMPABLE = 22, 4
_PR_SET_THP_DISABLE, _PR_SET_MEMORY_MERGE, _PR_FUTEX_HASH = 41, 67, 78
_ANY_NAMESPACE = 0x7E020080  # every CLONE_NEW* flag, including CLONE_NEWTIME
_CLOSE_RANGE_UNSHARE = 2
_CLONE_VM, _CLONE_FILES, _CLONE_VFORK, _CLONE_THREAD = 0x100, 0x400, 0x4000, 0x10000
_MAP_SHARED, _MAP_HUGETLB, _MAP_POPULATE = 1, 0x40000, 0x8000
_MADV_MERGEABLE, _MADV_COLD, _MADV_PAGEOUT = 12, 20, 21
_MADV_POPULATE_READ, _MADV_POPULATE_WRITE = 22, 23
_POSIX_FADV_DONTNEED = 4
_SOL_SOCKET = 1
_SO_SNDBUF, _SO_RCVBUF, _SO_ZEROCOPY, _SO_PASSPIDFD, _SO_PEERPIDFD = 7, 8, 60, 76, 77
_SO_ATTACH_FILTER, _SO_ATTACH_BPF, _SO_ATTACH_REUSEPORT_CBPF, _SO_ATTACH_REUSEPORT_EBPF = 26, 50, 51, 52
_TCP_ZEROCOPY_RECEIVE = 35
_TCP_MD5SIG, _TCP_ULP, _TCP_MD5SIG_EXT, _TCP_AO_ADD_KEY, _TCP_AO_DEL_KEY, _TCP_AO_INFO = (
    14,
    31,
    32,
    38,
    39,
    40,
)
_IPPROTO_IPV6, _IPV6_FLOWLABEL_MGR = 41, 32
_BRIDGES_AND_VLANS = (0x8940, 0x8941, 0x89A0, 0x89A1, 0x8980, 0x8981, 0x8982, 0x8983)  # <linux/sockios.h>
_INIT = 1  # the jail's init has the same uid as the code, but the code must not touch it


class Is(NamedTuple):
    """True if the low 32 bits of argument number `argument` are one of `values`."""

    argument: int
    values: tuple[int, ...]


class IsNot(NamedTuple):
    """True if the bits in `mask` of the low 32 bits of argument number `argument` are none of `values`."""

    argument: int
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFF


class HasBits(NamedTuple):
    """True if the low 32 bits of argument number `argument` have any bit of `mask`."""

    argument: int
    mask: int


class LacksBits(NamedTuple):
    """True if the low 32 bits of argument number `argument` have no bit of `mask`."""

    argument: int
    mask: int


class IsNotNull(NamedTuple):
    """True if argument number `argument`, a 64-bit pointer, is not NULL."""

    argument: int


class Outside(NamedTuple):
    """True if the low 32 bits of argument number `argument` are less than `first`, which is not 0, or more than `last`."""

    argument: int
    first: int
    last: int


Condition = Is | IsNot | HasBits | LacksBits | IsNotNull | Outside


class Deny(NamedTuple):
    """Return `code` for the calls named in `calls` if every condition holds. With code 0, the call does nothing and reports success."""

    code: int
    calls: str
    when: tuple[Condition, ...] = ()


class Ask(NamedTuple):
    """Have the jail's init answer the calls named in `calls` if every condition holds. seccomp_unotify(2)."""

    calls: str
    when: tuple[Condition, ...] = ()


Rule = Deny | Ask

RULES = (
    # Namespaces and mounts: with them the code could undo the read-only binds around it.
    Deny(
        errno.EPERM,
        "unshare setns mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr",
    ),
    Deny(errno.EPERM, "clone", (HasBits(0, _ANY_NAMESPACE),)),
    Deny(
        errno.ENOSYS, "clone3 statmount listmount"
    ),  # the flags of clone3 are behind a pointer; libc falls back to clone
    # The memory of other processes, and files opened by handle.
    Deny(
        errno.EPERM,
        "ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp",
    ),
    Deny(errno.EPERM, "open_by_handle_at name_to_handle_at"),
    # Kernel features that Python work does not need; most of them need root.
    Deny(errno.EPERM, "bpf perf_event_open userfaultfd fanotify_init fanotify_mark syslog lookup_dcookie"),
    Deny(errno.EPERM, "kexec_load kexec_file_load init_module finit_module delete_module create_module"),
    Deny(
        errno.EPERM,
        "swapon swapoff reboot sethostname setdomainname acct quotactl quotactl_fd nfsservctl vhangup",
    ),
    Deny(
        errno.EPERM, "iopl ioperm modify_ldt uselib ustat sysfs _sysctl get_kernel_syms query_module vserver"
    ),
    Deny(errno.EPERM, "afs_syscall tuxcall security putpmsg getpmsg migrate_pages move_pages"),
    Deny(errno.EPERM, "settimeofday clock_settime clock_adjtime adjtimex"),
    Deny(errno.EPERM, "personality", (IsNot(0, (0, 0xFFFFFFFF)),)),
    Deny(errno.ENOSYS, "io_uring_setup io_uring_enter io_uring_register keyctl add_key request_key"),
    Deny(errno.ENOSYS, "seccomp landlock_create_ruleset"),
    Deny(errno.ENOSYS, "landlock_add_rule landlock_restrict_self"),
    Deny(errno.EINVAL, "prctl", (Is(0, (_PR_SET_SECCOMP,)),)),
    Deny(
        errno.EPERM, "prctl", (Is(0, (_PR_SET_DUMPABLE,)), Is(1, (0,)))
    ),  # otherwise the watcher could not see its mappings
    Deny(errno.ENOSYS, "lsm_get_self_attr lsm_set_self_attr lsm_list_modules"),
    # Memory that no rlimit and no tmpfs size limits. POSIX shared memory in /dev/shm still works.
    Deny(errno.ENOSYS, "memfd_create memfd_secret"),
    Deny(
        errno.ENOSYS, "shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl"
    ),
    Deny(errno.ENOSYS, "mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr"),
    # A small object that holds a big one: one byte of a huge page in a pipe keeps the page, though no process has it any more. Python's
    # shutil and socket, cp and tar fall back to read and write.
    Deny(errno.ENOSYS, "vmsplice splice tee sendfile"),
    Deny(errno.EOPNOTSUPP, "setsockopt", (Is(1, (_SOL_SOCKET,)), Is(2, (_SO_ZEROCOPY,)))),
    Deny(errno.EOPNOTSUPP, "getsockopt", (Is(1, (_IPPROTO_TCP,)), Is(2, (_TCP_ZEROCOPY_RECEIVE,)))),
    # Asynchronous I/O: the machine has one limit on its contexts (fs.aio-max-nr), and databases outside need them.
    Deny(errno.ENOSYS, "io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents"),
    # The machine's pool of huge pages, which no memory cgroup counts. mmap(2) returns ENOMEM if the pool is empty.
    Deny(errno.ENOMEM, "mmap", (HasBits(3, _MAP_HUGETLB),)),
    # Merged pages reveal the content of other processes' memory, and pages that were paged out are in no count of resident pages.
    Deny(errno.EINVAL, "madvise", (Is(2, (_MADV_MERGEABLE, _MADV_COLD, _MADV_PAGEOUT)),)),
    Deny(errno.EINVAL, "prctl", (Is(0, (_PR_SET_MEMORY_MERGE,)),)),
    # Kernel memory that nothing charges: a table of futexes, access control lists, memory policies for every other page. cp -p, tar and
    # shutil.copystat work without the second, OpenBLAS without the third; Docker's filter denies that too.
    Deny(errno.EINVAL, "prctl", (Is(0, (_PR_FUTEX_HASH,)),)),
    Deny(errno.EOPNOTSUPP, "setxattr lsetxattr fsetxattr"),
    Deny(errno.EPERM, "mbind set_mempolicy set_mempolicy_home_node"),
    Deny(errno.EPERM, "prctl", (Is(0, (_PR_SET_THP_DISABLE,)),)),  # set by limits.py
    # Pipes and sockets count with their default sizes. The kernel itself accepts a size above its maximum and silently uses a smaller one
    # (socket(7)).
    Deny(errno.EPERM, "fcntl", (Is(1, (_F_SETPIPE_SZ,)),)),
    Deny(0, "setsockopt", (Is(1, (_SOL_SOCKET,)), Is(2, (_SO_SNDBUF, _SO_RCVBUF)))),
    Deny(
        errno.EPERM,
        "setsockopt",
        (
            Is(1, (_SOL_SOCKET,)),
            Is(2, (_SO_ATTACH_FILTER, _SO_ATTACH_BPF, _SO_ATTACH_REUSEPORT_CBPF, _SO_ATTACH_REUSEPORT_EBPF)),
        ),
    ),
    # The kernel has 4,096 flow labels for the whole machine.
    Deny(errno.ENOPROTOOPT, "setsockopt", (Is(1, (_IPPROTO_IPV6,)), Is(2, (_IPV6_FLOWLABEL_MGR,)))),
    # Calls that make the host load a kernel module.
    Deny(
        errno.ENOPROTOOPT,
        "setsockopt",
        (
            Is(1, (_IPPROTO_TCP,)),
            Is(2, (_TCP_MD5SIG, _TCP_ULP, _TCP_MD5SIG_EXT, _TCP_AO_ADD_KEY, _TCP_AO_DEL_KEY, _TCP_AO_INFO)),
        ),
    ),
    Deny(errno.ENOPKG, "ioctl", (Is(1, _BRIDGES_AND_VLANS),)),
    # Descriptors that the kernel adds: a pidfd of the process at the other end of a socket, which for the door is plugcli itself.
    Deny(errno.ENOPROTOOPT, "setsockopt", (Is(1, (_SOL_SOCKET,)), Is(2, (_SO_PASSPIDFD,)))),
    Deny(errno.ENOPROTOOPT, "getsockopt", (Is(1, (_SOL_SOCKET,)), Is(2, (_SO_PEERPIDFD,)))),
    # Locks are counted by the process that holds them (objects.py). A lock of an open file has no process; neither has a lock of an ended
    # process that shared its files with another. The error is that of kernels before Linux 3.15, which had no such locks.
    Deny(errno.EINVAL, "fcntl", (Is(1, (_F_OFD_GETLK, _F_OFD_SETLK, _F_OFD_SETLKW)),)),
    Deny(errno.EPERM, "clone", (HasBits(0, _CLONE_FILES), LacksBits(0, _CLONE_THREAD))),
    # The other way round: a thread with descriptors of its own, which /proc shows only under that thread.
    Deny(errno.EPERM, "clone", (HasBits(0, _CLONE_THREAD), LacksBits(0, _CLONE_FILES))),
    Deny(errno.EINVAL, "close_range", (HasBits(2, _CLOSE_RANGE_UNSHARE),)),
    # A parent that waits for its child as after vfork(2), but with a copy of its memory: memory.py would take them for sharing one memory.
    Deny(errno.EPERM, "clone", (HasBits(0, _CLONE_VFORK), LacksBits(0, _CLONE_VM))),
    # The whole machine would wait for its disks, or read its files again. Everything that a jail writes is in memory.
    Deny(0, "sync syncfs"),
    Deny(0, "fadvise64", (Is(3, (_POSIX_FADV_DONTNEED,)),)),
    # Allowed sockets are unix sockets and the jail's own loopback. A network namespace does not cover AF_VSOCK and others.
    Deny(errno.EAFNOSUPPORT, "socket", (IsNot(0, (_AF_UNIX, _AF_INET, _AF_INET6)),)),
    Deny(
        errno.EPROTONOSUPPORT,
        "socket",
        (Is(0, (_AF_INET, _AF_INET6)), IsNot(2, (0, _IPPROTO_TCP, _IPPROTO_UDP))),
    ),
    # The type alone makes SOCK_SEQPACKET SCTP and SOCK_DCCP DCCP, and creating them loads modules of the host.
    Deny(
        errno.ESOCKTNOSUPPORT,
        "socket",
        (Is(0, (_AF_INET, _AF_INET6)), IsNot(1, (_SOCK_STREAM, _SOCK_DGRAM), _SOCK_TYPE_MASK)),
    ),
    Deny(errno.EAFNOSUPPORT, "socketpair", (IsNot(0, (_AF_UNIX,)),)),
    # Injecting input into a terminal, should one ever get into a jail (CVE-2017-5226).
    Deny(errno.EPERM, "ioctl", (Is(1, (_TIOCSTI, _TIOCLINUX, _TIOCSETD, _TIOCSCTTY)),)),
    # The interpreter's files on the host may belong to the user. A lease on one makes the host's next open wait for us for 45 seconds. A
    # notification tells when the host opens or changes one. Read-only mounts prevent neither.
    Deny(errno.EPERM, "fcntl", (Is(1, (_F_SETLEASE, _F_NOTIFY, _F_SETDELEG)),)),
    # Limits: the core limit of 1 keeps a piped core_pattern from running, see limits.py.
    Deny(errno.EPERM, "setrlimit", (Is(0, (_RLIMIT_CORE,)),)),
    Deny(errno.EPERM, "prlimit64", (Is(1, (_RLIMIT_CORE,)), IsNotNull(2))),
    Deny(errno.EPERM, "prlimit64", (Is(0, (_INIT,)),)),
    # The Policy sets the CPUs, and the code must not starve the init that watches its memory.
    Deny(errno.EPERM, "sched_setaffinity"),
    Deny(errno.EPERM, "sched_setscheduler sched_setparam sched_setattr", (Is(0, (_INIT,)),)),
    Deny(errno.EPERM, "setpriority", (Is(0, (_PRIO_USER,)),)),
    Deny(errno.EPERM, "ioprio_set", (Is(0, (_IOPRIO_WHO_USER,)),)),
    Deny(errno.EPERM, "setpriority ioprio_set", (Is(1, (_INIT,)),)),
)


WHERE_MEASURED: tuple[Rule, ...] = (
    # A process that fills a whole mapping in one call holds the lock of its memory meanwhile, and the init would wait for that lock
    # (mmap_lock, in show_smaps_rollup) while others take more. Kernels before Linux 5.14 lack the first.
    Deny(errno.EINVAL, "madvise", (Is(2, (_MADV_POPULATE_READ, _MADV_POPULATE_WRITE)),)),
    Deny(errno.EOPNOTSUPP, "mmap", (HasBits(3, _MAP_POPULATE),)),
    # The init counts shared mappings before they are made: see mappings.py.
    Ask("mmap", (HasBits(3, _MAP_SHARED),)),
)
"""Further rules where the init measures memory."""


def program(machine: str, *, asks: bool = False) -> bytes:
    """Return the filter with RULES for `machine`. With `asks`, the init is asked before a shared mapping is made."""
    return compiled(machine, (*RULES, *WHERE_MEASURED) if asks else RULES)


def compiled(machine: str, rules: Iterable[Rule]) -> bytes:
    """Return rules as classic BPF for `machine` (os.uname().machine). Raises KeyError for an unknown architecture.

    The first rule that fits a call decides.
    """
    numbers = syscalls.numbers(machine)
    lines = [
        _statement(_LD_WORD, _OFFSET_ARCH),
        _jump(_JEQ, _AUDIT_ARCH[machine], 1, 0),
        _answer(errno.ENOSYS),  # another architecture's call numbers (int 0x80 on x86_64)
        _statement(_LD_WORD, _OFFSET_NR),
        _jump(_JGT, syscalls.NEWEST, 0, 1),
        _answer(errno.ENOSYS),  # newer than the table; also x32, whose numbers start at 2**30
    ]
    found: dict[int, list[Rule]] = {}
    for rule in rules:
        for name in rule.calls.split():
            if name in numbers:
                found.setdefault(numbers[name], []).append(rule)
    ordered = sorted(found)
    for start in range(0, len(ordered), _CALLS_A_GROUP):
        group = ordered[start : start + _CALLS_A_GROUP]
        block = [line for number in group for line in _call(number, found[number])]
        block.append(_statement(_RET, _ALLOW))
        lines += [_jump(_JGT, group[-1], 0, 1), _statement(_JA, len(block)), *block]
    lines.append(_statement(_RET, _ALLOW))
    return b"".join(lines)


def _call(number: int, rules: list[Rule]) -> list[bytes]:
    """Return the instructions that check one call or skip it."""
    block = [line for rule in rules for line in _rule(rule)]
    if rules[-1].when:
        block.append(_statement(_RET, _ALLOW))
    return [_jump(_JEQ, number, 0, len(block)), *block]


def _rule(rule: Rule) -> list[bytes]:
    """Return the instructions of one rule. If a condition fails, control continues after the last of them."""
    lines = [_statement(_RET, _USER_NOTIF) if isinstance(rule, Ask) else _answer(rule.code)]
    for condition in reversed(rule.when):
        lines = _condition(condition, len(lines)) + lines
    return lines


def _condition(condition: Condition, rest: int) -> list[bytes]:
    """Return instructions that continue with the next one if true, and skip `rest` instructions if false."""
    low = 16 + 8 * condition.argument  # both architectures are little-endian
    if isinstance(condition, HasBits):
        return [_statement(_LD_WORD, low), _jump(_JSET, condition.mask, 0, rest)]
    if isinstance(condition, LacksBits):
        return [_statement(_LD_WORD, low), _jump(_JSET, condition.mask, rest, 0)]
    if isinstance(condition, IsNotNull):
        return [
            _statement(_LD_WORD, low),
            _jump(_JEQ, 0, 0, 2),
            _statement(_LD_WORD, low + 4),
            _jump(_JEQ, 0, rest, 0),
        ]
    if isinstance(condition, Outside):
        return [
            _statement(_LD_WORD, low),
            _jump(_JGT, condition.first - 1, 0, 1),
            _jump(_JGT, condition.last, 0, rest),
        ]
    count = len(condition.values)
    if isinstance(condition, IsNot):
        tests = [_jump(_JEQ, value, count - 1 - i + rest, 0) for i, value in enumerate(condition.values)]
    else:
        last = count - 1
        tests = [_jump(_JEQ, value, last - i, 0) for i, value in enumerate(condition.values[:-1])]
        tests.append(_jump(_JEQ, condition.values[-1], 0, rest))
    if isinstance(condition, IsNot) and condition.mask != 0xFFFFFFFF:
        tests.insert(0, _statement(_AND, condition.mask))
    return [_statement(_LD_WORD, low), *tests]


def _answer(code: int) -> bytes:
    return _statement(_RET, _ERRNO | code)


def _statement(operation: int, constant: int) -> bytes:
    return struct.pack("HBBI", operation, 0, 0, constant)


def _jump(operation: int, constant: int, if_true: int, if_false: int) -> bytes:
    return struct.pack("HBBI", operation, if_true, if_false, constant)
