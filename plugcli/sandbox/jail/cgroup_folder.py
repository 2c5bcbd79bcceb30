"""Folders of cgroups: claimed by a living launcher, and removed after a killed one."""

import contextlib
import errno
import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

NAME_BYTES = 10
"""How many random bytes the name of a launcher has, in hexadecimal after `PREFIX`."""
PREFIX = "plugcli-"

_NAME = re.compile(f"({PREFIX}[0-9a-f]{{{2 * NAME_BYTES}}})(-[0-9]+)?")
_TRIES = 8
_START_SECONDS = 0.2  # for what others left
_END_SECONDS = 2.0
_PAUSE_SECONDS = 0.005


def claim(path: str) -> int:
    """Make the folder `path`, named as the launcher, and return a descriptor that holds a lock on it.

    The kernel drops the lock when this process ends, however it ends, and everybody who can see the folder can see the lock: a folder
    without one belongs to nobody. A pid in the name could not tell this to another pid namespace.
    """
    for _ in range(_TRIES):
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, 0o700)  # nobody else can lock it
        with contextlib.suppress(
            FileNotFoundError, BlockingIOError
        ):  # somebody swept it before it was locked
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.stat(path), os.fstat(descriptor)):
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)
    raise OSError(errno.EAGAIN, "a new cgroup cannot be locked", path)


def sweep(home: str, seconds: float = _START_SECONDS) -> None:
    """Remove what launchers that are certainly gone have left in `home`, unless a process is still in it."""
    deadline = time.monotonic() + seconds
    for name in {found[1] for entry in os.listdir(home) if (found := _NAME.fullmatch(entry))}:
        if time.monotonic() < deadline:
            with contextlib.suppress(OSError):  # others sweep, too
                _sweep(home, name)


def sweep_all_of(home: str, name: str) -> None:
    """Remove what the launcher `name`, which is gone, has left in `home`, as soon as its processes have ended."""
    deadline = time.monotonic() + _END_SECONDS
    while os.path.isdir(f"{home}/{name}"):
        _sweep(home, name)
        if time.monotonic() > deadline:
            return
        time.sleep(_PAUSE_SECONDS)


def _sweep(home: str, name: str) -> None:
    """Remove the folder `name` and those that belong to it, in it or beside it, if no launcher holds it.

    It is the first that a launcher makes, and the last that is removed.
    """
    own = f"{home}/{name}"
    try:
        descriptor = os.open(own, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        for group in beside(own):
            remove(group)
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if all([remove(group) for group in (*inside(own), *beside(own))]):
            remove(own)
    except BlockingIOError:
        return
    finally:
        os.close(descriptor)


def remove(group: str) -> bool:
    """Remove the cgroup; return False while the kernel still holds something of its last process."""
    try:
        os.rmdir(group)
    except OSError as error:
        if error.errno == errno.EBUSY:
            return False
        if error.errno != errno.ENOENT:
            raise
    return True


def remove_all(groups: list[str]) -> None:
    """Remove each cgroup as soon as the kernel has released its ended processes."""
    for group in groups:
        deadline = time.monotonic() + _END_SECONDS
        while not remove(group) and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)


def inside(group: str) -> list[str]:
    """Return the folders of the cgroups in `group`."""
    return [each.path for each in os.scandir(group) if each.is_dir()]


def beside(group: str) -> list[str]:
    """Return the folders of the cgroups whose names begin with that of `group` and a dash."""
    home, _, name = group.rpartition("/")
    return [f"{home}/{entry}" for entry in os.listdir(home) if entry.startswith(f"{name}-")]


@contextmanager
def locked(home: str, seconds: float) -> Iterator[None]:
    """Change a folder of cgroups while no other launcher does, waiting at most `seconds`: anybody who sees the folder can lock it."""
    deadline = time.monotonic() + seconds
    descriptor = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        while time.monotonic() < deadline:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(_PAUSE_SECONDS)
        yield
    finally:
        os.close(descriptor)


def write(path: str, text: str) -> None:
    """Write to a file of a cgroup. Raises FileNotFoundError if the kernel does not have it; O_CREAT would make that EACCES."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def read(path: str) -> str:
    """Return the content of a file of a cgroup."""
    with open(path) as file:
        return file.read()


def mounted(kind: str, controller: str = "") -> tuple[str, str] | None:
    """Return the mounted part of a hierarchy, and its mount point: the first `cgroup2`, or the `cgroup` that has the controller.

    A mount of what is above our cgroup namespace does not count, because we could not name what is ours in it.
    """
    with open("/proc/self/mountinfo") as file:
        for line in file:
            fields, _, rest = line.partition(" - ")
            name, _, options = rest.split(maxsplit=2)
            if name == kind and (not controller or controller in options.strip().split(",")):
                words = fields.split()
                if not words[3].startswith("/.."):
                    return words[3], words[4]
    return None
