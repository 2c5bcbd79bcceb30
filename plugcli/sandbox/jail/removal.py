"""Removes the folders of jails: those of jails that have ended, and those that killed launchers have left.

What the code leaves in its folder is hostile: names, links, modes, depths, numbers. So it is removed with the rights of the jail's own uid,
through descriptors, one level at a time, and no link is followed. Nothing here runs while a process of the jail is alive.
"""

import contextlib
import fcntl
import os
import re
import signal
import stat
from collections.abc import Callable, Iterator

from . import uids
from .cgroup_folder import NAME_BYTES, PREFIX
from .folders import FOLDER, PLACE, START, Top

_NAME = re.compile(PREFIX + f"[0-9a-f]{{{2 * NAME_BYTES}}}")
NICENESS = 10
"""Of processes that remove what nobody waits for."""
_MODES = (0o700, 0o711)  # before and after it is ready


def remove(parent: int, name: str) -> None:
    """Remove the folder of a jail, which is in the folder `parent`. Raises OSError if something in it cannot be removed."""
    with contextlib.suppress(FileNotFoundError):
        place = os.open(name, PLACE, dir_fd=parent)
        try:
            with _rights_of_owner(place):
                _empty(place)
        finally:
            os.close(place)
        os.rmdir(name, dir_fd=parent)


def remove_all(top: Top) -> None:
    """Remove the folder of a launcher with those of its jails. Raises OSError."""
    for name in os.listdir(top.descriptor):
        remove(top.descriptor, name)
    os.rmdir(top.path)


def sweeping(root: str) -> Callable[[], None] | None:
    """Return what removes the folders in `root` of our launchers that were killed before they could; None if there are none."""
    if not any(_NAME.fullmatch(name) for name in os.listdir(root)):
        return None
    left = [top for name in os.listdir(root) if _NAME.fullmatch(name) and (top := _claim(f"{root}/{name}"))]

    def sweep() -> None:
        for top in left:
            with contextlib.suppress(OSError):
                end_survivors(top)
                remove_all(top)

    return sweep if left else None


def _claim(path: str) -> Top | None:
    """Return a folder that is certainly left from a launcher of ours, locked; None if it is not."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, FOLDER)
        status = os.fstat(descriptor)
        is_ours = status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) in _MODES
        if is_ours and all(name.isdigit() or name == START for name in os.listdir(descriptor)):
            with contextlib.suppress(BlockingIOError):  # one of its processes lives
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return Top(path, descriptor)
        os.close(descriptor)
    return None


def end_survivors(top: Top) -> None:
    """Kill the processes of jails whose launcher and init were killed at once, if root made them: by the uid that each jail has."""
    for name in os.listdir(top.descriptor):
        owner = os.stat(name, dir_fd=top.descriptor, follow_symlinks=False).st_uid
        if os.geteuid() == 0 and uids.is_of_a_range(owner):
            end_all_of(owner)


def end_all_of(uid: int) -> None:
    """Kill every process of a uid that only one jail has. As root."""
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


@contextlib.contextmanager
def _rights_of_owner(place: int) -> Iterator[None]:
    """Act as the owner of a folder, who is an ordinary user, if we are root."""
    owner, ours = os.fstat(place).st_uid, os.geteuid()
    if owner == ours:
        yield
        return
    os.seteuid(owner)
    try:
        yield
    finally:
        os.seteuid(ours)


def _empty(place: int) -> None:
    """Remove what is in a folder of which we have a PLACE."""
    top = _enter(place)
    try:
        _empty_opened(top)
    finally:
        os.close(top)


def _enter(place: int) -> int:
    """Return a descriptor of that folder for reading. Its mode does not matter, because we are its owner."""
    path = f"/proc/self/fd/{place}"  # unlike its name, this is the same folder each time
    os.chmod(path, 0o700)
    return os.open(path, FOLDER & ~os.O_NOFOLLOW)


def _empty_opened(top: int) -> None:
    """Empty the folder `top`. What is in its folders is moved into it, until it has none: a path could be too long for the kernel."""
    serial = 0
    while True:
        inner = []
        with os.scandir(top) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    inner.append(entry.name)
                    if len(inner) >= 1000:
                        break
                else:
                    os.unlink(entry.name, dir_fd=top)
        if not inner:
            return
        for name in inner:
            place = os.open(name, PLACE, dir_fd=top)
            try:
                folder = _enter(place)
            finally:
                os.close(place)
            try:
                serial = _empty_into(folder, top, serial)
            finally:
                os.close(folder)
            os.rmdir(name, dir_fd=top)


def _empty_into(folder: int, top: int, serial: int) -> int:
    """Remove the files in `folder`, and move its folders to `top`, with numbers from `serial` on; return the next number."""
    prefix = f".moved-{os.urandom(4).hex()}"
    while True:
        is_empty = True
        with os.scandir(folder) as entries:
            for entry in entries:
                is_empty = False
                if not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.name, dir_fd=folder)
                    continue
                place = os.open(entry.name, PLACE, dir_fd=folder)
                try:
                    os.chmod(f"/proc/self/fd/{place}", 0o700)  # to move it, its own entry for .. is written
                finally:
                    os.close(place)
                serial += 1
                os.rename(entry.name, f"{prefix}-{serial}", src_dir_fd=folder, dst_dir_fd=top)
        if is_empty:
            return serial
