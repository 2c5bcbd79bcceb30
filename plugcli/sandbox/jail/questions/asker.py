"""What a jail's init reads of a thread that has asked: its memory, its descriptors, and its current folder.

All of it can change at any time: nothing here decides anything by what it has read. The init may read it because the thread is a
descendant, with the same uid and rules of Landlock that are stricter than its own.
"""

import errno
import os

from .. import libc
from ..processes import read as read_file

AT_FDCWD = -100
_PATH_MAX = 4096  # with the NUL
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def signed(argument: int) -> int:
    """Return an argument that the kernel reads as an int."""
    return ((argument & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000


def read(thread: int, address: int, size: int) -> bytes:
    """Return `size` bytes of a thread's memory. Raises OSError: EFAULT if not all of it is there, EPERM if it is hidden from us."""
    data = libc.process_vm_readv(thread, address, size)
    if len(data) < size:
        raise OSError(errno.EFAULT, os.strerror(errno.EFAULT))
    return data


def read_path(thread: int, address: int) -> bytes:
    """Return the path at an address of a thread's memory, as getname of fs/namei.c would. Raises OSError."""
    path = b""
    while len(path) < _PATH_MAX:  # page by page: the next one may be missing
        size = min(_PAGE_BYTES - (address + len(path)) % _PAGE_BYTES, _PATH_MAX - len(path))
        text, end, _ = read(thread, address + len(path), size).partition(b"\0")
        path += text
        if end:
            return path
    raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))


def opened(thread: int, descriptor: int) -> int:
    """Return an O_PATH descriptor of what a descriptor of a thread leads to; AT_FDCWD is its current folder. Raises OSError."""
    name = "cwd" if descriptor == AT_FDCWD else f"fd/{descriptor}"
    try:
        return os.open(f"/proc/{thread}/{name}", os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF)) from None


def process_of(thread: int) -> int:
    """Return the pid of the process that a thread is part of. Raises ProcessLookupError if it has ended."""
    return int(_field(f"/proc/{thread}/status", b"Tgid:"))


def umask_of(thread: int) -> int:
    """Return the bits that a thread's new files do not get. Raises ProcessLookupError if it has ended."""
    return int(_field(f"/proc/{thread}/status", b"Umask:"), 8)


def target_of_pidfd(thread: int, descriptor: int) -> int:
    """Return the pid behind a thread's pidfd. Raises OSError: EBADF if it is none, ESRCH if its process has ended."""
    text = read_file(f"/proc/{thread}/fdinfo/{descriptor}")
    if b"\nPid:" not in text:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    pid = int(text.partition(b"\nPid:")[2].split(None, 1)[0])
    if pid <= 0:  # ended, or of a pid namespace that is not ours
        raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
    return pid


def _field(path: str, name: bytes) -> bytes:
    """Return the value of a line in a file of /proc. A process's own name, on the first line, cannot contain line ends."""
    for line in read_file(path).splitlines():
        if line.startswith(name):
            return line[len(name) :].strip()
    raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
