"""The folders of jails that have no mounts of their own: on the host's disk, made by the launcher, and removed as in removal.py.

Everything is made through descriptors, and no link is followed: where the folder for temporary files lacks the sticky bit, others can
rename ours, and put something else in its place.
"""

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Sequence
from typing import NamedTuple

from .plan import Places

OWN = ("data", "tmp", "home", "shm")
START = "start"
"""The folder in which the zygotes' imports may write, beside those of the jails, whose names are numbers."""
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
PLACE = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_TRIES = 8


class NoFolder(OSError):
    """There can be no folder for jails. Its second argument says why, in words for people."""


class NoEntry(OSError):
    """The uids of root's jails may not enter a folder that the interpreter is in. Its second argument says why, in words for people."""


class Top(NamedTuple):
    """The folder of a launcher, with those of its jails. Nobody sweeps it away while a process has the descriptor, which locks it."""

    path: str
    descriptor: int

    def open(self, folder: str) -> int:
        """Return a descriptor of the folder of a jail, by which one can go there but not read it."""
        return os.open(os.path.basename(folder), PLACE, dir_fd=self.descriptor)


def places(folder: str) -> Places:
    """Return where a jail has what, in its folder."""
    return Places(f"{folder}/data", f"{folder}/tmp", f"{folder}/home")


FILES = {
    "/etc/fonts/fonts.conf": (".config/fonts.conf", ("FONTCONFIG_FILE",)),
    "/etc/ssl/certs/ca-certificates.crt": (
        ".config/ca-certificates.crt",
        ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT"),
    ),
}
"""Of the files that the Plan makes up, those that a variable can name instead: where they are in the home folder, and the variables."""


def environment(where: Places) -> dict[str, str]:
    """Return the variables that name a jail's folders, and files in them."""
    named = {variable: f"{where.home}/{path}" for path, variables in FILES.values() for variable in variables}
    # Settings of the whole system may hold secrets, so they cannot be read; without these, git and pip take that for a fault.
    without = {"GIT_CONFIG_NOSYSTEM": "1", "PIP_CONFIG_FILE": "/dev/null"}
    return {"HOME": where.home, "TMPDIR": where.scratch} | named | without


def write(path: str, text: str) -> None:
    """Write a file, and make the folders above it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def make_top(root: str, name: str, seen: Sequence[str] = ()) -> Top:
    """Make the folder of the launcher `name` in `root`, which must not be in one of the folders `seen` by all code. Raises NoFolder."""
    for folder in map(os.path.realpath, seen):
        if os.path.commonpath([folder, os.path.realpath(root)]) == folder:
            why = f"is in {folder}, which all code may read: set TMPDIR to another folder"
            raise NoFolder(errno.EACCES, f"{root}, the folder for temporary files, {why}")
    _check(root)
    path = f"{root}/{name}"
    for _ in range(_TRIES):
        with contextlib.suppress(FileNotFoundError):  # somebody has swept it before it was locked
            os.mkdir(path, 0o700)
            descriptor = os.open(path, FOLDER)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH)
                status = os.fstat(descriptor)
                if status.st_uid != os.geteuid() or os.listdir(descriptor):
                    raise NoFolder(errno.EPERM, f"somebody else put another folder in the place of {path}")
                if os.path.samestat(os.lstat(path), status):
                    os.fchmod(descriptor, 0o711)  # whatever the umask is: the uids of jails must find theirs
                    return Top(path, descriptor)
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)
    raise NoFolder(errno.EAGAIN, f"somebody else removes {path} whenever it is made")


def make(top: Top, name: str, uid: int, gid: int, *, is_private: bool = True) -> str:
    """Make the folder of a jail, with the folders in it, for this uid and gid; return its path. Raises NoFolder, and leaves nothing."""
    mode = 0o700 if is_private else 0o755
    try:
        folder = _make(top.descriptor, name, uid, gid, mode)
        try:
            for each in OWN:
                os.close(_make(folder, each, uid, gid, mode))
        finally:
            os.close(folder)
    except OSError as error:
        for each in (*OWN, "."):
            with contextlib.suppress(OSError):
                os.rmdir(os.path.normpath(f"{name}/{each}"), dir_fd=top.descriptor)
        raise NoFolder(error.errno, f"no folder can be made in {top.path}: {error.strerror}") from error
    return f"{top.path}/{name}"


def _make(parent: int, name: str, uid: int, gid: int, mode: int) -> int:
    """Make a folder and return its descriptor."""
    os.mkdir(name, 0o700, dir_fd=parent)
    folder = os.open(name, FOLDER, dir_fd=parent)
    try:
        os.fchmod(folder, mode)
        if uid != os.geteuid():
            os.fchown(folder, uid, gid)
    except OSError:
        os.close(folder)
        raise
    return folder


def _check(root: str) -> None:
    """Raise NoFolder if jails cannot have folders in `root`."""
    what = f"{root}, the folder for temporary files,"
    if not os.path.isdir(root):
        raise NoFolder(errno.ENOENT, f"{what} is not there")
    if os.statvfs(root).f_flag & os.ST_RDONLY:
        raise NoFolder(errno.EROFS, f"{what} is on a disk that is mounted read-only")
    if not os.access(root, os.W_OK | os.X_OK):
        raise NoFolder(errno.EACCES, f"{what} is not yours to write to")
    if os.geteuid() == 0 and (closed := closed_above(root)):
        why = f"{closed} is closed to the uids that root's jails have"
        raise NoFolder(errno.EACCES, f"{what} cannot be used, because {why}")


def closed_above(path: str) -> str:
    """Return the folder, `path` or above it, that others than its owner may not enter; an empty text if there is none."""
    above = os.path.realpath(path)
    while above != "/":
        if os.path.isdir(above) and not os.stat(above).st_mode & stat.S_IXOTH:
            return above
        above = os.path.dirname(above)
    return ""
