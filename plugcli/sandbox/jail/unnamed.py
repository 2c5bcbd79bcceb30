"""Files of a jail that no name leads to any more, but that its processes keep: by descriptors, by mappings, or because they run them.

No file in /proc tells the size of a file that only a mapping keeps. So the init holds on to each file that the code maps, because the
filter asks it before (`Mapped.hold`), and lets go of it when nobody maps it any more. A file that it does not hold nevertheless was mapped
past the question, by another thread that has swapped the descriptor meanwhile. It counts with the size that a file may have at the most.
"""

import contextlib
import errno
import os
import resource
import time
from collections.abc import Iterator

from .mappings import read_maps
from .processes import living_thread

_BLOCK_BYTES = 512
_DELETED = b" (deleted)"
_MOST_HELD = 8192
_UNLIMITED_BYTES = 1 << 62
_KEPT_FREE = 64  # descriptors for everything else


class Unnamed(dict[int, tuple[str, int]]):
    """By inode: where the file was, and what it takes in bytes."""

    def note(self, path: str, status: os.stat_result) -> None:
        """Add a file, if it has no name any more."""
        if not status.st_nlink:
            self[status.st_ino] = path, status.st_blocks * _BLOCK_BYTES


class Incomplete(Exception):
    """It took too long."""


def in_descriptors(pids: list[str], folder: str, deadline: float) -> Unnamed:
    """Return the unnamed files of `folder` that these processes have open, run, or are in. They stand still.

    Raises Incomplete when our CPU time is past `deadline`.
    """
    found = Unnamed()
    for pid in pids:
        for link in _links(pid):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
                path = _path_below(folder, link)
                if path:
                    found.note(path, os.stat(link))
        if time.process_time() > deadline:
            raise Incomplete
    return found


def _links(pid: str) -> Iterator[str]:
    pid = living_thread(pid)
    yield from (f"/proc/{pid}/exe", f"/proc/{pid}/cwd")
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            yield f"/proc/{pid}/fd/{name}"


def _path_below(folder: str, link: str) -> str:
    """Return where a link in /proc leads to; an empty text if that is not below `folder`."""
    try:
        path = os.readlink(link)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return f"{folder}/"  # only the code's own names are so long; the link itself can be followed
        raise
    return path if path.startswith(f"{folder}/") else ""


class Mapped:
    """The files below `folder` that the code has mapped."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._needle = f" {folder}/".encode()
        self._held: dict[int, int] = {}  # by inode: the descriptor that keeps the file for us
        self._new: set[int] = set()  # held since the last reading, when they may not have been mapped yet
        self._most_held = min(_MOST_HELD, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _KEPT_FREE)

    def hold(self, thread: int, descriptor: int) -> bool:
        """Hold on to the file that `thread` is about to map by its `descriptor`; return False if there are too many."""
        try:
            place = os.open(f"/proc/{thread}/fd/{descriptor}", os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return True  # it has no such descriptor, and will be told so, or it has ended
        inode = os.fstat(place).st_ino
        if not _path_below(self._folder, f"/proc/self/fd/{place}"):
            os.close(place)
            return True
        self._new.add(inode)
        if inode in self._held:
            os.close(place)
            return True
        if len(self._held) >= self._most_held:
            os.close(place)
            return False
        self._held[inode] = place
        return True

    def unnamed(self, pids: list[str], opened: Unnamed, deadline: float) -> Unnamed:
        """Return the unnamed files that these processes have mapped, except those that are in `opened` already. They stand still.

        Lets go of the files that nobody maps any more. Raises Incomplete when our CPU time is past `deadline`.
        """
        mapped: set[int] = set()
        found = Unnamed()
        for pid in pids:
            text = read_maps(pid, deadline)
            if text is None:
                raise Incomplete
            for line in text.splitlines() if self._needle in text else ():
                if self._needle in line:
                    _, _, _, _, number, path = line.split(None, 5)
                    inode = int(number)
                    mapped.add(inode)
                    if path.endswith(_DELETED) and inode not in opened:
                        self._note(found, inode, os.fsdecode(path))
        for inode in self._held.keys() - mapped - self._new:
            os.close(self._held.pop(inode))
        self._new.clear()
        return found

    def _note(self, found: Unnamed, inode: int, path: str) -> None:
        if inode in self._held:
            found.note(path, os.fstat(self._held[inode]))
        else:
            most = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
            found[inode] = path, _UNLIMITED_BYTES if most == resource.RLIM_INFINITY else most
