"""Counts kernel objects of a jail besides its processes and files: descriptors, pipes, sockets, locks, watches.

No file in /proc says how full a pipe or a socket is, so each counts with the most that it can hold. Counting them takes a time that the
code does not choose. Their kinds are inspected only within the time that the caller gives, and an object that was not inspected in time
counts as the most expensive kind.

The kernel limits some objects per user or per machine. A jail gets its own share of these, because a memory limit would leave nothing for
others.
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
_LOCKS_NANOSECONDS = 25_000_000  # two CPUs can lock at most 20 MiB meanwhile
_LOCKS_EVERY_SECONDS = 1.0
_HIDDEN_SECONDS = 1.0  # how long a socket can be in transit without being received
_HIDING_SECONDS = 5.0  # how long there can be a socket in transit at every look
_SMALL_PART = 40  # objects that can hold at most this part of the limit are not inspected

# pipe(7): at most 16 pages, because the filter denies F_SETPIPE_SZ; one byte can hold a page.
_PIPE_BYTES = 17 * _PAGE_BYTES
_DESCRIPTOR_BYTES = 512  # struct file and its target: an eventfd, a timer, a pidfd
_WATCH_BYTES = 200  # struct epitem and struct eppoll_entry
_WATCH_TEXT_BYTES = (
    220  # a descriptor of /proc/PID/fdinfo/N keeps the text that was read; doubled for rounding
)
_FILE_WATCHER_BYTES = 8 * _MIB  # inotify: fs.inotify.max_queued_events, of 512 bytes
_UNSEEN_WATCHES = 65536  # the epoll items that a descriptor in transit can have, which cannot be inspected

LOCKS = 4096
"""File locks that a jail may hold: 192 bytes each, which no group counts. sqlite, pip and multiprocessing hold tens."""
IN_FLIGHT = 16
"""Descriptors on their way through sockets: counted for all processes of a user together, against the RLIMIT_NOFILE of each."""


def number_of_machine(path: str, otherwise: int) -> int:
    """Return the first number in a file in /proc/sys; `otherwise` if the file is not visible."""
    try:
        return int(read(f"/proc/sys/{path}").split()[0])
    except (OSError, ValueError, IndexError):
        return otherwise


def _usual_buffer(kind: int, option: int) -> int:
    """Return the buffer size of a new socket, a setting of the machine that /proc/sys shows only in the first network namespace."""
    with socket.socket(socket.AF_UNIX, kind) as new:
        return new.getsockopt(socket.SOL_SOCKET, option)


# What one socket can hold; the filter denies SO_SNDBUF and SO_RCVBUF. Unix: the sender's data in transit, doubled for the kernel's
# rounding; a datagram socket has a queue of _DATAGRAM_QUEUE + 1 senders.
_DATAGRAM_QUEUE = 1
_BACKLOG = 128
_STREAM_BYTES = 2 * _usual_buffer(socket.SOCK_STREAM, socket.SO_SNDBUF)
_OLD_QUEUE = 10  # if the kernel does not let a user namespace set it (before Linux 5.17)
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


_TIME_WAIT = b"06"  # as written in /proc/net/tcp
_UNOWNED_BYTES = 64 * _KIB  # the overhead of pieces of a few bytes


class TooMany(Exception):
    """A jail holds more of a kernel object than its share. The text is the object's name in a reason."""


class _Descriptors(NamedTuple):
    """The targets of a jail's descriptors. Those that were not inspected in time are missing here, but they are counted."""

    pipes: int = 0
    watches: int = 0
    file_watchers: int = 0
    of_proc: int = 0
    in_flight: int = 0
    """Those in queues of sockets."""
    unseen: int = 0


class Locks:
    """Limits the file locks of a jail that was made at `started`.

    Before the kernel shows the locks, it waits until all its CPUs have switched tasks (percpu_down_write in fs/locks.c): about 10 ms in
    which the end of a run goes unnoticed. So the locks are read only after the code has run long enough to take many, or after some time.
    """

    def __init__(self, started: float) -> None:
        self._ran = 0
        self._read_at = started

    def look(self, ran: int) -> None:
        """Add `ran` nanoseconds of CPU time. Raises TooMany. The current folder must be an uncovered /proc."""
        self._ran += ran
        now = time.monotonic()
        if self._ran > _LOCKS_NANOSECONDS or (self._ran and now - self._read_at > _LOCKS_EVERY_SECONDS):
            self._ran, self._read_at = 0, now
            _count_locks()


def _count_locks() -> None:
    # The kernel shows the locks that processes of this pid namespace hold. It also shows all locks of open files on this machine, but the
    # filter ensures that the code has none of these.
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


def uncharged(limit: int, version: int) -> None:
    """Raise TooMany if memory that a memory cgroup of this version does not charge exceeds a small part of its `limit`.

    This is data in UDP sockets (version 1), and connections that nobody has accepted or that are closed but not finished: the kernel
    charges nobody for these.
    """
    sockets = _sockets()
    if sockets.internet * _INTERNET_BYTES <= limit // _SMALL_PART:
        return
    _see_connections(sockets)
    kinds = ("udp", "udp6", "tcp", "tcp6") if version == 1 else ("tcp", "tcp6")
    if sum(map(_nobodys_bytes, kinds)) > limit // 16:
        raise TooMany(
            "a sixteenth of its memory limit in network connections that nobody reads, accepts or owns"
        )


def held_bytes(pids: list[str], limit: int, most_descriptors: int, seconds: float, hidden: "Hidden") -> int:
    """Return an upper bound on the memory of the jail's descriptors and sockets; 0 for the few that most programs have.

    `limit` is the jail's memory limit, `most_descriptors` the limit of one process, and `seconds` the CPU time for inspecting targets.
    `hidden` is kept between looks. Raises TooMany.
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
        # The queue of a socket that is itself in transit cannot be inspected.
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
    """The sockets of a jail that no descriptor leads to, at successive looks: they are in transit through other sockets.

    `door` is the inode of the host's end of the door, which does not count.
    """

    def __init__(self, door: int) -> None:
        self._door = b"%d" % door
        self._began = math.inf
        self.since: dict[bytes, float] = {}
        """Their inodes, and when each was first seen (time.monotonic)."""

    def note(self, inodes: set[bytes]) -> None:
        """Record the sockets that are hidden now."""
        now = time.monotonic()
        self.since = {inode: self.since.get(inode, now) for inode in inodes - {self._door}}
        self._began = min(self._began, now) if self.since else math.inf

    def is_too_long(self) -> bool:
        """Whether one of them has been in transit too long, or there has been one at every look for too long."""
        now = time.monotonic()
        first = min(self.since.values(), default=math.inf)
        return first < now - _HIDDEN_SECONDS or self._began < now - _HIDING_SECONDS


class _Sockets(NamedTuple):
    """The sockets of a network namespace: all, those of TCP and UDP, and connections in TIME_WAIT.

    They are not counted by descriptors, because a connection that nobody accepted, or a socket in transit, has none.
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
    """Return the most that these sockets can hold. Reads /proc/net/unix, which has a line for each, only if it can decide."""
    least = sockets.internet * _INTERNET_BYTES + (sockets.used - sockets.internet) * _STREAM_BYTES
    if least > limit:
        return least
    # The column with the type. A socket whose name looks like that only counts for more.
    datagram = read("/proc/net/unix").count(b" 0002 ")
    return least + datagram * (_datagram_bytes() - _STREAM_BYTES)


@cache
def _datagram_bytes() -> int:
    """Return the most that a datagram socket can hold. Runs only in the jail, because the setting is the jail's own."""
    return (number_of_machine("net/unix/max_dgram_qlen", _OLD_QUEUE) + 1) * _STREAM_BYTES


def _nobodys_bytes(kind: str) -> int:
    """Return the memory in /proc/net/`kind` that no cgroup is charged for: all of UDP, and TCP sockets without a file."""
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
    """Return the number of a process's descriptors; `most` if it hides them. Since Linux 6.2, it is the size of the folder."""
    try:
        return os.stat(f"/proc/{pid}/fd").st_size or len(os.listdir(f"/proc/{pid}/fd"))
    except PermissionError:
        return most
    except OSError:
        return 0  # it has ended


def _look_at_descriptors(
    pids: list[str], counts: list[int], deadline: float, hidden: "Hidden"
) -> _Descriptors:
    """Return the targets of these processes' descriptors, whose numbers are given; update `hidden`."""
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
                continue  # the descriptor is closed, or its process has ended
    if not total.unseen:
        hidden.note(there.difference(name[8:-1].encode() for name in seen))  # socket:[number]
    return total._replace(pipes=len(pipes))


def _add(total: _Descriptors, pid: str, name: str, target: str, seen: set[str]) -> _Descriptors:
    """Return `total` plus one descriptor that leads to `target`. `seen` are the sockets of earlier descriptors."""
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
