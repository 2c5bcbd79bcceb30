"""The launcher's own executable file, kept out of the reach of the jails that are forked from it.

The interpreter of a jail is a fork of the launcher, so its /proc/self/exe leads to the file by way of the launcher's mounts, not of the
jail's. There, whoever owns the file may make it setuid, change its times or its attributes, through a descriptor open for reading; and
an ordinary user's jail is that user. (The door of CVE-2019-5736.) As root the code owns nothing, so there is nothing to do.
"""

import errno
import os
import sys

from . import libc, privileges

_SELF = "/proc/self/exe"
_AGAIN = "again"


def make_read_only() -> None:
    """Start this program once more from a mount namespace in which its file is read-only; return when that is so, or not needed.

    Raises OSError where the kernel gives no namespaces.
    """
    if os.geteuid() == 0 or not _may_change() or os.statvfs(_SELF).f_flag & os.ST_RDONLY:
        return
    if sys.argv[-1] == _AGAIN:
        raise OSError(errno.EROFS, "the interpreter's file cannot be made read-only", os.readlink(_SELF))
    path, uid, gid = os.readlink(_SELF), os.geteuid(), os.getegid()
    libc.unshare(libc.CLONE_NEWUSER | libc.CLONE_NEWNS)
    privileges.write_maps(uid, gid)
    tree = libc.open_tree(path)
    libc.mount_setattr(tree, libc.MOUNT_ATTR_RDONLY)
    libc.move_mount(tree, path)
    os.execv(sys.orig_argv[0], [*sys.orig_argv, _AGAIN])


def _may_change() -> bool:
    return os.stat(_SELF).st_uid == os.geteuid() or os.access(_SELF, os.W_OK)
