"""How much room is left in a workspace that is a folder on the machine's disk, whose size no file system of its own limits.

The code has made what is measured here, and can change it meanwhile. No link is followed.
"""

import os
import stat
import time
from collections.abc import Callable

from plugcli.sandbox import gate
from plugcli.sandbox.jail import libc

_ENTRIES = 50_000
_SECONDS = 1.0
_SLACK_BYTES = 32 * 1024  # what the file system adds to the bytes of a file, and the workspace's own folder
_BLOCK_BYTES = 512  # of st_blocks: stat(3type)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY


class Room:
    """What uploads may still write to one workspace. Uploads at the same time share it, so that it is measured once for them."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._uploads = 0
        self.bytes = 0

    def __enter__(self) -> "Room":
        self._uploads += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._uploads -= 1

    @property
    def is_known(self) -> bool:
        """Whether an upload is under way that has measured it."""
        return self._uploads > 0

    def measure(self, folder: int, rest: Callable[[], float]) -> None:
        """Measure the workspace with this descriptor; `rest` is called often. One that takes too long to measure counts as full."""
        used = _used_bytes(folder, rest)
        self.bytes = 0 if used is None else self._limit_bytes - _SLACK_BYTES - used

    def take(self, count: int) -> bool:
        """Take `count` bytes; return whether there was room for them. If only one upload is under way, its scribe sees to that."""
        self.bytes -= count
        return self.bytes >= 0 or self._uploads == 1


def _used_bytes(top: int, rest: Callable[[], float]) -> int | None:
    """Return what the files below the descriptor `top` take of the disk; None if they are too many or too deep to tell."""
    used, entries_left = 0, _ENTRIES
    deadline = time.monotonic() + _SECONDS
    seen: set[int] = set()
    waiting = [b"."]
    while waiting:
        folder = waiting.pop()
        try:
            descriptor = libc.openat2_beneath(top, folder, _FOLDER)
        except OSError:
            continue  # removed, or not readable for us
        try:
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    rest()
                    entries_left -= 1
                    path = folder + b"/" + os.fsencode(entry.name)
                    if entries_left < 0 or time.monotonic() > deadline or len(path) >= gate.PATH_BYTES:
                        return None
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except OSError:
                        continue
                    if stat.S_ISDIR(status.st_mode):
                        waiting.append(path)
                    elif status.st_nlink > 1:
                        if status.st_ino in seen:
                            continue
                        seen.add(status.st_ino)
                    used += status.st_blocks * _BLOCK_BYTES
        finally:
            os.close(descriptor)
    return used
