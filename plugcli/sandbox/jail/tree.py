"""Measures a folder with everything below it, which hostile code has made, while that code stands still.

Neither the depth of the folders nor the length of their names matters, no link is followed, and no other file system is entered. The work
ends at a number of files and at an amount of our own CPU time.
"""

import os
import stat
import time
from typing import NamedTuple

from . import libc

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_BLOCK_BYTES = 512  # of st_blocks: stat(3type)
_RWX = stat.S_IRWXU


class Size(NamedTuple):
    """What a folder takes."""

    bytes: int
    """Blocks of the file system, those that will be written later too; holes and shared parts of files as the file system counts them."""
    files: int
    """Files, folders and links."""


class Incomplete(Exception):
    """A folder has too many files, it took too long, or somebody has moved parts of it."""


class _Level(NamedTuple):
    """A folder on the way from the top down to where we are."""

    identity: tuple[int, int]
    mode: int | None
    """The mode to give back to it; None: we did not have to change it."""
    left: list[bytes]
    """Its folders that we have not been in."""


class Tree:
    """Measures folders, each file with several names once. Raises Incomplete after `most_files`, or past the CPU time `deadline`."""

    def __init__(self, most_files: int, deadline: float) -> None:
        self._most_files = most_files
        self._deadline = deadline
        self._seen: set[int] = set()
        self._bytes = self._files = 0

    def measure(self, folder: int, name: bytes) -> Size:
        """Return the size of the folder `name` in the descriptor `folder`, with what is below it."""
        before = Size(self._bytes, self._files)
        self._levels: list[_Level] = []
        try:
            self._enter(folder, name)
            while self._levels:
                if self._levels[-1].left:
                    self._enter(self._folder, self._levels[-1].left.pop())
                else:
                    self._leave()
        finally:
            while self._levels:
                self._leave()
        return Size(self._bytes - before.bytes, self._files - before.files)

    def _enter(self, parent: int, name: bytes) -> None:
        """Go down into a folder and count what is in it."""
        try:
            place = libc.openat2_beneath(parent, name, os.O_PATH | os.O_DIRECTORY)
            try:
                status = os.fstat(place)
                mode = stat.S_IMODE(status.st_mode)
                path = f"/proc/self/fd/{place}"
                if mode & _RWX != _RWX:
                    os.chmod(path, mode | _RWX)  # we are its owner
                folder = os.open(path, _FOLDER & ~os.O_NOFOLLOW)
            finally:
                os.close(place)
        except OSError as error:
            raise Incomplete from error
        if self._levels:
            os.close(parent)
        self._folder = folder
        left: list[bytes] = []
        was_closed = mode & _RWX != _RWX
        self._levels.append(_Level((status.st_dev, status.st_ino), mode if was_closed else None, left))
        self._count(status)
        with os.scandir(folder) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    left.append(os.fsencode(entry.name))
                else:
                    self._count(status)

    def _count(self, status: os.stat_result) -> None:
        if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
            if status.st_ino in self._seen:
                return
            self._seen.add(status.st_ino)
        self._bytes += status.st_blocks * _BLOCK_BYTES
        self._files += 1
        if self._files > self._most_files or (
            self._files % 256 == 0 and time.process_time() > self._deadline
        ):
            raise Incomplete

    def _leave(self) -> None:
        """Go up again, to where we came from."""
        here, level = self._folder, self._levels.pop()
        try:
            if self._levels:
                self._folder = os.open("..", _FOLDER, dir_fd=here)
                status = os.fstat(self._folder)
                if (status.st_dev, status.st_ino) != self._levels[-1].identity:
                    os.close(self._folder)
                    self._levels.clear()
                    raise Incomplete
        except OSError as error:
            self._levels.clear()
            raise Incomplete from error
        finally:
            if level.mode is not None:
                os.fchmod(here, level.mode)
            os.close(here)
