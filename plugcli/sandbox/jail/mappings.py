"""Counts mappings of a jail that no count of pages shows: memory shared without a file, and the mappings themselves.

A page of a shared mapping stays even if no process has it in its page tables, and even if that part of the mapping is gone. So a shared
mapping counts with its original size. Nothing shows that size later, so the kernel asks us before it makes one, by seccomp's user
notification (seccomp_unotify(2)); the filter requests it for mmap(2) with MAP_SHARED. A walk through all mappings of all processes finds
out which shared mappings still exist, and how many mappings each process has. Between two walks, we add the most that can have been made
in the CPU time used since. A walk has a time limit: a process that was not reached counts with the maximum.
"""

import contextlib
import errno
import os
import struct
import time
from collections.abc import Iterable
from fcntl import ioctl
from typing import NamedTuple

from .census import Census
from .objects import TooMany, number_of_machine
from .patience import patiently
from .processes import Process, living_thread

_SHARED_NOWHERE = b"/dev/zero (deleted)"  # MAP_SHARED | MAP_ANONYMOUS, and MAP_SHARED of /dev/zero: their pages are on none of our tmpfs
_MAP_ANONYMOUS = 0x20

# <linux/seccomp.h>: struct seccomp_notif (id, pid, flags, and struct seccomp_data with the six arguments), struct seccomp_notif_resp.
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_QUESTION = struct.Struct("=QII iIQ 6Q")
_ANSWER = struct.Struct("=QqiI")
_CONTINUE = 1

_MAPPING_BYTES = 480  # struct vm_area_struct, its part of a maple tree node, struct anon_vma, or a struct file with no other user
_CHAIN_BYTES = 64  # struct anon_vma_chain: a mapping has one for each fork in its history
_MOST = 65530  # the kernel's default vm.max_map_count
_MOST_ANSWERED = 4096
_MOST_TAKEN_BYTES = 64 * 1024 * 1024  # while we wait until all processes have stopped
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_OBJECT_BYTES = 1800  # struct shmem_inode_info, its dentry and struct file
_SPLIT_NANOSECONDS = 500  # the fastest way to make a mapping takes at least this much CPU time
_USUAL = 1500  # numpy, pandas and matplotlib make 700
_WALK_SECONDS = 2.0  # our own CPU time; a walk through 64 usual processes takes 50 ms
# A mapping can be the only user of an open file, and the machine has only so many open files.
_FILES = max(65536, number_of_machine("fs/file-max", 1 << 20) // 16)


class _Batch(NamedTuple):
    """Shared mappings made between two walks: those that still exist, and the sizes of all of them, largest first."""

    inodes: set[bytes]
    sizes: list[int]

    @property
    def bytes(self) -> int:
        # It is not known which inode has which size.
        return sum(self.sizes[: len(self.inodes)])


class Mappings:
    """The known mappings of one jail, whose limit is `limit` bytes.

    `listener` is the descriptor of the notifications: call `answer` when it is readable.
    """

    def __init__(self, limit: int, listener: int) -> None:
        self._limit = limit
        self._listener = listener
        self._batches: list[_Batch] = []
        self._answered: list[tuple[int, int]] = []
        """Who asked, and for how many bytes: since the last walk, or so shortly before it that it may have missed them."""
        self._counts: dict[str, int] = {}
        self._generations: dict[str, int] = {}
        self.guessed_bytes = 0
        """What of `held_bytes` may be there, and most likely is not: mappings that can have been made since the last walk."""
        self._ran = 0  # nanoseconds since the last walk

    def note(self, ran: int) -> None:
        """Add CPU time of the code, in nanoseconds."""
        self._ran += ran

    def answer(self) -> None:
        """Answer a process that wants to make a shared mapping, where the filter asks about nothing else."""
        question = bytearray(_QUESTION.size)
        try:
            ioctl(self._listener, _RECEIVE, question)
        except OSError:
            return  # it was killed, or it was interrupted and will ask again
        id, thread, _, _, _, _, _, length, _, flags, _, _ = _QUESTION.unpack(question)
        is_allowed = self.allow(thread, length, flags)
        error, further = (0, _CONTINUE) if is_allowed else (-errno.ENOMEM, 0)
        with contextlib.suppress(OSError):
            ioctl(self._listener, _SEND, bytearray(_ANSWER.pack(id, 0, error, further)))

    def allow(self, thread: int, length: int, flags: int) -> bool:
        """Count a shared mapping that `thread` wants to make; refuse one that alone is larger than the limit."""
        if flags & _MAP_ANONYMOUS and length > self._limit:
            return False
        self._answered.append((thread, -(-length // _PAGE_BYTES) * _PAGE_BYTES + _OBJECT_BYTES))
        return True

    @property
    def is_walk_due(self) -> bool:
        """Whether so much was requested since the last walk that a new walk should find out what still exists."""
        return (
            len(self._answered) > _MOST_ANSWERED
            or sum(length for _, length in self._answered) > self._limit // 4
        )

    def held_bytes(self, processes: list[Process]) -> int:
        """Return an upper bound on the memory of these processes' mappings, without pages that are counted elsewhere."""
        shared = sum(batch.bytes for batch in self._batches) + sum(length for _, length in self._answered)
        processes = [each for each in processes if each.size]  # a process without memory has no mappings
        self._generations = {each.pid: self._generation(each, len(processes)) for each in processes}
        made = min(self._ran // _SPLIT_NANOSECONDS, _MOST * len(processes))
        # A process that was forked since has at most what its parent had then.
        most = min(max(self._counts.values(), default=_USUAL) + made, _MOST)
        prices = {each.pid: _MAPPING_BYTES + self._generations[each.pid] * _CHAIN_BYTES for each in processes}
        known = sum(self._counts.get(pid, 0) * price for pid, price in prices.items())
        new = sum(most * price for pid, price in prices.items() if pid not in self._counts)
        self.guessed_bytes = new + made * _MAPPING_BYTES
        return shared + known + self.guessed_bytes

    def walk(self, processes: list[Process], census: Census) -> None:
        """Look at every mapping of these stopped processes, within the time limit. Raises TooMany."""
        deadline = time.process_time() + _WALK_SECONDS
        # Before we look: a process that has stopped or ended has made the mappings that it requested.
        running = census.are_running({thread for thread, _ in self._answered})
        unsettled = [each for each in self._answered if each[0] in running]
        found: set[bytes] = set()
        counts: dict[str, int] = {}
        for each in processes:
            text = read_maps(each.pid, deadline)
            counts[each.pid] = _count(text)
            if text is not None and _SHARED_NOWHERE in text:
                found.update(
                    line.split(None, 5)[4] for line in text.splitlines() if line.endswith(_SHARED_NOWHERE)
                )
        _see_files(counts.values())
        self._counts = counts
        self._ran = 0
        if _MOST not in counts.values():  # otherwise some mappings may have been missed
            self._sort(found)
            self._answered = unsettled

    def _sort(self, found: set[bytes]) -> None:
        """Keep only the shared mappings that were found. New ones are among those that were requested since."""
        batches = [_Batch(batch.inodes & found, batch.sizes) for batch in self._batches]
        new = found.difference(*(batch.inodes for batch in batches))
        if new:
            sizes = sorted((length for _, length in self._answered), reverse=True)
            batches.append(_Batch(new, sizes[: len(new)]))
        self._batches = [batch for batch in batches if batch.inodes]

    def _generation(self, process: Process, most: int) -> int:
        """Return an upper bound on the number of forks in the history of a process."""
        known = self._generations
        if process.pid in known:
            return known[process.pid]
        if process.parent in known:
            return min(known[process.parent] + 1, most)
        return min(max(known.values(), default=0) + 1, most)  # its parent has ended


def count_files(census: Census) -> None:
    """Raise TooMany if mappings of a jail's processes hold more than a sixteenth of the files that this machine can have open.

    They are counted only while many files are open on the machine.
    """
    if number_of_machine("fs/file-nr", 0) < _FILES // 2:
        return
    deadline = time.process_time() + _WALK_SECONDS
    with census.standing_still(_MOST_TAKEN_BYTES):
        _see_files([_count(read_maps(pid, deadline)) for pid in census.numbers()])


def _see_files(counts: Iterable[int]) -> None:
    if sum(counts) > _FILES:
        raise TooMany(f"{_FILES} mappings")


def _count(text: bytes | None) -> int:
    """Return the number of mappings in `text`, which `read_maps` returned for a process."""
    return _MOST if text is None else text.count(b"\n")


def read_maps(pid: str, deadline: float) -> bytes | None:
    """Return the mappings of a process: empty if it has ended, None if it hides them or our CPU time is past `deadline`.

    Raises OverLimit.
    """
    return patiently(_read_maps, pid, deadline)


def _read_maps(pid: str, deadline: float) -> bytes | None:
    try:
        descriptor = os.open(f"/proc/{living_thread(pid)}/maps", os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError:
        return None
    except OSError:
        return b""
    pieces = []
    try:
        while piece := os.read(descriptor, 65536):
            pieces.append(piece)
            if time.process_time() > deadline:
                return None
    except OSError:
        return b""
    finally:
        os.close(descriptor)
    return b"".join(pieces)
