"""Mappings of a jail that no count of pages shows: memory that processes share without a file, and the mappings themselves.

A page of a shared mapping stays where no process has it in its page tables any more, even where the part of the mapping that it was in
is gone. So such a mapping counts with the whole size that it was made with. Nothing shows that size later: so the kernel asks us before
it makes one, by seccomp's user notification (seccomp_unotify(2)), which the filter has for mmap(2) with MAP_SHARED. Which of them are
still there, and how many mappings a process has, is found by a walk through all mappings of all processes. Between two walks counts the
most that can have been made in the time that the processes have run. A walk ends in time: a process that nobody came to has the most
that there can be.
"""

import contextlib
import errno
import os
import struct
import time
from collections.abc import Iterable
from fcntl import ioctl
from typing import NamedTuple

from .objects import TooMany, number_of_machine
from .processes import Process, is_running, standing_still

_SHARED_NOWHERE = b"/dev/zero (deleted)"  # MAP_SHARED | MAP_ANONYMOUS, and MAP_SHARED of /dev/zero: pages on no tmpfs of ours
_MAP_ANONYMOUS = 0x20

# <linux/seccomp.h>: struct seccomp_notif (id, pid, flags, and struct seccomp_data with the six arguments), struct seccomp_notif_resp.
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_QUESTION = struct.Struct("=QII iIQ 6Q")
_ANSWER = struct.Struct("=QqiI")
_CONTINUE = 1

_MAPPING_BYTES = 480  # struct vm_area_struct, its part of a maple tree's node, struct anon_vma, or a struct file that nothing else holds
_CHAIN_BYTES = 64  # struct anon_vma_chain: a mapping has one for each fork that it went through
_MOST = 65530  # vm.max_map_count, as the kernel has it by default
_MOST_ANSWERED = 4096
_MOST_TAKEN_BYTES = 64 * 1024 * 1024  # while we wait for all to stand still
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_OBJECT_BYTES = 1800  # struct shmem_inode_info, its dentry and struct file
_SPLIT_NANOSECONDS = 500  # the quickest way to one mapping more takes a CPU so long at the least
_USUAL = 1500  # numpy, pandas and matplotlib make 700
_WALK_SECONDS = 2.0  # of our own CPU time; a walk through 64 usual processes takes 50 ms
# A mapping may be all that holds an open file, and the machine has so many for everybody.
_FILES = max(65536, number_of_machine("fs/file-max", 1 << 20) // 16)


class _Batch(NamedTuple):
    """Shared mappings that were made between two walks: those that are still there, and the sizes of all, the largest first."""

    inodes: set[bytes]
    sizes: list[int]

    @property
    def bytes(self) -> int:
        # Which inode has which size nobody knows.
        return sum(self.sizes[: len(self.inodes)])


class Mappings:
    """What is known of the mappings of one jail that may use `limit` bytes.

    `listener` is the descriptor of the notifications: when it is readable, call `answer`.
    """

    def __init__(self, limit: int, listener: int) -> None:
        self._limit = limit
        self._listener = listener
        self._batches: list[_Batch] = []
        self._answered: list[tuple[str, int]] = []
        """Who asked, and for how many bytes: since the last walk, or so shortly before it that it may have missed them."""
        self._counts: dict[str, int] = {}
        self._generations: dict[str, int] = {}
        self.guessed_bytes = 0
        """What of `held_bytes` may be there, and most likely is not: mappings that can have been made since the last walk."""
        self._ran = 0  # nanoseconds since the last walk

    def note(self, ran: int) -> None:
        """Take in that the code has run for so many nanoseconds more."""
        self._ran += ran

    def answer(self) -> None:
        """Answer a process that is about to make a shared mapping: one alone that is larger than the limit is refused."""
        question = bytearray(_QUESTION.size)
        try:
            ioctl(self._listener, _RECEIVE, question)
        except OSError:
            return  # it has been killed, or interrupted and asks again
        id, thread, _, _, _, _, _, length, _, flags, _, _ = _QUESTION.unpack(question)
        error, further = 0, _CONTINUE
        if flags & _MAP_ANONYMOUS and length > self._limit:
            error, further = -errno.ENOMEM, 0
        else:
            self._answered.append((str(thread), -(-length // _PAGE_BYTES) * _PAGE_BYTES + _OBJECT_BYTES))
        with contextlib.suppress(OSError):
            ioctl(self._listener, _SEND, bytearray(_ANSWER.pack(id, 0, error, further)))

    @property
    def is_walk_due(self) -> bool:
        """Whether so much was asked for since the last walk that it should be known which of it is still there."""
        return (
            len(self._answered) > _MOST_ANSWERED
            or sum(length for _, length in self._answered) > self._limit // 4
        )

    def held_bytes(self, processes: list[Process]) -> int:
        """Return the most that the mappings of these processes hold, beside pages that show elsewhere."""
        shared = sum(batch.bytes for batch in self._batches) + sum(length for _, length in self._answered)
        processes = [each for each in processes if each.size]  # whose memory is gone, has none
        self._generations = {each.pid: self._generation(each, len(processes)) for each in processes}
        made = min(self._ran // _SPLIT_NANOSECONDS, _MOST * len(processes))
        # A process that was forked since has at the most what its parent had then.
        most = min(max(self._counts.values(), default=_USUAL) + made, _MOST)
        prices = {each.pid: _MAPPING_BYTES + self._generations[each.pid] * _CHAIN_BYTES for each in processes}
        known = sum(self._counts.get(pid, 0) * price for pid, price in prices.items())
        new = sum(most * price for pid, price in prices.items() if pid not in self._counts)
        self.guessed_bytes = new + made * _MAPPING_BYTES
        return shared + known + self.guessed_bytes

    def walk(self, processes: list[Process]) -> None:
        """Look at every mapping of these processes, which stand still, as long as that may take. Raises TooMany."""
        deadline = time.thread_time() + _WALK_SECONDS
        # Who stands still, or is gone, has done what it asked for: before we look.
        unsettled = [each for each in self._answered if is_running(each[0])]
        found: set[bytes] = set()
        counts: dict[str, int] = {}
        for each in processes:
            text = _read(each.pid, deadline)
            counts[each.pid] = _count(text)
            if text is not None and _SHARED_NOWHERE in text:
                found.update(
                    line.split(None, 5)[4] for line in text.splitlines() if line.endswith(_SHARED_NOWHERE)
                )
        _see_files(counts.values())
        self._counts = counts
        self._ran = 0
        if _MOST not in counts.values():  # else some of what is there may not have been seen
            self._sort(found)
            self._answered = unsettled

    def _sort(self, found: set[bytes]) -> None:
        """Keep of the shared mappings those that were found: those not known yet are among the ones that were asked for since."""
        batches = [_Batch(batch.inodes & found, batch.sizes) for batch in self._batches]
        new = found.difference(*(batch.inodes for batch in batches))
        if new:
            sizes = sorted((length for _, length in self._answered), reverse=True)
            batches.append(_Batch(new, sizes[: len(new)]))
        self._batches = [batch for batch in batches if batch.inodes]

    def _generation(self, process: Process, most: int) -> int:
        """Return how many forks a process and its parents went through, at the most."""
        known = self._generations
        if process.pid in known:
            return known[process.pid]
        if process.parent in known:
            return min(known[process.parent] + 1, most)
        return min(max(known.values(), default=0) + 1, most)  # its parent has ended


def count_files(pids: list[str]) -> None:
    """See that mappings of these processes hold no more than a sixteenth of the files that this machine may have open. Raises TooMany.

    They are looked at only while many files are open on the machine.
    """
    if number_of_machine("fs/file-nr", 0) < _FILES // 2:
        return
    deadline = time.thread_time() + _WALK_SECONDS
    with standing_still(_MOST_TAKEN_BYTES):
        _see_files([_count(_read(pid, deadline)) for pid in pids])


def _see_files(counts: Iterable[int]) -> None:
    if sum(counts) > _FILES:
        raise TooMany(f"{_FILES} mappings")


def _count(text: bytes | None) -> int:
    """Return how many mappings a process has of which `_read` returned `text`."""
    return _MOST if text is None else text.count(b"\n")


def _read(pid: str, deadline: float) -> bytes | None:
    """Return the mappings of a process, nothing when it has ended; None where it hides them, or our CPU time is over `deadline`."""
    try:
        descriptor = os.open(f"/proc/{pid}/maps", os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError:
        return None
    except OSError:
        return b""
    pieces = []
    try:
        while piece := os.read(descriptor, 65536):
            pieces.append(piece)
            if time.thread_time() > deadline:
                return None
    except OSError:
        return b""
    finally:
        os.close(descriptor)
    return b"".join(pieces)
