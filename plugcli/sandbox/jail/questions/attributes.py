"""Changes modes, owners and times of a jail's own files for its code: Landlock keeps nobody from changing those of any other file.

A name is never given to the call that changes something: that call gets the file that beneath.py has opened.
"""

import errno
import os
import stat
import struct
from collections.abc import Callable
from typing import NamedTuple

from .. import libc
from . import asker, beneath
from .asker import AT_FDCWD, signed
from .beneath import AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW, Named
from .notification import Question

_UNCHANGED = -1
_NANOSECONDS = 1000
_MICROSECONDS_A_SECOND = 1_000_000
_TIMES = struct.Struct("4q")  # two struct timespec, or two struct timeval
_SECONDS = struct.Struct("2q")  # struct utimbuf
_WITHOUT_A_PATH = ("futimesat", "utimensat")  # with NULL, they change the descriptor's file


Change = Callable[[str], None]
"""Changes the file at a path."""


class Call(NamedTuple):
    """A call: the numbers of its arguments that name a file, and what it does with the arguments from `rest` on."""

    folder: int | None
    """None: the path is relative to the current folder."""
    path: int | None
    """None: it is the file of the descriptor `folder`."""
    rest: int
    change: Callable[[Question, int], Change]
    """It gets the question and `rest`."""
    flags: int | None = None
    follows: bool = True
    """Whether it follows a last link, where it has no flags."""


def _mode(question: Question, rest: int) -> Change:
    mode = question.arguments[rest] & 0o7777

    def change(path: str) -> None:
        kind = os.stat(path).st_mode
        if stat.S_ISLNK(kind):
            raise _error(errno.EOPNOTSUPP)
        # The machine's file system may not be mounted nosuid.
        os.chmod(path, mode if stat.S_ISDIR(kind) else mode & ~(stat.S_ISUID | stat.S_ISGID))

    return change


def _owner(question: Question, rest: int) -> Change:
    uid, gid = (signed(each) for each in question.arguments[rest : rest + 2])
    if uid not in (_UNCHANGED, os.getuid()) or gid not in (_UNCHANGED, os.getgid()):
        raise _error(errno.EPERM)
    return lambda path: os.chown(path, uid, gid)


def _times(question: Question, rest: int) -> Change:
    address = question.arguments[rest]
    times = asker.read(question.thread, address, _TIMES.size) if address else None
    return lambda path: libc.utimensat(path, times)


def _times_in_microseconds(question: Question, rest: int) -> Change:
    address = question.arguments[rest]
    times = None
    if address:
        numbers = [*_TIMES.unpack(asker.read(question.thread, address, _TIMES.size))]
        if not all(0 <= each < _MICROSECONDS_A_SECOND for each in numbers[1::2]):
            raise _error(errno.EINVAL)
        numbers[1::2] = [each * _NANOSECONDS for each in numbers[1::2]]
        times = _TIMES.pack(*numbers)
    return lambda path: libc.utimensat(path, times)


def _times_in_seconds(question: Question, rest: int) -> Change:
    address = question.arguments[rest]
    times = None
    if address:
        accessed, modified = _SECONDS.unpack(asker.read(question.thread, address, _SECONDS.size))
        times = _TIMES.pack(accessed, 0, modified, 0)
    return lambda path: libc.utimensat(path, times)


CALLS = {
    "chmod": Call(None, 0, 1, _mode),
    "fchmod": Call(0, None, 1, _mode),
    "fchmodat": Call(0, 1, 2, _mode),
    "fchmodat2": Call(0, 1, 2, _mode, flags=3),
    "chown": Call(None, 0, 1, _owner),
    "lchown": Call(None, 0, 1, _owner, follows=False),
    "fchown": Call(0, None, 1, _owner),
    "fchownat": Call(0, 1, 2, _owner, flags=4),
    "utime": Call(None, 0, 1, _times_in_seconds),
    "utimes": Call(None, 0, 1, _times_in_microseconds),
    "futimesat": Call(0, 1, 2, _times_in_microseconds),
    "utimensat": Call(0, 1, 2, _times, flags=3),
}


def change(folder: int, listener: int, question: Question, name: str) -> int:
    """Make the change that the call `name` asks for, to a file below `folder`; return 0. Raises OSError."""
    call = CALLS[name]
    named = _named(call, question, name)
    # All that is read of the thread is read before `find` makes sure that it was that thread's.
    make = call.change(question, call.rest)
    file = beneath.find(folder, listener, question, named)
    try:
        make(f"/proc/self/fd/{file}")
    finally:
        os.close(file)
    return 0


def _named(call: Call, question: Question, name: str) -> Named:
    flags = 0 if call.follows else AT_SYMLINK_NOFOLLOW
    if call.flags is not None:
        flags = question.arguments[call.flags] & 0xFFFFFFFF
        if flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH):
            raise _error(errno.EINVAL)
    folder = AT_FDCWD if call.folder is None else signed(question.arguments[call.folder])
    address = None if call.path is None else question.arguments[call.path]
    if address == 0 and folder != AT_FDCWD and name in _WITHOUT_A_PATH:
        address = None
    return Named(folder, address, flags)


def _error(code: int) -> OSError:
    return OSError(code, os.strerror(code))
