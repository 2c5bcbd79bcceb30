"""Counts the sockets of a jail with a network namespace of its own, where /proc/net shows nobody else's."""

import math
import os
import socket
import time
from functools import cache
from typing import NamedTuple

from .objects import (
    PIPE_BYTES,
    STREAM_BYTES,
    WATCH_BYTES,
    Holdings,
    TooMany,
    count_descriptors,
    look_at_descriptors,
    number_of_machine,
    usual_buffer,
)
from .processes import read

_KIB = 1024
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_HIDDEN_SECONDS = 1.0  # how long a socket can be in transit without being received
_HIDING_SECONDS = 5.0  # how long there can be a socket in transit at every look
_UNSEEN_WATCHES = 65536  # the epoll items that a descriptor in transit can have, which cannot be inspected

# What one socket can hold; the filter denies SO_SNDBUF and SO_RCVBUF. A datagram socket has a queue of _DATAGRAM_QUEUE + 1 senders.
_DATAGRAM_QUEUE = 1
_BACKLOG = 128
_OLD_QUEUE = 10  # if the kernel does not let a user namespace set it (before Linux 5.17)
_TCP_BYTES = 128 * _KIB  # each way
_INTERNET_BYTES = (
    max(2 * _TCP_BYTES, usual_buffer(socket.SOCK_DGRAM, socket.SO_RCVBUF) + 64 * _KIB)
    + number_of_machine("net/core/optmem_max", 131072) // 2
)
_TIME_WAIT_BYTES = 512
_MOST_TCP_BYTES = 64 * 1024 * _KIB  # the kernel's own defaults for both ways are half of that
_OVERHEAD = 2  # measured, with pieces of 1 byte to 60 KB: what is queued takes at most half as much again
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
IN_FLIGHT = 16
"""Descriptors on their way through sockets: counted for all processes of a user together, against the RLIMIT_NOFILE of each."""

_TIME_WAIT = b"06"  # as written in /proc/net/tcp
_UNOWNED_BYTES = 64 * _KIB  # the overhead of pieces of a few bytes


class InOwnNetwork(Holdings):
    """The holdings of a jail with a network namespace of its own. `door` is the inode of the host's end of the door.

    Without `has_own_limits`, SYSCTLS could not be written there. Then what TCP has queued is counted, because the kernel lets it grow.
    """

    def __init__(self, limit: int, most_descriptors: int, door: int, *, has_own_limits: bool = True) -> None:
        super().__init__(limit, most_descriptors)
        self._has_own_limits = has_own_limits
        self._hidden = Hidden(door)

    @property
    def is_waiting(self) -> bool:
        """See Holdings: sockets in transit."""
        return bool(self._hidden.since)

    def held_bytes(self, pids: list[str], seconds: float) -> int:
        """See Holdings."""
        deadline = time.thread_time() + seconds
        sockets = _sockets()
        counts = count_descriptors(pids, self._most_descriptors)
        descriptors = sum(counts)
        _see_connections(sockets)
        held = sockets.lingering * _TIME_WAIT_BYTES
        if sockets.internet and not self._has_own_limits:
            held += _queued_bytes(deadline)
        if sockets.used * max(_datagram_bytes(), _INTERNET_BYTES) > self._small:
            held += _socket_bytes(sockets, self._limit)
        if sockets.used or descriptors * PIPE_BYTES > self._small:
            there = {line.split()[6] for line in read("/proc/net/unix").splitlines()[1:]} - {b"0"}
            found = look_at_descriptors(pids, counts, deadline)
            if not found.unseen:
                self._hidden.note(there.difference(found.sockets))
            # The queue of a socket that is itself in transit cannot be inspected.
            if found.in_flight > IN_FLIGHT or self._hidden.is_too_long():
                raise TooMany(f"{IN_FLIGHT} descriptors on their way through sockets")
            if descriptors * PIPE_BYTES > self._small:
                held += (len(found.pipes) + found.unseen) * PIPE_BYTES
            held += found.bytes(descriptors)
            held += max(found.in_flight, len(self._hidden.since)) * min(
                _UNSEEN_WATCHES * WATCH_BYTES, self._limit // IN_FLIGHT
            )
        return held

    def uncharged(self, version: int) -> None:
        """See Holdings.

        This is data in UDP sockets (version 1), and connections that nobody has accepted or that are closed but not finished: the kernel
        charges nobody for these.
        """
        sockets = _sockets()
        if sockets.internet * _INTERNET_BYTES <= self._small:
            return
        _see_connections(sockets)
        kinds = ("udp", "udp6", "tcp", "tcp6") if version == 1 else ("tcp", "tcp6")
        if sum(map(_nobodys_bytes, kinds)) > self._limit // 16:
            raise TooMany(
                "a sixteenth of its memory limit in network connections that nobody reads, accepts or owns"
            )


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


def _queued_bytes(deadline: float) -> int:
    """Return the most memory that data in TCP sockets takes. Sockets that were not read in time count with the most that one can hold."""
    queued = 0
    for kind in ("tcp", "tcp6"):
        rest = b""
        try:
            descriptor = os.open(f"/proc/net/{kind}", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue  # without IPv6
        try:
            while piece := os.read(descriptor, 65536):
                *lines, rest = (rest + piece).split(b"\n")
                sizes = [line.split(None, 5)[4].split(b":") for line in lines if b" sl " not in line[:6]]
                queued += sum(int(size, 16) for both in sizes for size in both) * _OVERHEAD
                if queued > TCP_BYTES:
                    raise TooMany(f"{TCP_BYTES >> 20} MiB in network connections")
                if time.thread_time() > deadline:
                    return queued + _sockets().internet * _MOST_TCP_BYTES
        finally:
            os.close(descriptor)
    return queued


def _socket_bytes(sockets: _Sockets, limit: int) -> int:
    """Return the most that these sockets can hold. Reads /proc/net/unix, which has a line for each, only if it can decide."""
    least = sockets.internet * _INTERNET_BYTES + (sockets.used - sockets.internet) * STREAM_BYTES
    if least > limit:
        return least
    # The column with the type. A socket whose name looks like that only counts for more.
    datagram = read("/proc/net/unix").count(b" 0002 ")
    return least + datagram * (_datagram_bytes() - STREAM_BYTES)


@cache
def _datagram_bytes() -> int:
    """Return the most that a datagram socket can hold. Runs only in the jail, because the setting is the jail's own."""
    return (number_of_machine("net/unix/max_dgram_qlen", _OLD_QUEUE) + 1) * STREAM_BYTES


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
