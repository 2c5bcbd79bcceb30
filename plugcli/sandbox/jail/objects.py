"""What the kernel holds for a jail beside its processes and files: descriptors, pipes, sockets, locks, watches.

No file of /proc says how full a pipe or a socket is, so each counts with the most that it can hold. How many there are is told in a time
that the code does not choose; what they are is looked at only while that takes no longer than `_LOOK_SECONDS`. What was not looked at in
time counts as the dearest that there is.

Some of it is counted by the kernel for a whole user, or once for the machine. Of that a jail gets a share, a count of its own, because a
memory limit would leave nothing to the others.
"""

import os
import socket
import time
from typing import NamedTuple

from .processes import read

_KIB, _MIB = 1024, 1024**2
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_LOOK_SECONDS = 0.006
_SMALL_PART = 40  # what can hold no more than this part of the limit is not looked at

# pipe(7): 16 pages, and no more, as the filter keeps F_SETPIPE_SZ away; one byte may hold a page.
_PIPE_BYTES = 17 * _PAGE_BYTES
_DESCRIPTOR_BYTES = 512  # struct file, and what it leads to: an eventfd, a timer, a pidfd
_WATCH_BYTES = 200  # struct epitem and struct eppoll_entry

LOCKS = 4096
"""File locks that a jail may hold: 192 bytes each, which no group counts. sqlite, pip and multiprocessing hold tens."""
IN_FLIGHT = 64
"""Descriptors on their way through sockets: counted for all processes of a user together, against the RLIMIT_NOFILE of each."""
_LOCK_LINE_BYTES = 50  # of /proc/locks, at the least


def _number(path: str, otherwise: int) -> int:
    """Return the first number in a file of /proc/sys: of the host's, as the launcher sees it."""
    try:
        return int(read(f"/proc/sys/{path}").split()[0])
    except (OSError, ValueError, IndexError):
        return otherwise


def _usual_buffer(kind: int, option: int) -> int:
    """Return the size of a new socket's buffer: a number of the machine, which /proc/sys shows in its first network namespace alone."""
    with socket.socket(socket.AF_UNIX, kind) as new:
        return new.getsockopt(socket.SOL_SOCKET, option)


# What one socket can hold; the filter keeps SO_SNDBUF and SO_RCVBUF away. Unix: what the sender may have on its way, once more for what
# the kernel rounds up; a datagram socket has a queue of DATAGRAM_QUEUE + 1 senders.
DATAGRAM_QUEUE = 1
_STREAM_BYTES = 2 * _usual_buffer(socket.SOCK_STREAM, socket.SO_SNDBUF)
_DATAGRAM_BYTES = (DATAGRAM_QUEUE + 1) * _STREAM_BYTES
_TCP_BYTES = 128 * _KIB  # each way
_INTERNET_BYTES = (
    max(2 * _TCP_BYTES, _usual_buffer(socket.SOCK_DGRAM, socket.SO_RCVBUF) + 64 * _KIB)
    + _number("net/core/optmem_max", 131072) // 2
)
_DEAREST_SOCKET = max(_DATAGRAM_BYTES, _INTERNET_BYTES)
_TIME_WAIT_BYTES = 512
SYSCTLS = (
    ("net/unix/max_dgram_qlen", str(DATAGRAM_QUEUE)),
    ("net/ipv4/tcp_rmem", f"4096 65536 {_TCP_BYTES}"),
    ("net/ipv4/tcp_wmem", f"4096 16384 {_TCP_BYTES}"),
    ("net/ipv4/tcp_max_tw_buckets", "1024"),
)
"""What bounds the buffers of the jail's own network namespace: (path below /proc/sys, text)."""

TCP_BYTES = _number("net/ipv4/tcp_mem", 65536) * _PAGE_BYTES // 4
"""What all TCP of a jail may hold: a quarter of what the whole machine may before the kernel slows everybody's down."""
WATCHES = max(4096, _number("fs/epoll/max_user_watches", 1 << 20) // 64)
"""What a jail may watch with epoll, of which each user of the machine has 64 times as much."""


class TooMany(Exception):
    """A jail holds more of something than its share; the text is what it is called in a reason."""


class _Descriptors(NamedTuple):
    """What the descriptors of a jail lead to; `in_flight` are those in queues of sockets."""

    pipes: int
    watchers: int
    in_flight: int


def locks() -> int:
    """Return how many file locks the jail holds. Raises TooMany; called where the current folder is a /proc with nothing covered.

    Only locks of this pid namespace's processes are shown; the filter sees to it that there are no others.
    """
    found, left = 0, LOCKS * _LOCK_LINE_BYTES * 2
    descriptor = os.open("locks", os.O_RDONLY | os.O_CLOEXEC)
    try:
        while left > 0 and (lines := os.read(descriptor, 65536)):
            found += lines.count(b"\n")
            left -= len(lines)
    finally:
        os.close(descriptor)
    if found > LOCKS:
        raise TooMany(f"{LOCKS} file locks")
    return found


def held_bytes(pids: list[str], limit: int, most_descriptors: int) -> int:
    """Return the most that descriptors and sockets of the jail hold; nothing for the few that most programs have.

    `limit` is that of the jail's memory, `most_descriptors` how many one process may have. Raises TooMany.
    """
    deadline = time.monotonic() + _LOOK_SECONDS
    small = limit // _SMALL_PART
    sockets, internet, waiting = _sockets()
    counts = [_count_descriptors(pid, most_descriptors) for pid in pids]
    descriptors = sum(counts)
    held = waiting * _TIME_WAIT_BYTES
    if internet * _INTERNET_BYTES > TCP_BYTES:
        raise TooMany(f"{TCP_BYTES // _INTERNET_BYTES} network connections")
    if sockets * _DEAREST_SOCKET > small:
        held += _socket_bytes(sockets, internet, limit)
    if sockets or descriptors * _PIPE_BYTES > small:
        found = _look_at_descriptors(pids, counts, deadline)
        if found.in_flight > IN_FLIGHT:
            raise TooMany(f"{IN_FLIGHT} descriptors on their way through sockets")
        if found.watchers * descriptors > WATCHES and _watches(pids, deadline) > WATCHES:
            raise TooMany(f"{WATCHES} files watched by epoll")
        held += (found.pipes + found.in_flight) * _PIPE_BYTES if descriptors * _PIPE_BYTES > small else 0
        held += descriptors * _DESCRIPTOR_BYTES
        held += min(found.watchers * descriptors, WATCHES) * _WATCH_BYTES
    return held


def _sockets() -> tuple[int, int, int]:
    """Return how many sockets this network namespace has, how many are TCP's and UDP's, and how many connections linger.

    Not counted by descriptors: a connection that nobody accepted, or a socket on its way through another, has none.
    """
    used = internet = waiting = 0
    for line in (*read("/proc/net/sockstat").splitlines(), *read("/proc/net/sockstat6").splitlines()):
        words = line.split()
        if words[0] == b"sockets:":
            used = int(words[2])
        elif words[1] == b"inuse":
            internet += int(words[2])
        if words[0] == b"TCP:":
            waiting = int(words[words.index(b"tw") + 1])
    return used, internet, waiting


def _socket_bytes(sockets: int, internet: int, limit: int) -> int:
    """Return the most that so many sockets can hold; /proc/net/unix, a line for each, is read only where it can decide."""
    least = internet * _INTERNET_BYTES + (sockets - internet) * _STREAM_BYTES
    if least > limit:
        return least
    # The column of the type; a name like that only makes one count for more.
    datagram = read("/proc/net/unix").count(b" 0002 ")
    return least + datagram * (_DATAGRAM_BYTES - _STREAM_BYTES)


def _count_descriptors(pid: str, most: int) -> int:
    """Return how many descriptors a process has; `most` where it hides them. Since Linux 6.2 the size of the folder tells."""
    try:
        return os.stat(f"/proc/{pid}/fd").st_size or len(os.listdir(f"/proc/{pid}/fd"))
    except PermissionError:
        return most
    except OSError:
        return 0  # it has ended


def _look_at_descriptors(pids: list[str], counts: list[int], deadline: float) -> _Descriptors:
    """Return what the descriptors of these processes, so many each, lead to; each that nobody came to in time is a pipe and a watcher."""
    pipes: set[str] = set()
    watchers = in_flight = unseen = 0
    sockets: set[str] = set()
    for pid, count in zip(pids, counts, strict=True):
        try:
            names = os.listdir(f"/proc/{pid}/fd") if time.monotonic() < deadline else None
        except PermissionError:
            names = None
        except OSError:
            continue  # it has ended
        if names is None:
            unseen += count
            continue
        for name in names:
            try:
                target = os.readlink(f"/proc/{pid}/fd/{name}")
                if target.startswith("socket:") and target not in sockets:
                    sockets.add(target)
                    in_flight += _in_flight(pid, name)
            except OSError:
                continue  # it is closed, or its process has ended
            if target.startswith("pipe:"):
                pipes.add(target)
            elif target == "anon_inode:[eventpoll]":
                watchers += 1
    return _Descriptors(len(pipes) + unseen, watchers + unseen, in_flight)


def _in_flight(pid: str, name: str) -> int:
    """Return how many descriptors wait in the queue of a socket."""
    _, found, rest = read(f"/proc/{pid}/fdinfo/{name}").partition(b"scm_fds:")
    return int(rest.split(None, 1)[0]) if found else 0


def _watches(pids: list[str], deadline: float) -> int:
    """Return how many files these processes watch with epoll; more than they may where that takes too long to find out."""
    found = 0
    for pid in pids:
        try:
            for name in os.listdir(f"/proc/{pid}/fd"):
                if time.monotonic() > deadline + _LOOK_SECONDS:
                    return WATCHES + 1
                if os.readlink(f"/proc/{pid}/fd/{name}") == "anon_inode:[eventpoll]":
                    found += read(f"/proc/{pid}/fdinfo/{name}").count(b"tfd:")
        except PermissionError:
            return WATCHES + 1
        except OSError:
            continue
    return found
