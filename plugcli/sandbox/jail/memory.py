"""How much memory a whole jail uses: its processes, its files and what the kernel holds for it, as its init sees them.

The soft form of the memory limit, for machines without a memory cgroup: measured many times a second, from inside the pid namespace, by a
process that the code cannot signal, trace or starve. What cannot be measured (how full a socket or a pipe is) counts with the most that it
can hold, above a small allowance.
"""

import os
import signal
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TMPFS = (
    "/tmp",
    "/mnt/data",
)  # /tmp stands for all that shares its tmpfs: /var/tmp, /dev/shm, the home folder
_SHARED_NOWHERE = b"/dev/zero (deleted)"  # MAP_SHARED | MAP_ANONYMOUS: pages on no tmpfs of ours, alive even when not resident

_KIB, _MIB = 1024, 1024**2
# What one socket can hold. Unix: 2 * net.core.wmem_max of the sender; a datagram socket's queue, of DATAGRAM_QUEUE + 1 senders.
# TCP and UDP: what SYSCTLS and net.core.rmem_max allow, both ways.
DATAGRAM_QUEUE = 1
_STREAM_BYTES = 416 * _KIB
_DATAGRAM_BYTES = (DATAGRAM_QUEUE + 1) * _STREAM_BYTES
_INTERNET_BYTES = 512 * _KIB
_FREE_SOCKETS = 16
SYSCTLS = (
    ("net/unix/max_dgram_qlen", str(DATAGRAM_QUEUE)),
    ("net/ipv4/tcp_rmem", "4096 65536 262144"),
    ("net/ipv4/tcp_wmem", "4096 16384 262144"),
)
"""What bounds the buffers of the jail's own network namespace: (path below /proc/sys, text)."""

# pipe(7): 64 KiB each, up to 1 MiB by F_SETPIPE_SZ, and fs.pipe-user-pages-soft (64 MiB) for a user's together; two pages beyond that.
_PIPE_BYTES, _LARGEST_PIPE_BYTES, _ALL_PIPES_BYTES, _SMALL_PIPE_BYTES = 64 * _KIB, _MIB, 64 * _MIB, 8 * _KIB
_FREE_PIPES = 32
_LOOKS_PER_LONG_LOOK = 10  # reading every descriptor and every mapping of every process is dear


# How fast a jail can take memory: two CPUs that fill socket buffers, which the kernel does not clear first. A look is due before what is
# left can be gone.
_BYTES_PER_SECOND = 16 * 1024**3
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.002, 0.05
_FEW_THREADS = 16
_PF_FORKNOEXEC = (
    0x40  # include/linux/sched.h: no exec since the fork, so the memory is what the fork was given
)


class _Exact(NamedTuple):
    """What a jail used when its shares were last looked at, and what tells how much it can have grown since."""

    used: int
    fixed: int
    processes: dict[str, tuple[int, int]]
    """pid -> anonymous bytes, page faults."""


class Meter:
    """Measures one jail against `limit` bytes. `twin` shares the memory of `interpreter`, unless one of the two has exec'd."""

    def __init__(self, limit: int, interpreter: int, twin: int | None) -> None:
        self._limit = limit
        self._interpreter = str(interpreter)
        self._twin = str(twin)
        self.used_bytes = 0
        """What the jail used at the last look."""
        self._turns: list[bytes] | None = None
        self._looks = 0
        self._pipes = 0
        self._mappings: dict[
            str, tuple[int, dict[bytes, int]]
        ] = {}  # pid -> size when looked at, shared mappings
        self._last: _Exact | None = None

    def forget(self, pid: int) -> None:
        """Let `pid`, which has ended, be nobody's twin."""
        if self._twin == str(pid):
            self._twin = ""

    def look(self, ours: Collection[int] = ()) -> float:
        """Return the seconds after which the next look is due; 0 when the jail is over its limit.

        `ours` are forks of the init: they hide their pages from the code, and so from us, and have next to none of their own.
        """
        processes = [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]
        processes = [name for name in processes if int(name) not in ours] if ours else processes
        turns = _turns(processes)
        if turns is None or turns != self._turns:  # else nobody has run since, so nobody has taken any
            self._turns = turns
            self.used_bytes = self._measure(processes)
        left = self._limit - self.used_bytes
        return 0 if left < 0 else max(_SHORTEST_SECONDS, min(_LONGEST_SECONDS, left / _BYTES_PER_SECOND))

    def _measure(self, processes: list[str]) -> int:
        """Return what the jail uses now: a bound from above while that is within the limit.

        The bound counts pages that a fork shares once for each process. Only when that decides are the shares looked at, which walks
        every page table and stops the jail meanwhile; after that, what it can have grown since. Shared anonymous mappings count with
        their whole size, because nothing tells what they hold.
        """
        is_long_look = self._looks % _LOOKS_PER_LONG_LOOK == 0
        self._looks += 1
        if is_long_look:
            self._pipes = _pipe_bytes(processes)
            self._mappings.clear()
        if self._twin in processes and self._has_twins_memory():
            processes = [pid for pid in processes if pid != self._twin]
        processes = [_window(pid) for pid in processes]
        shared: dict[bytes, int] = {}
        anonymous: dict[str, tuple[int, int]] = {}
        hidden = page_tables = 0
        for pid in processes:
            sizes = _sizes(pid)
            page_tables += sizes[b"VmPTE"]  # a page for each 2 MiB that was touched, even if only read
            try:
                shared |= self._shared_mappings(pid, sizes[b"VmSize"])
                anonymous[pid] = sizes[b"RssAnon"], _page_faults(pid)
            except PermissionError:
                hidden += sizes[
                    b"VmSize"
                ]  # it runs a file it may not read, and so hides its mappings: all of it counts
        kernel = _socket_bytes() + self._pipes + page_tables
        fixed = kernel + hidden + sum(shared.values()) + sum(_tmpfs_bytes(path) for path in _TMPFS)
        bound = fixed + sum(size for size, _ in anonymous.values())
        if bound <= self._limit:
            self._last = None
            return bound
        # With page tables of that size the walk would take longer than the rest of the memory lasts.
        least = fixed + max((size for size, _ in anonymous.values()), default=0)
        if least > self._limit or page_tables > self._limit // 8:
            return bound
        if (
            self._last is not None
            and (most := self._last.used + _growth(self._last, fixed, anonymous)) <= self._limit
        ):
            return most
        with _stopped():
            used = fixed + sum(_proportional_bytes(pid) for pid in processes)
        self._last = _Exact(used, fixed, anonymous)
        # So near, the next look would have to be at once.
        return used if used < self._limit - self._limit // 32 else self._limit + 1

    def _has_twins_memory(self) -> bool:
        """Whether the twin's memory is counted as the interpreter's: neither has exec'd, and the interpreter has not ended."""
        has_ended = _is_ended(_stat(self._interpreter))
        return not has_ended and all(map(has_memory_of_its_fork, (self._twin, self._interpreter)))

    def _shared_mappings(self, pid: str, size: int) -> dict[bytes, int]:
        """Return what `_shared_mappings` does, looked at again when the process's size has changed."""
        known = self._mappings.get(pid)
        if known is None or known[0] != size:
            known = self._mappings[pid] = size, _shared_mappings(pid)
        return known[1]


def _turns(processes: list[str]) -> list[bytes] | None:
    """Return how often and how long each thread of these processes has run; None where that would take as long as a look."""
    turns: list[bytes] = []
    for pid in processes:
        try:
            threads = os.listdir(f"/proc/{pid}/task")
        except OSError:
            return None
        if len(turns) + len(threads) > _FEW_THREADS:
            return None
        turns += [_read(f"/proc/{pid}/task/{thread}/schedstat") for thread in threads]
    return turns if all(turns) else None


def living() -> list[int]:
    """Return the pids of all processes of this pid namespace that still run, but for its init, us."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]
    return [pid for pid in pids if not _is_ended(_stat(str(pid)))]


def _is_ended(stat: list[bytes]) -> bool:
    """Whether a process has ended with all of its threads: one whose first thread alone has ended looks like a zombie, and runs on."""
    return not stat or (stat[0] in (b"Z", b"X") and int(stat[17]) <= 1)


def _window(pid: str) -> str:
    """Return the number under which /proc shows the memory of a process: that of a thread which runs on, where its first one has ended."""
    stat = _stat(pid)
    if not stat or stat[0] != b"Z" or _is_ended(stat):
        return pid
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            if _state(thread) not in (b"Z", b"X", b""):
                return thread
    return pid


def _growth(last: _Exact, fixed: int, processes: dict[str, tuple[int, int]]) -> int:
    """Return the most that a jail has grown since `last`: pages it got, and pages that were shared and are written to since."""
    grown = max(0, fixed - last.fixed)
    for pid, (size, faults) in processes.items():
        size_then, faults_then = last.processes.get(pid, (0, 0))
        grown += max(0, size - size_then) + max(0, faults - faults_then) * _PAGE_BYTES
    return grown


@contextmanager
def _stopped() -> Iterator[None]:
    """Stop the jail, all but its init, and let go on what was going on."""
    going = [pid for pid in living() if _state(str(pid)) != b"T"]
    os.kill(-1, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in going:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def _tmpfs_bytes(path: str) -> int:
    usage = os.statvfs(path)
    return (usage.f_blocks - usage.f_bfree) * usage.f_frsize


def _sizes(pid: str) -> dict[bytes, int]:
    """Return, in bytes, a process's mappings (VmSize), its anonymous pages (RssAnon) and its page tables (VmPTE)."""
    sizes = {b"VmSize": 0, b"RssAnon": 0, b"VmPTE": 0}
    for line in _lines(f"/proc/{pid}/status"):
        name, _, rest = line.partition(b":")
        if name in sizes:
            sizes[name] = int(rest.split()[0]) * _KIB
    return sizes


def _state(pid: str) -> bytes:
    """Return the letter of a process's state; nothing for one that has ended."""
    fields = _stat(pid)
    return fields[0] if fields else b""


def _page_faults(pid: str) -> int:
    """Return how many page faults of a process needed no disk: one for each page that it got or made its own."""
    fields = _stat(pid)
    return int(fields[7]) if fields else 0


def has_memory_of_its_fork(pid: str | int) -> bool:
    """Whether a process has not exec'd since it was forked."""
    fields = _stat(str(pid))
    return bool(fields and int(fields[6]) & _PF_FORKNOEXEC)


def _stat(pid: str) -> list[bytes]:
    """Return the fields of /proc/PID/stat after the name, which may hold anything."""
    return _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()


def _shared_mappings(pid: str) -> dict[bytes, int]:
    """Return inode -> bytes of the shared anonymous mappings of one process. Raises PermissionError when it hides them."""
    found: dict[bytes, int] = {}
    for line in _lines(f"/proc/{pid}/maps"):
        if line.endswith(_SHARED_NOWHERE):
            addresses, _, _, _, inode, _ = line.split(None, 5)
            start, end = (int(address, 16) for address in addresses.split(b"-"))
            found[inode] = found.get(inode, 0) + end - start
    return found


def _proportional_bytes(pid: str) -> int:
    """Return one process's share of the anonymous memory it maps, in bytes."""
    try:
        for line in _lines(f"/proc/{pid}/smaps_rollup"):
            if line.startswith(b"Pss_Anon:"):
                return int(line.split()[1]) * _KIB
    except PermissionError:
        pass  # counted with all of its size already
    return 0


def _socket_bytes() -> int:
    """Return the most that the sockets of this network namespace can hold; 0 for the few that most programs have.

    Not counted by descriptors: a connection that nobody accepted, or a socket on its way through another, has none.
    """
    unix = _read("/proc/net/unix")
    datagram = unix.count(b" 0002 ")  # the column of the type; a name like that only makes one count for more
    stream = max(0, unix.count(b"\n") - 1 - datagram)
    internet = 0
    for line in (*_lines("/proc/net/sockstat"), *_lines("/proc/net/sockstat6")):
        words = line.split()
        if words[1] == b"inuse":
            internet += int(words[2])
    if datagram + stream + internet <= _FREE_SOCKETS:
        return 0
    return datagram * _DATAGRAM_BYTES + stream * _STREAM_BYTES + internet * _INTERNET_BYTES


def _pipe_bytes(processes: list[str]) -> int:
    """Return the most that the pipes of these processes can hold."""
    pipes: set[str] = set()
    for pid in processes:
        try:
            for name in os.listdir(f"/proc/{pid}/fd"):
                target = os.readlink(f"/proc/{pid}/fd/{name}")
                if target.startswith("pipe:"):
                    pipes.add(target)
        except OSError:
            continue  # it ended, or hides them: then all of its size counts
    count = len(pipes)
    if count <= _FREE_PIPES:
        return count * _PIPE_BYTES
    return min(count * _LARGEST_PIPE_BYTES, _ALL_PIPES_BYTES) + count * _SMALL_PIPE_BYTES


def _lines(path: str) -> list[bytes]:
    return _read(path).splitlines()


def _read(path: str) -> bytes:
    """Return a file of /proc; nothing when its process has ended."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return b""
