"""Protects the launcher's own executable file from the jails that are forked from it.

The interpreter of a jail is a fork of the launcher, so its /proc/self/exe leads to the file through the launcher's mounts, not the jail's.
Through a descriptor open for reading, the owner of the file can make it setuid, or change its times or attributes, and the code in an
ordinary user's jail is the owner. (This is the path of CVE-2019-5736.) As root, the code owns nothing, so there is nothing to do.
"""

import errno
import os
import sys

from . import libc, privileges

_SELF = "/proc/self/exe"
_AGAIN = "again"


def make_read_only() -> None:
    """Restart this program in a mount namespace in which its file is read-only; return if that is already so or not needed.

    Raises OSError if the kernel does not allow namespaces.
    """
    if os.geteuid() == 0 or not _may_change() or os.statvfs(_SELF).f_flag & os.ST_RDONLY:
        return
    if sys.argv[-1] == _AGAIN:
        raise OSError(errno.EROFS, "the interpreter's file cannot be made read-only", os.readlink(_SELF))
    # In a fork first, because a process that has entered a user namespace without the rights in it cannot leave it (Ubuntu's AppArmor).
    pid = os.fork()
    if pid == 0:
        code = errno.EIO
        try:
            _enter()
            code = 0
        except OSError as error:
            code = error.errno or code
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    if code := os.waitstatus_to_exitcode(status):
        raise OSError(code, f"the interpreter's file cannot be made read-only: {os.strerror(code)}")
    _enter()
    os.execv(sys.orig_argv[0], [*sys.orig_argv, _AGAIN])


def _enter() -> None:
    """Enter a mount namespace in which this program's file is read-only."""
    path, uid, gid = os.readlink(_SELF), os.geteuid(), os.getegid()
    libc.unshare(libc.CLONE_NEWUSER | libc.CLONE_NEWNS)
    privileges.write_maps(uid, gid)
    tree = libc.open_tree(path)
    libc.mount_setattr(tree, libc.MOUNT_ATTR_RDONLY)
    libc.move_mount(tree, path)


def _may_change() -> bool:
    return os.stat(_SELF).st_uid == os.geteuid() or os.access(_SELF, os.W_OK)
