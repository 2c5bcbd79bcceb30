"""Counts kernel objects of a jail besides its processes and files: descriptors, pipes, pairs of sockets, watches.

No file in /proc says how full a pipe or a socket is, so each counts with the most that it can hold. Counting them takes a time that the
code does not choose. Their kinds are inspected only within the time that the caller gives, and an object that was not inspected in time
counts as the most expensive kind.

The kernel limits some objects per user or per machine. A jail gets its own share of these, because a memory limit would leave nothing for
others.
"""

import os
import socket
import time

from .processes import living_thread, read

_MIB = 1024**2
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
SMALL_PART = 40  # objects that can hold at most this part of the limit are not inspected

# pipe(7): at most 16 pages, because the filter denies F_SETPIPE_SZ; one byte can hold a page.
PIPE_BYTES = 17 * _PAGE_BYTES
_DESCRIPTOR_BYTES = 512  # struct file and its target: an eventfd, a timer, a pidfd
WATCH_BYTES = 200  # struct epitem and struct eppoll_entry
_WATCH_TEXT_BYTES = (
    220  # a descriptor of /proc/PID/fdinfo/N keeps the text that was read; doubled for rounding
)
_FILE_WATCHER_BYTES = 8 * _MIB  # inotify: fs.inotify.max_queued_events, of 512 bytes


def number_of_machine(path: str, otherwise: int) -> int:
    """Return the first number in a file in /proc/sys; `otherwise` if the file is not visible."""
    try:
        return int(read(f"/proc/sys/{path}").split()[0])
    except (OSError, ValueError, IndexError):
        return otherwise


def usual_buffer(kind: int, option: int) -> int:
    """Return the buffer size of a new socket, a setting of the machine that /proc/sys shows only in the first network namespace."""
    with socket.socket(socket.AF_UNIX, kind) as new:
        return new.getsockopt(socket.SOL_SOCKET, option)


# What one stream socket can hold: the sender's data in transit, doubled for the kernel's rounding. The filter denies SO_SNDBUF.
STREAM_BYTES = 2 * usual_buffer(socket.SOCK_STREAM, socket.SO_SNDBUF)
WATCHES = max(4096, min(16384, number_of_machine("fs/epoll/max_user_watches", 1 << 20) // 64))
"""What a jail may watch with epoll: a sixty-fourth, at the most, of what each user of the machine may."""


# A quarter of the pages that the pipes of an ordinary user may have before the kernel makes all further ones of that user smaller.
PIPES = max(256, number_of_machine("fs/pipe-user-pages-soft", 16384) // 16 // 4)
"""Pipes that a jail may hold where they count for the user who runs it. A program that talks to 64 others by three pipes each has 192."""


class TooMany(Exception):
    """A jail holds more of a kernel object than its share. The text is the object's name in a reason."""


class Holdings:
    """What a jail holds by its descriptors. `limit` is its memory limit, `most_descriptors` the limit of one process."""

    def __init__(self, limit: int, most_descriptors: int) -> None:
        self._limit = limit
        self._most_descriptors = most_descriptors
        self._small = limit // SMALL_PART

    @property
    def is_waiting(self) -> bool:
        """Whether something must be looked at again even if no process has run."""
        return False

    def held_bytes(self, pids: list[str], seconds: float) -> int:
        """Return an upper bound on the memory of the descriptors and sockets; 0 for the few that most programs have.

        `seconds` is the CPU time for inspecting targets. Raises TooMany.
        """
        raise NotImplementedError

    def uncharged(self, version: int) -> None:
        """Raise TooMany if memory that a memory cgroup of this version does not charge exceeds a small part of the limit."""


class OfPairs(Holdings):
    """The holdings of a jail whose only sockets are pairs of streams, which send no descriptors: each has a descriptor.

    Without a user namespace, its pipes count for the user who runs it.
    """

    def held_bytes(self, pids: list[str], seconds: float) -> int:
        """See Holdings."""
        counts = count_descriptors(pids, self._most_descriptors)
        descriptors = sum(counts)
        found = look_at_descriptors(pids, counts, time.thread_time() + seconds)
        if len(found.pipes) > PIPES:
            raise TooMany(f"{PIPES} pipes")
        full = len(found.pipes) * PIPE_BYTES + len(found.sockets) * STREAM_BYTES
        full += found.unseen * max(PIPE_BYTES, STREAM_BYTES)
        return found.bytes(descriptors) + (full if full > self._small else 0)


def count_descriptors(pids: list[str], most: int) -> list[int]:
    """Return the number of each process's descriptors; `most` if it hides them. Since Linux 6.2, it is the size of the folder."""
    return [_count_descriptors(pid, most) for pid in pids]


def _count_descriptors(pid: str, most: int) -> int:
    try:
        count = os.stat(f"/proc/{pid}/fd").st_size or len(os.listdir(f"/proc/{pid}/fd"))
        return count or len(os.listdir(f"/proc/{living_thread(pid)}/fd"))
    except PermissionError:
        return most
    except OSError:
        return 0  # it has ended


class Descriptors:
    """The targets of a jail's descriptors. Those that were not inspected in time are missing here, but they are counted."""

    def __init__(self) -> None:
        self.pipes: set[str] = set()
        self.sockets: set[bytes] = set()
        """Their inodes."""
        self.watches = 0
        self.file_watchers = 0
        self.of_proc = 0
        self.in_flight = 0
        """Those in queues of sockets."""
        self.unseen = 0

    def add(self, pid: str, name: str, target: str) -> None:
        """Add one descriptor that leads to `target`."""
        if target.startswith("pipe:"):
            self.pipes.add(target)
        elif target.startswith("socket:"):
            inode = target[8:-1].encode()  # socket:[number]
            if inode not in self.sockets:
                self.sockets.add(inode)
                _, found, rest = read(f"/proc/{pid}/fdinfo/{name}").partition(b"scm_fds:")
                self.in_flight += int(rest.split(None, 1)[0]) if found else 0
        elif target.startswith("/proc/"):
            self.of_proc += 1
        elif target == "anon_inode:inotify":
            self.file_watchers += 1
        elif target == "anon_inode:[eventpoll]":
            self.watches += read(f"/proc/{pid}/fdinfo/{name}").count(b"tfd:")

    def bytes(self, descriptors: int) -> int:
        """Return the most that they hold, without what is in pipes and sockets; `descriptors` is the number of all. Raises TooMany."""
        if self.watches > WATCHES:
            raise TooMany(f"{WATCHES} files watched by epoll")
        return (
            descriptors * _DESCRIPTOR_BYTES
            + self.watches * WATCH_BYTES
            + self.file_watchers * _FILE_WATCHER_BYTES
            + self.of_proc * (4096 + self.watches * _WATCH_TEXT_BYTES)
        )


def look_at_descriptors(pids: list[str], counts: list[int], deadline: float) -> Descriptors:
    """Return the targets of these processes' descriptors, whose numbers are given, within our CPU time until `deadline`."""
    found = Descriptors()
    for pid, count in zip(pids, counts, strict=True):
        try:
            names = os.listdir(f"/proc/{pid}/fd") if time.thread_time() < deadline else None
            if count and names == []:
                pid = living_thread(pid)
                names = os.listdir(f"/proc/{pid}/fd")
        except PermissionError:
            names = None
        except OSError:
            continue  # it has ended
        if names is None:
            found.unseen += count
            continue
        for name in names:
            try:
                found.add(pid, name, os.readlink(f"/proc/{pid}/fd/{name}"))
            except OSError:
                continue  # the descriptor is closed, or its process has ended
    return found
