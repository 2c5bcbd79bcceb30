"""What the kernel holds for a jail beside its processes and files: descriptors, pipes, sockets, locks, watches.

No file of /proc says how full a pipe or a socket is, so each counts with the most that it can hold. How many there are is told in a time
that the code does not choose; what they are is looked at only as long as the caller gives. What was not looked at in time counts as the
dearest that there is.

Some of it is counted by the kernel for a whole user, or once for the machine. Of that a jail gets a share, a count of its own, because a
memory limit would leave nothing to the others.
"""

import math
import os
import socket
import time
from functools import cache
from typing import NamedTuple

from .processes import read

_KIB, _MIB = 1024, 1024**2
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_LOCKS_SECONDS = 0.006
_LOCKS_NANOSECONDS = 25_000_000  # what two CPUs lock meanwhile is 20 MiB at the most
_LOCKS_EVERY_SECONDS = 1.0
_HIDDEN_SECONDS = 1.0  # that a socket on its way may be so, and nobody takes it in
_HIDING_SECONDS = 5.0  # that at each look some socket was on its way
_SMALL_PART = 40  # what can hold no more than this part of the limit is not looked at

# pipe(7): 16 pages, and no more, as the filter keeps F_SETPIPE_SZ away; one byte may hold a page.
_PIPE_BYTES = 17 * _PAGE_BYTES
_DESCRIPTOR_BYTES = 512  # struct file, and what it leads to: an eventfd, a timer, a pidfd
_WATCH_BYTES = 200  # struct epitem and struct eppoll_entry
_WATCH_TEXT_BYTES = 220  # of a descriptor of /proc/PID/fdinfo/N, which keeps the text that was read: as much again for rounding
_FILE_WATCHER_BYTES = 8 * _MIB  # inotify: fs.inotify.max_queued_events, of 512 bytes
_UNSEEN_WATCHES = 65536  # epoll items that a descriptor on its way may have, which nobody can look at

LOCKS = 4096
"""File locks that a jail may hold: 192 bytes each, which no group counts. sqlite, pip and multiprocessing hold tens."""
IN_FLIGHT = 16
"""Descriptors on their way through sockets: counted for all processes of a user together, against the RLIMIT_NOFILE of each."""


def number_of_machine(path: str, otherwise: int) -> int:
    """Return the first number in a file of /proc/sys, `otherwise` where it cannot be seen."""
    try:
        return int(read(f"/proc/sys/{path}").split()[0])
    except (OSError, ValueError, IndexError):
        return otherwise


def _usual_buffer(kind: int, option: int) -> int:
    """Return the size of a new socket's buffer: a number of the machine, which /proc/sys shows in its first network namespace alone."""
    with socket.socket(socket.AF_UNIX, kind) as new:
        return new.getsockopt(socket.SOL_SOCKET, option)


# What one socket can hold; the filter keeps SO_SNDBUF and SO_RCVBUF away. Unix: what the sender may have on its way, once more for what
# the kernel rounds up; a datagram socket has a queue of _DATAGRAM_QUEUE + 1 senders.
_DATAGRAM_QUEUE = 1
_BACKLOG = 128
_STREAM_BYTES = 2 * _usual_buffer(socket.SOCK_STREAM, socket.SO_SNDBUF)
_OLD_QUEUE = 10  # where the kernel does not let a user namespace set it (before Linux 5.17)
_TCP_BYTES = 128 * _KIB  # each way
_INTERNET_BYTES = (
    max(2 * _TCP_BYTES, _usual_buffer(socket.SOCK_DGRAM, socket.SO_RCVBUF) + 64 * _KIB)
    + number_of_machine("net/core/optmem_max", 131072) // 2
)
_TIME_WAIT_BYTES = 512
SYSCTLS = (
    ("net/unix/max_dgram_qlen", str(_DATAGRAM_QUEUE)),
    ("net/ipv4/tcp_rmem", f"4096 65536 {_TCP_BYTES}"),
    ("net/ipv4/tcp_wmem", f"4096 16384 {_TCP_BYTES}"),
    ("net/ipv4/tcp_max_tw_buckets", "1024"),
    ("net/core/somaxconn", str(_BACKLOG)),
)
"""What bounds the buffers of the jail's own network namespace: (path below /proc/sys, text)."""

TCP_BYTES = max(256 * _INTERNET_BYTES, number_of_machine("net/ipv4/tcp_mem", 65536) * _PAGE_BYTES // 4)
"""What all TCP of a jail may hold: a quarter of what the whole machine may before the kernel slows everybody's down, or 256 sockets."""
WATCHES = max(4096, min(16384, number_of_machine("fs/epoll/max_user_watches", 1 << 20) // 64))
"""What a jail may watch with epoll: a sixty-fourth, at the most, of what each user of the machine may."""


_TIME_WAIT = b"06"  # as /proc/net/tcp writes it
_UNOWNED_BYTES = 64 * _KIB  # what pieces of a few bytes take beyond these


class TooMany(Exception):
    """A jail holds more of something than its share; the text is what it is called in a reason."""


class _Descriptors(NamedTuple):
    """What the descriptors of a jail lead to; what nobody came to in time is not among it, but is counted."""

    pipes: int = 0
    watches: int = 0
    file_watchers: int = 0
    of_proc: int = 0
    in_flight: int = 0
    """Those in queues of sockets."""
    unseen: int = 0


class Locks:
    """Sees that a jail, which was made at `started`, holds no more file locks than it may.

    Before it shows them, the kernel waits until all its CPUs have been elsewhere (percpu_down_write in fs/locks.c): some 10 ms in which a
    run's end would not be heard. So they are read only when the code has run long enough to have taken many, or some time ago.
    """

    def __init__(self, started: float) -> None:
        self._ran = 0
        self._read_at = started

    def look(self, ran: int) -> None:
        """Take in that the code has run for `ran` nanoseconds more. Raises TooMany; the current folder is a /proc with nothing covered."""
        self._ran += ran
        now = time.monotonic()
        if self._ran > _LOCKS_NANOSECONDS or (self._ran and now - self._read_at > _LOCKS_EVERY_SECONDS):
            self._ran, self._read_at = 0, now
            _count_locks()


def _count_locks() -> None:
    # Of the locks that processes hold, those of this pid namespace are shown. Those that open files hold are everybody's on this machine,
    # and none is the code's: the filter sees to that.
    found = 0
    deadline = time.thread_time() + _LOCKS_SECONDS
    descriptor = os.open("locks", os.O_RDONLY | os.O_CLOEXEC)
    try:
        while found <= LOCKS and (lines := os.read(descriptor, 65536)):
            found += lines.count(b"\n") - lines.count(b" OFDLCK ")
            if time.thread_time() > deadline:
                break
    finally:
        os.close(descriptor)
    if found > LOCKS:
        raise TooMany(f"{LOCKS} file locks")


def uncharged(limit: int) -> None:
    """See that what a version 1 memory group does not charge is no more than a small part of its `limit`. Raises TooMany.

    What waits in UDP sockets, and connections that nobody has accepted, or that are closed and not yet through: the kernel holds those on
    nobody's behalf.
    """
    sockets = _sockets()
    if sockets.internet * _INTERNET_BYTES <= limit // _SMALL_PART:
        return
    _see_connections(sockets)
    if sum(map(_nobodys_bytes, ("udp", "udp6", "tcp", "tcp6"))) > limit // 16:
        raise TooMany(
            "a sixteenth of its memory limit in network connections that nobody reads, accepts or owns"
        )


def held_bytes(pids: list[str], limit: int, most_descriptors: int, seconds: float, hidden: "Hidden") -> int:
    """Return the most that descriptors and sockets of the jail hold; nothing for the few that most programs have.

    `limit` is that of the jail's memory, `most_descriptors` how many one process may have, `seconds` of CPU time are for looking where they
    lead to. `hidden` is kept from look to look. Raises TooMany.
    """
    deadline = time.thread_time() + seconds
    small = limit // _SMALL_PART
    sockets = _sockets()
    counts = [_count_descriptors(pid, most_descriptors) for pid in pids]
    descriptors = sum(counts)
    _see_connections(sockets)
    held = sockets.lingering * _TIME_WAIT_BYTES
    if sockets.used * max(_datagram_bytes(), _INTERNET_BYTES) > small:
        held += _socket_bytes(sockets, limit)
    if sockets.used or descriptors * _PIPE_BYTES > small:
        found = _look_at_descriptors(pids, counts, deadline, hidden)
        # What is in the queue of a socket that is on its way itself, nobody can see.
        if found.in_flight > IN_FLIGHT or hidden.is_too_long():
            raise TooMany(f"{IN_FLIGHT} descriptors on their way through sockets")
        if found.watches > WATCHES:
            raise TooMany(f"{WATCHES} files watched by epoll")
        if descriptors * _PIPE_BYTES > small:
            held += (found.pipes + found.unseen) * _PIPE_BYTES
        held += descriptors * _DESCRIPTOR_BYTES
        held += found.watches * _WATCH_BYTES + found.file_watchers * _FILE_WATCHER_BYTES
        held += found.of_proc * (4096 + found.watches * _WATCH_TEXT_BYTES)
        held += max(found.in_flight, len(hidden.since)) * min(
            _UNSEEN_WATCHES * _WATCH_BYTES, limit // IN_FLIGHT
        )
    return held


class Hidden:
    """The sockets of a jail that no descriptor led to, from look to look: they are on their way through other sockets.

    `door` is the inode of the host's end of the door, which is none of them.
    """

    def __init__(self, door: int) -> None:
        self._door = b"%d" % door
        self._began = math.inf
        self.since: dict[bytes, float] = {}
        """Their inodes, and when each was first seen (time.monotonic)."""

    def note(self, inodes: set[bytes]) -> None:
        """Take in which there are now."""
        now = time.monotonic()
        self.since = {inode: self.since.get(inode, now) for inode in inodes - {self._door}}
        self._began = min(self._began, now) if self.since else math.inf

    def is_too_long(self) -> bool:
        """Whether one of them has been so for longer than it takes to receive it, or some other has each time."""
        now = time.monotonic()
        first = min(self.since.values(), default=math.inf)
        return first < now - _HIDDEN_SECONDS or self._began < now - _HIDING_SECONDS


class _Sockets(NamedTuple):
    """The sockets of a network namespace: all, those of TCP and UDP, and connections that wait to be forgotten.

    Not counted by descriptors: a connection that nobody accepted, or a socket on its way through another, has none.
    """

    used: int
    internet: int
    lingering: int


def _sockets() -> _Sockets:
    used = internet = lingering = 0
    for line in (*read("/proc/net/sockstat").splitlines(), *read("/proc/net/sockstat6").splitlines()):
        words = line.split()
        if words[0] == b"sockets:":
            used = int(words[2])
        elif words[1] == b"inuse":
            internet += int(words[2])
        if words[0] == b"TCP:":
            lingering = int(words[words.index(b"tw") + 1])
    return _Sockets(used, internet, lingering)


def _see_connections(sockets: _Sockets) -> None:
    if sockets.internet * _INTERNET_BYTES > TCP_BYTES:
        raise TooMany(f"{TCP_BYTES // _INTERNET_BYTES} network connections")


def _socket_bytes(sockets: _Sockets, limit: int) -> int:
    """Return the most that so many sockets can hold; /proc/net/unix, a line for each, is read only where it can decide."""
    least = sockets.internet * _INTERNET_BYTES + (sockets.used - sockets.internet) * _STREAM_BYTES
    if least > limit:
        return least
    # The column of the type; a name like that only makes one count for more.
    datagram = read("/proc/net/unix").count(b" 0002 ")
    return least + datagram * (_datagram_bytes() - _STREAM_BYTES)


@cache
def _datagram_bytes() -> int:
    """Return what a datagram socket can hold. Asked in the jail alone, whose own number it is."""
    return (number_of_machine("net/unix/max_dgram_qlen", _OLD_QUEUE) + 1) * _STREAM_BYTES


def _nobodys_bytes(kind: str) -> int:
    """Return what the sockets of /proc/net/`kind` hold that no group is charged for: all of UDP, and TCP where no file is the socket."""
    held = 0
    for line in read(f"/proc/net/{kind}").splitlines()[1:]:
        _, _, _, state, queues, _, _, _, _, inode, *_ = line.split(None, 10)
        sent, received = (int(size, 16) for size in queues.split(b":"))
        if kind.startswith("udp"):
            held += received
        elif inode == b"0" and state != _TIME_WAIT:
            held += sent + received + _UNOWNED_BYTES
    return held


def _count_descriptors(pid: str, most: int) -> int:
    """Return how many descriptors a process has; `most` where it hides them. Since Linux 6.2 the size of the folder tells."""
    try:
        return os.stat(f"/proc/{pid}/fd").st_size or len(os.listdir(f"/proc/{pid}/fd"))
    except PermissionError:
        return most
    except OSError:
        return 0  # it has ended


def _look_at_descriptors(
    pids: list[str], counts: list[int], deadline: float, hidden: "Hidden"
) -> _Descriptors:
    """Return what the descriptors of these processes, so many each, lead to; `hidden` is brought up to date."""
    pipes: set[str] = set()
    seen: set[str] = set()
    there = {line.split()[6] for line in read("/proc/net/unix").splitlines()[1:]} - {b"0"}
    total = _Descriptors()
    for pid, count in zip(pids, counts, strict=True):
        try:
            names = os.listdir(f"/proc/{pid}/fd") if time.thread_time() < deadline else None
        except PermissionError:
            names = None
        except OSError:
            continue  # it has ended
        if names is None:
            total = total._replace(unseen=total.unseen + count)
            continue
        for name in names:
            try:
                target = os.readlink(f"/proc/{pid}/fd/{name}")
                if target.startswith("pipe:"):
                    pipes.add(target)
                elif target.startswith(("anon_inode:", "socket:", "/proc/")):
                    total = _add(total, pid, name, target, seen)
            except OSError:
                continue  # it is closed, or its process has ended
    if not total.unseen:
        hidden.note(there.difference(name[8:-1].encode() for name in seen))  # socket:[number]
    return total._replace(pipes=len(pipes))


def _add(total: _Descriptors, pid: str, name: str, target: str, seen: set[str]) -> _Descriptors:
    """Return `total` with one descriptor more, which leads to `target`; `seen` are the sockets that others led to."""
    if target.startswith("socket:"):
        if target in seen:
            return total
        seen.add(target)
        _, found, rest = read(f"/proc/{pid}/fdinfo/{name}").partition(b"scm_fds:")
        return total._replace(in_flight=total.in_flight + (int(rest.split(None, 1)[0]) if found else 0))
    if target.startswith("/proc/"):
        return total._replace(of_proc=total.of_proc + 1)
    if target == "anon_inode:inotify":
        return total._replace(file_watchers=total.file_watchers + 1)
    if target == "anon_inode:[eventpoll]":
        return total._replace(watches=total.watches + read(f"/proc/{pid}/fdinfo/{name}").count(b"tfd:"))
    return total
