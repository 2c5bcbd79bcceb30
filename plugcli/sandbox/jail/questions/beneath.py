"""Finds a file that a thread names, as that thread would, and opens it anew below the jail's own folder, where it then must be.

The kernel first follows the name wherever it leads, without any effect (O_PATH). Where that ended is only a hint: the file is opened again
from the jail's folder, without following a link and without leaving the folder or its file system, and must be the same file.
"""

import errno
import os
import re
from typing import NamedTuple

from .. import libc
from ..processes import read as read_file
from . import asker
from .notification import Question, is_waiting

AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH = 0x100, 0x1000
_TRIES = 3  # somebody may rename a folder above it meanwhile
_DELETED = b" (deleted)"  # what /proc adds to the path of a file that has lost its name
# Descriptors by the paths with which libc names them: fchmodat(3) with AT_SYMLINK_NOFOLLOW does so.
_OWN_DESCRIPTOR = re.compile(rb"/(?:proc/(?:self|thread-self)|dev)/fd/(\d{1,9})")


class Named(NamedTuple):
    """How a call names a file: a folder's descriptor, the address of a path, and AT_* flags. Without an address, it is the descriptor's."""

    folder: int
    address: int | None
    flags: int


def find(folder: int, listener: int, question: Question, named: Named) -> int:
    """Return an O_PATH descriptor, opened below `folder`, of the file that the call names.

    Raises OSError: EPERM if the file is somewhere else, ESRCH if whoever asked is gone, otherwise what the call itself would get.
    """
    reached = _reach(question.thread, named)
    try:
        if not is_waiting(listener, question):  # then all of this may be somebody else's
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
        return _open_below(folder, reached)
    finally:
        os.close(reached)


def _reach(thread: int, named: Named) -> int:
    """Return an O_PATH descriptor of the file that a thread names, wherever it is."""
    if named.address is None:
        return asker.opened(thread, named.folder)
    path = asker.read_path(thread, named.address)
    if not path and named.flags & AT_EMPTY_PATH:
        return asker.opened(thread, named.folder)
    if number := _OWN_DESCRIPTOR.fullmatch(path):
        return asker.opened(thread, int(number[1]))
    flags = os.O_PATH | (os.O_NOFOLLOW if named.flags & AT_SYMLINK_NOFOLLOW else 0)
    # Links of /proc to open files and folders would be those of this process.
    if path.startswith(b"/"):
        return libc.openat2(asker.AT_FDCWD, path, flags, libc.RESOLVE_NO_MAGICLINKS)
    here = asker.opened(thread, named.folder)
    try:
        return libc.openat2(here, path, flags, libc.RESOLVE_NO_MAGICLINKS)
    finally:
        os.close(here)


def _open_below(folder: int, reached: int) -> int:
    for _ in range(_TRIES):
        top, path = _path(folder), _path(reached)
        if not path.startswith(top + b"/"):
            break
        try:
            found = libc.openat2_beneath(folder, path[len(top) + 1 :], os.O_PATH | os.O_NOFOLLOW)
        except FileNotFoundError:
            if path.endswith(_DELETED) and _mount(folder) == _mount(reached):
                return os.dup(
                    reached
                )  # it was below the folder when its name went, and only its descriptors are left
            continue
        except OSError:
            break  # a mount point, for example
        if os.path.samestat(os.fstat(found), os.fstat(reached)):
            return found
        os.close(found)
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def _path(descriptor: int) -> bytes:
    """Return where a file is now. d_path of fs/d_path.c: no part of it can contain a slash."""
    return os.readlink(f"/proc/self/fd/{descriptor}".encode())


def _mount(descriptor: int) -> bytes:
    """Return the number of the mount that a file was opened through. proc_pid_fdinfo(5)."""
    return read_file(f"/proc/self/fdinfo/{descriptor}").partition(b"mnt_id:")[2].split(None, 1)[0]
