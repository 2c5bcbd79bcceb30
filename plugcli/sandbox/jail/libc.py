"""One thin function per system call, with the name of the call, raising an OSError that names it.

Errors are `OSError(errno, "call: text", path)`. It has only calls that the jail needs and `os` lacks (Python 3.11).
"""

import ctypes
import errno
import os
import signal
import socket
import struct
from collections.abc import Callable

from .syscall_plan import Blank, PreparedCall, make

_libc = ctypes.CDLL(None, use_errno=True)
_locked_libc = ctypes.PyDLL(None, use_errno=True)
# Functions that only jails call, looked up here: the first lookup writes to forty pages, and each jail would have its own copy.
_clone, _signalfd, _socket = _libc.clone, _libc.signalfd, _libc.socket

_NOTHING = ctypes.c_ulong(0)

CLONE_VM = 0x00000100
CLONE_PARENT = 0x00008000
CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

_INTERNET = (int(socket.AF_INET), socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, 0)
_stack = ctypes.create_string_buffer(16384)
_PAUSING = (
    ctypes.cast(_libc.pause, ctypes.c_void_p),
    ctypes.c_void_p(ctypes.addressof(_stack) + len(_stack)),
    CLONE_VM | CLONE_PARENT,
    None,
)

MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_BIND = 4096
MS_MOVE = 8192
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2
MADV_COLLAPSE = 25

MOUNT_ATTR_RDONLY = 1
MOUNT_ATTR_NOSUID = 2
MOUNT_ATTR_NODEV = 4

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_SECUREBITS = 28
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
PR_SET_THP_DISABLE = 41
SECCOMP_MODE_FILTER = 2
_SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_NEW_LISTENER = 1, 8
_SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV = 32

# The same numbers on x86_64 and aarch64, like all calls since Linux 5.1.
_SYS_OPEN_TREE = 428
_SYS_MOVE_MOUNT = 429
_SYS_MOUNT_SETATTR = 442
_SYS_OPENAT2 = 437
_SYS_PIDFD_SEND_SIGNAL = 424
_SYS_PROCESS_MRELEASE = 448
_SYS_LANDLOCK_CREATE_RULESET = 444
_SYS_LANDLOCK_ADD_RULE = 445
_SYS_LANDLOCK_RESTRICT_SELF = 446
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_SYS_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SYS_TGKILL = {"x86_64": 234, "aarch64": 131}
_CLONE = ctypes.c_long({"x86_64": 56, "aarch64": 220}.get(os.uname().machine, -1))
_NO_STACK = (ctypes.c_long(0),) * 4  # signals the parent at its end, with no other flag of clone

# <linux/openat2.h>: not out of the folder, not through a symbolic link, even one of /proc, and not to another file system.
_RESOLVE_BENEATH, _RESOLVE_NO_SYMLINKS, RESOLVE_NO_MAGICLINKS, _RESOLVE_NO_XDEV = 8, 4, 2, 1
_AT_FDCWD = -100
_AT_EMPTY_PATH = 0x1000
_AT_RECURSIVE = 0x8000
_OPEN_TREE_CLONE = 1
_MOVE_MOUNT_F_EMPTY_PATH = 4
_LANDLOCK_CREATE_RULESET_VERSION = 1
_LANDLOCK_RULE_PATH_BENEATH = 1
CAP_SETGID, CAP_SETUID = 6, 7


class _Filter(ctypes.Structure):
    """struct sock_fprog of <linux/filter.h>."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def failure(call: str, path: str = "") -> OSError:
    """Return the error of the call that just failed."""
    code = ctypes.get_errno()
    return OSError(code, f"{call}: {os.strerror(code)}", path or None)


def _checked(result: int, call: str, path: str = "") -> int:
    if result < 0:
        raise failure(call, path)
    return result


def _syscall(call: str, number: int, *arguments: object, path: str = "") -> int:
    return _checked(_libc.syscall(ctypes.c_long(number), *arguments), call, path)


def cloning(flags: int) -> tuple[Callable[..., int], tuple[object, ...]]:
    """Return a function with arguments that fork into new namespaces. It returns the child's pid, 0 in the child, and -1 if it failed.

    Unlike with `os.fork`, Python and libc do not notice the fork. So the caller must have one thread, and the child must not use anything
    that needs their thread ids. It is called with the interpreter's lock held, which the child then holds too.
    """
    return _locked_libc.syscall, (_CLONE, ctypes.c_long(flags | signal.SIGCHLD), *_NO_STACK)


def clone_pausing() -> int:
    """Make a sibling that shares this process's memory and calls pause(2) for ever on its own stack; return its pid."""
    return _checked(_clone(*_PAUSING), "clone")


def unshare_call(flags: int) -> PreparedCall:
    """Return the call that moves a process (for CLONE_NEWPID: its next child) into new namespaces."""
    return PreparedCall(_libc.unshare, (flags,))


def unshare(flags: int) -> None:
    """Move this process into new namespaces."""
    make([unshare_call(flags)])


def mount_call(
    source: str, target: str, kind: str, flags: int, data: "str | ctypes.Array[ctypes.c_char]" = ""
) -> PreparedCall:
    """Return the call that mounts file system `kind` on `target`, or changes the propagation of `target` (kind empty)."""
    arguments = [text.encode() or None for text in (target, kind)]
    options = data.encode() or None if isinstance(data, str) else data
    return PreparedCall(_libc.mount, (source.encode() or None, *arguments, ctypes.c_ulong(flags), options))


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """Mount file system `kind` on `target`, or change the propagation of `target` (kind empty)."""
    make([mount_call(source, target, kind, flags, data)])


def umount2_call(target: str, flags: int) -> PreparedCall:
    """Return the call that unmounts `target`."""
    return PreparedCall(_libc.umount2, (target.encode(), flags))


def umount2(target: str, flags: int) -> None:
    """Unmount `target`."""
    make([umount2_call(target, flags)])


def pivot_root(new_root: str, put_old: str) -> None:
    """Make `new_root` the root of this mount namespace."""
    number = _SYS_PIVOT_ROOT[os.uname().machine]
    _syscall("pivot_root", number, new_root.encode(), put_old.encode(), path=new_root)


def open_tree(path: str) -> int:
    """Return a descriptor of a detached copy of the mounts at `path` and below it."""
    flags = _OPEN_TREE_CLONE | _AT_RECURSIVE | os.O_CLOEXEC
    return _syscall("open_tree", _SYS_OPEN_TREE, _AT_FDCWD, path.encode(), flags, path=path)


def move_mount(tree: int, path: str) -> None:
    """Attach the detached mounts `tree` at `path`."""
    flags = _MOVE_MOUNT_F_EMPTY_PATH
    _syscall("move_mount", _SYS_MOVE_MOUNT, tree, b"", _AT_FDCWD, path.encode(), flags, path=path)


def mount_setattr_call(tree: int | str, attributes: int) -> PreparedCall:
    """Return the call that adds MOUNT_ATTR_* to a mount: a descriptor of detached mounts (all of them) or a path (that mount alone)."""
    wanted = ctypes.create_string_buffer(struct.pack("QQQQ", attributes, 0, 0, 0))
    if isinstance(tree, int):
        target: tuple[int, bytes, int] = (tree, b"", _AT_EMPTY_PATH | _AT_RECURSIVE)
    else:
        target = (_AT_FDCWD, tree.encode(), 0)
    number = ctypes.c_long(_SYS_MOUNT_SETATTR)
    return PreparedCall(_mount_setattr, (number, *target, wanted, ctypes.c_size_t(32)))


def _mount_setattr(*arguments: object) -> int:
    return int(_libc.syscall(*arguments))


def mount_setattr(tree: int | str, attributes: int) -> None:
    """Add MOUNT_ATTR_* to a mount: a descriptor of detached mounts (all of them) or a path (that mount alone)."""
    make([mount_setattr_call(tree, attributes)])


def openat2(folder: int, path: bytes, flags: int, resolve: int, mode: int = 0) -> int:
    """Open `path` relative to the descriptor `folder`, with limits on how the path is resolved."""
    if b"\0" in path:
        raise OSError(errno.EINVAL, "a path holds a NUL", path)
    how = ctypes.create_string_buffer(struct.pack("QQQ", flags | os.O_CLOEXEC, mode, resolve))
    return _syscall("openat2", _SYS_OPENAT2, folder, path, how, ctypes.c_size_t(24), path=os.fsdecode(path))


def openat2_beneath(folder: int, path: bytes, flags: int, mode: int = 0) -> int:
    """Open `path` below the descriptor `folder` without following links."""
    resolve = _RESOLVE_BENEATH | _RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | _RESOLVE_NO_XDEV
    return openat2(folder, path, flags, resolve, mode)


def utimensat(path: str, times: bytes | None) -> None:
    """Set the times of the file `path` to two struct timespec, or to now."""
    _checked(_libc.utimensat(_AT_FDCWD, path.encode(), times, 0), "utimensat", path)


def process_vm_readv(pid: int, address: int, size: int) -> bytes:
    """Return `size` bytes of the memory of another process."""
    buffer = ctypes.create_string_buffer(size)
    here = ctypes.create_string_buffer(struct.pack("QQ", ctypes.addressof(buffer), size))
    there = ctypes.create_string_buffer(struct.pack("QQ", address, size))
    one = ctypes.c_ulong(1)
    got = _checked(_libc.process_vm_readv(pid, here, one, there, one, _NOTHING), "process_vm_readv")
    return buffer.raw[:got]


def pidfd_send_signal(process: int, number: int, info: bytes | None = None) -> None:
    """Send a signal to the process of a pidfd, with a siginfo_t where there is one."""
    arguments = process, number, info, ctypes.c_uint(0)
    _syscall("pidfd_send_signal", _SYS_PIDFD_SEND_SIGNAL, *arguments)


def tgkill(process: int, thread: int, number: int) -> None:
    """Send a signal to one thread of a process."""
    _syscall("tgkill", _SYS_TGKILL[os.uname().machine], process, thread, number)


def fstatfs_type(descriptor: int) -> int:
    """Return the kind of the file system that a descriptor is on, one of those in <linux/magic.h>."""
    status = ctypes.create_string_buffer(256)  # struct statfs is 120 bytes
    _checked(_libc.fstatfs(descriptor, status), "fstatfs")
    return int(struct.unpack_from("l", status)[0])


def madvise(start: int, length: int, advice: int) -> None:
    """Advise the kernel about a range of this process's memory."""
    _checked(_libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(length), advice), "madvise")


def resident_part(start: int, length: int) -> float:
    """Return the fraction of a range of whole pages that is resident. mincore(2)."""
    pages = ctypes.create_string_buffer(length // os.sysconf("SC_PAGE_SIZE"))
    address = ctypes.c_void_p(start), ctypes.c_size_t(length)
    _checked(_libc.mincore(*address, pages), "mincore")
    return sum(byte & 1 for byte in pages.raw) / len(pages)


def process_mrelease(process: int) -> None:
    """Have the kernel free the memory of a killed process, given its pidfd."""
    _syscall("process_mrelease", _SYS_PROCESS_MRELEASE, process, 0)


def malloc_trim() -> None:
    """Return unused pages of libc to the kernel, if it is glibc."""
    if hasattr(_libc, "malloc_trim"):
        _libc.malloc_trim(0)


def sethostname(name: str) -> None:
    """Set the host name of this UTS namespace."""
    _checked(_libc.sethostname(name.encode(), len(name)), "sethostname")


def prctl_call(option: int, value: int = 0, third: object = _NOTHING) -> PreparedCall:
    """Return the call that changes a process: see prctl(2)."""
    return PreparedCall(_libc.prctl, (option, ctypes.c_ulong(value), third, _NOTHING, _NOTHING))


def prctl(option: int, value: int = 0) -> None:
    """Change this process: see prctl(2)."""
    make([prctl_call(option, value)])


def chown_call(path: str, who: Blank) -> PreparedCall:
    """Return the call that gives `path` to the uid and gid of a jail."""
    return PreparedCall(_libc.chown, (path.encode(), who.uid, who.gid))


def setres_calls(who: Blank) -> list[PreparedCall]:
    """Return the calls that change a process to the uid and gid of a jail, without further groups."""
    return [
        PreparedCall(_libc.setgroups, (ctypes.c_size_t(0), None)),
        PreparedCall(_libc.setresgid, (who.gid,) * 3),
        PreparedCall(_libc.setresuid, (who.uid,) * 3),
    ]


def enter_group_call(descriptor: ctypes.c_int) -> PreparedCall:
    """Return the call that moves a process into the cgroup of this descriptor."""
    return PreparedCall(_libc.write, (descriptor, b"0", ctypes.c_size_t(1)))


def capset_call(*capabilities: int) -> PreparedCall:
    """Return the call that leaves only these capabilities in the effective and permitted sets, and none in the inheritable one."""
    # _LINUX_CAPABILITY_VERSION_3, this process
    header = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0))
    bits = sum(1 << each for each in capabilities)
    return PreparedCall(
        _libc.capset, (header, ctypes.create_string_buffer(struct.pack("IIIIII", bits, bits, 0, 0, 0, 0), 24))
    )


def landlock_abi() -> int:
    """Return the version of the kernel's Landlock."""
    flags = _LANDLOCK_CREATE_RULESET_VERSION
    return _syscall("landlock_create_ruleset", _SYS_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), flags)


def landlock_create_ruleset(abi: int, files: int, network: int, scoped: int) -> int:
    """Return the descriptor of a new ruleset that handles these rights, for a kernel whose Landlock has the version `abi`."""
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    attributes = ctypes.create_string_buffer(struct.pack("QQQ", files, network, scoped))
    number = _SYS_LANDLOCK_CREATE_RULESET
    ruleset = _syscall("landlock_create_ruleset", number, attributes, ctypes.c_size_t(size), 0)
    os.set_inheritable(ruleset, False)
    return ruleset


def landlock_add_rule(ruleset: int, files: int, place: int) -> None:
    """Add to a ruleset the rights `files` on what the descriptor `place` leads to."""
    attributes = ctypes.create_string_buffer(struct.pack("=Qi", files, place))
    kind = _LANDLOCK_RULE_PATH_BENEATH
    _syscall("landlock_add_rule", _SYS_LANDLOCK_ADD_RULE, ruleset, kind, attributes, 0)


def landlock_restrict_self(ruleset: int) -> None:
    """Confine this process and its children to a ruleset."""
    _syscall("landlock_restrict_self", _SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0)


def seccomp_filter_call(program: bytes) -> PreparedCall:
    """Return the call that installs a classic BPF program (an array of struct sock_filter) on a thread and its children."""
    filter_ = _Filter(len(program) // 8, program)
    return prctl_call(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filter_))


def seccomp_listener(program: bytes, *, is_killable_only: bool = False) -> int:
    """Install a classic BPF program that can notify another process; return the descriptor for that. seccomp_unotify(2).

    With `is_killable_only`, no signal but a fatal one interrupts a call that is being answered, so that it is not made twice. Before
    Linux 5.19, all do.
    """
    if is_killable_only:
        try:
            return _listener(program, _SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
    return _listener(program, 0)


def _listener(program: bytes, flag: int) -> int:
    filter_ = _Filter(len(program) // 8, program)
    flags = ctypes.c_ulong(_SECCOMP_FILTER_FLAG_NEW_LISTENER | flag)
    arguments = ctypes.c_ulong(_SECCOMP_SET_MODE_FILTER), flags, ctypes.byref(filter_)
    return _syscall("seccomp", _SYS_SECCOMP[os.uname().machine], *arguments)


def sigset(*numbers: int) -> "ctypes.Array[ctypes.c_char]":
    """Return the set of these signals."""
    return ctypes.create_string_buffer(struct.pack("Q", sum(1 << number - 1 for number in numbers)), 128)


def mask_call(
    signals: "ctypes.Array[ctypes.c_char]", before: "ctypes.Array[ctypes.c_char] | None" = None
) -> PreparedCall:
    """Return the call that blocks these signals and no others in a process of one thread, and stores the old mask in `before`."""
    return PreparedCall(_libc.sigprocmask, (int(signal.SIG_SETMASK), signals, before))


def signalfd(signals: "ctypes.Array[ctypes.c_char]") -> int:
    """Return a descriptor that is readable while one of these signals, which must be blocked, waits for this process."""
    return _checked(_signalfd(-1, signals, os.O_CLOEXEC | os.O_NONBLOCK), "signalfd")


def internet_socket() -> int:
    """Return the descriptor of a socket that is in this network namespace."""
    return _checked(_socket(*_INTERNET), "socket")
