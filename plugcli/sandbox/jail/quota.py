"""Limits the files of a jail that has a folder on a file system of the machine, because no size of a mount does.

A measurement is exact, but the jail stands still meanwhile. Between two measurements we know the most that can have been added: what the
code can write in the CPU time that it had, and, where the file system tells at once what it has given away, what that has grown by for
everybody. The next measurement is made before this could exceed a limit. So it depends on the code how often it stands still, but all that
it makes us do is done while it could have used more CPUs itself.

If the file system is a tmpfs, its files are memory.
"""

import os
import time
from collections.abc import Collection
from typing import NamedTuple

from . import libc, tree, unnamed
from .census import Census
from .objects import TooMany
from .tmpfs import INODE_BYTES

_WORKSPACE = b"data"
_OTHERS = (b"tmp", b"home", b"shm")

# A CPU clears and copies no more in a second, and makes no more files.
_BYTES_PER_SECOND, _FILES_PER_SECOND = 8 * 1024**3, 1_000_000
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.002, 0.05
_TRUSTED_NANOSECONDS = (
    1_000_000_000  # then we measure, whatever the file system says: others may have made room
)
_MEASURE_SECONDS = 2.0  # our own CPU time
_TMPFS = 0x01021994
# <linux/magic.h>: ext4, XFS, tmpfs, F2FS, overlayfs. btrfs, for example, says what it has given away when it writes it to the disk.
_PROMPT = (0xEF53, 0x58465342, _TMPFS, 0xF2F52010, 0x794C7630)


class Full(TooMany):
    """The files of a jail are more than `most`: bytes of the `what`, `workspace` or `scratch`, or their number (`files`)."""

    def __init__(self, what: str, most: int) -> None:
        super().__init__(f"{most} {what}")
        self.what = what
        self.most = most


class _Given(NamedTuple):
    """What a file system has given away to everybody: bytes and inodes."""

    bytes: float
    files: float


class _Part:
    """The folders that have one limit together."""

    def __init__(self, what: str, folders: tuple[bytes, ...], most_bytes: int) -> None:
        self.what = what
        self.folders = folders
        self.most_bytes = most_bytes
        self.bytes = self.files = 0

    def see(self, most_files: int) -> None:
        """Raise Full if it is over a limit."""
        if self.files > most_files:
            raise Full("files", most_files)
        if self.bytes > self.most_bytes:
            raise Full(self.what, self.most_bytes)


class Quota:
    """Limits the files in `folder`: the workspace to `workspace_bytes`, the other folders together to `scratch_bytes`.

    Each of the two may have `files` files. To stop the jail, we wait until it has taken `most_bytes` of memory meanwhile.
    """

    def __init__(
        self,
        folder: str,
        census: Census,
        *,
        workspace_bytes: int,
        scratch_bytes: int,
        files: int,
        most_bytes: int,
    ) -> None:
        self.mapped = unnamed.Mapped(folder)
        self.ours: Collection[int] = ()
        """Our own forks, whose mappings the kernel hides from us, and which keep no file of the code."""
        self._path = folder
        self._folder = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._census = census
        self._workspace = _Part("workspace", (_WORKSPACE,), workspace_bytes)
        self._scratch = _Part("scratch", _OTHERS, scratch_bytes)
        self._parts = (self._workspace, self._scratch)
        self._most_files = files
        self._most_bytes = most_bytes
        kind = libc.fstatfs_type(self._folder)
        self._is_memory = kind == _TMPFS
        usage = os.fstatvfs(self._folder)
        self._is_prompt = kind in _PROMPT and usage.f_blocks > 0 and usage.f_files > 0
        self._ran = 0  # nanoseconds since the last measurement
        self._given = self._given_away()

    def look(self, ran: int) -> float:
        """Return the seconds until the next look is due. The code has run for `ran` nanoseconds since the last one. Raises Full."""
        self._ran += ran
        if self._is_due():
            with self._census.standing_still(self._most_bytes):
                self._measure()
        grown = self._grown()
        left = min(part.most_bytes - part.bytes for part in self._parts) - grown.bytes
        return max(_SHORTEST_SECONDS, min(_LONGEST_SECONDS, left / _BYTES_PER_SECOND))

    def memory_bytes(self, *, is_still: bool) -> int:
        """Return an upper bound on the memory that the files take: what they take if `is_still`, because the jail has been stopped.

        Raises Full.
        """
        if not self._is_memory:
            return 0
        if is_still and self._ran:
            self._measure()
        grown = self._grown()
        files = sum(part.files for part in self._parts) + int(grown.files)
        return sum(part.bytes for part in self._parts) + int(grown.bytes) + files * INODE_BYTES

    def _is_due(self) -> bool:
        grown = self._grown()
        return self._ran > _TRUSTED_NANOSECONDS or any(
            part.bytes + grown.bytes > part.most_bytes or part.files + grown.files > self._most_files
            for part in self._parts
        )

    def _grown(self) -> _Given:
        """Return the most that can have been added since the last measurement."""
        ran = self._ran / 1e9
        most = _Given(ran * _BYTES_PER_SECOND, ran * _FILES_PER_SECOND)
        if not self._is_prompt:
            return most
        now = self._given_away()
        return _Given(
            min(most.bytes, max(0.0, now.bytes - self._given.bytes)),
            min(most.files, max(0.0, now.files - self._given.files)),
        )

    def _given_away(self) -> _Given:
        """Return what the file system has given away to everybody."""
        usage = os.fstatvfs(self._folder)
        blocks, files = usage.f_blocks - usage.f_bfree, usage.f_files - usage.f_ffree
        return _Given(blocks * usage.f_frsize, files)

    def _measure(self) -> None:
        """Measure the files of a jail that stands still. Raises Full."""
        deadline = time.process_time() + _MEASURE_SECONDS
        given = self._given_away()  # before: what is added meanwhile counts later
        pids = self._census.numbers(self.ours)
        try:
            for part in self._parts:
                part.bytes = part.files = 0
                measured = tree.Tree(self._most_files, deadline)
                for name in part.folders:
                    size = measured.measure(self._folder, name)
                    part.bytes += size.bytes
                    part.files += size.files
            lost = unnamed.in_descriptors(pids, self._path, deadline)
            lost |= self.mapped.unnamed(pids, lost, deadline)
        except (tree.Incomplete, unnamed.Incomplete):
            raise Full("files", self._most_files) from None
        for path, size_bytes in lost.values():
            in_workspace = path.startswith(f"{self._path}/{_WORKSPACE.decode()}/")
            part = self._workspace if in_workspace else self._scratch
            part.bytes += size_bytes
            part.files += 1
        for part in self._parts:
            part.see(self._most_files)
        self._given, self._ran = given, 0
