"""POSIX shared memory and semaphores: the names directly below /dev/shm are files in the jail's own folder `shm`.

The code cannot use the machine's /dev/shm. Every other path goes on to the kernel as it is, and so to Landlock, which decides by what the
kernel itself finds at the path. So it does not matter that the path can change after it was read here.
"""

import errno
import os
import stat

from .. import libc
from . import asker
from .notification import Answer, Descriptor, Question, is_waiting

_PLACE = b"/dev/shm/"
_PERMISSIONS = 0o777


def open_file(folder: int, listener: int, question: Question, first: int) -> Answer:
    """Open a name in shared memory; the path is argument number `first`, before flags and mode. Raises OSError."""
    address, flags, mode = question.arguments[first : first + 3]
    name = _name(question.thread, address)
    if name is None:
        return None
    mode = mode & _PERMISSIONS & ~asker.umask_of(question.thread) if flags & os.O_CREAT else 0
    _check(listener, question)
    # O_NONBLOCK: nobody may keep us waiting for the other end of a FIFO that has this name.
    opened = libc.openat2_beneath(
        folder, name, (flags & 0xFFFFFFFF & ~os.O_CLOEXEC) | os.O_NOFOLLOW | os.O_NONBLOCK, mode
    )
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        if not flags & os.O_NONBLOCK:
            os.set_blocking(opened, True)
    except OSError:
        os.close(opened)
        raise
    return Descriptor(opened, flags & os.O_CLOEXEC)


def link(folder: int, listener: int, question: Question, first: int, second: int) -> Answer:
    """Give a file in shared memory a second name there; the paths are arguments number `first` and `second`. Raises OSError."""
    names = [_name(question.thread, question.arguments[each]) for each in (first, second)]
    old, new = names
    if old is None or new is None:
        return None
    _check(listener, question)
    os.link(old, new, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    return 0


def unlink(folder: int, listener: int, question: Question, first: int) -> Answer:
    """Remove a name from shared memory; the path is argument number `first`. Raises OSError."""
    name = _name(question.thread, question.arguments[first])
    if name is None:
        return None
    _check(listener, question)
    os.unlink(name, dir_fd=folder)
    return 0


def _name(thread: int, address: int) -> bytes | None:
    """Return the name that a path has in shared memory; None for every other path, and where we cannot read it."""
    try:
        path = asker.read_path(thread, address)
    except OSError:
        return None  # the kernel finds the same fault
    name = path.removeprefix(_PLACE)
    return None if name == path or b"/" in name or name in (b"", b".", b"..") else name


def _check(listener: int, question: Question) -> None:
    """Raise ProcessLookupError if whoever asked is gone: the path may have been read from another process."""
    if not is_waiting(listener, question):
        raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
