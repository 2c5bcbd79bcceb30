"""The processes of a jail, as its init sees them in /proc. It reads only files whose size does not depend on the code."""

import contextlib
import os
import resource
import signal
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from . import libc

_KIB = 1024
_STOP_SECONDS = 1.0  # enough for a fork with very many mappings on a busy machine
_VFORK_SECONDS = 0.05  # a process that cannot be stopped for so long is waiting for a vfork(2) child
# fs/exec.c: the arguments of a starting program do not belong to any process yet. They take at most a quarter of the soft stack limit,
# and at most three quarters of 8 MiB.
_USUAL_ARGUMENTS_BYTES, _MOST_ARGUMENTS_BYTES = 2 * 1024 * _KIB, 6 * 1024 * _KIB
_CPUCLOCK_SCHED = 2  # include/linux/posix-timers_types.h
_PF_FORKNOEXEC = 0x40  # include/linux/sched.h: no exec since the fork, so the memory is still the parent's


class Process(NamedTuple):
    """The contents of /proc/PID/status. Sizes are in bytes."""

    pid: str
    parent: str
    state: bytes
    """One letter: T is stopped, D waits and cannot be stopped, Z has ended."""
    size: int
    """All of its mappings (VmSize)."""
    anonymous: int
    """Pages that are its own, or shared with forks (RssAnon), and those that are swapped out (VmSwap)."""
    page_tables: int
    threads: int


def look_at(pid: str) -> Process | None:
    """Return the current state of a process; None if it has ended.

    A process whose first thread has ended looks like a zombie without memory but still runs: its memory is shown under another thread.
    """
    status = read(f"/proc/{pid}/status")
    process = _parse(pid, status)
    if process is None or process.state not in b"ZX" or process.threads <= 1:
        return process
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            other = _parse(thread, read(f"/proc/{thread}/status"))
            if other is not None and other.state not in b"ZX":
                return other
    return process


def _parse(pid: str, status: bytes) -> Process | None:
    if not status:
        return None
    return Process(
        pid,
        _word(status, b"\nPPid:").decode(),
        _word(status, b"\nState:"),
        _size(status, b"\nVmSize:"),
        _size(status, b"\nRssAnon:") + _size(status, b"\nVmSwap:"),
        _size(status, b"\nVmPTE:"),
        int(_word(status, b"\nThreads:") or 1),
    )


def _word(status: bytes, name: bytes) -> bytes:
    """Return the first word after `name` at the start of a line. The process's name, on the first line, cannot contain line ends."""
    at = status.find(name)
    return status[at + len(name) : at + len(name) + 40].split(None, 1)[0] if at >= 0 else b""


def _size(status: bytes, name: bytes) -> int:
    return int(_word(status, name) or 0) * _KIB


def numbers(ours: Collection[int] = ()) -> list[str]:
    """Return the pids of all processes in this pid namespace except this one, the init, and `ours`."""
    pids = [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]
    return [name for name in pids if int(name) not in ours] if ours else pids


def living() -> list[int]:
    """Return the pids of all running processes in this pid namespace except this one, the init."""
    return [int(pid) for pid in numbers() if not is_ended(pid)]


def is_ended(pid: str) -> bool:
    """Whether a process has ended with all of its threads."""
    stat = _stat(pid)
    return not stat or (stat[0] in (b"Z", b"X") and int(stat[17]) <= 1)


def argument_bytes(pid: str) -> int:
    """Return the size that the arguments of a starting program can have, if the process has asked for more than usual."""
    try:
        stack, _ = resource.prlimit(int(pid), resource.RLIMIT_STACK)
    except (OSError, ValueError):
        return 0  # it has ended
    most = (
        _MOST_ARGUMENTS_BYTES if stack == resource.RLIM_INFINITY else min(stack // 4, _MOST_ARGUMENTS_BYTES)
    )
    return most if most > _USUAL_ARGUMENTS_BYTES else 0


def is_running(thread: str) -> bool:
    """Whether a thread is neither stopped nor ended."""
    return _state(thread) not in b"TtZX"  # empty if the process has ended


def has_memory_of_its_fork(pid: str | int) -> bool:
    """Whether a process has not exec'd since it was forked."""
    fields = _stat(str(pid))
    return bool(fields and int(fields[6]) & _PF_FORKNOEXEC)


def page_faults(pid: str) -> int:
    """Return the page faults of a process and of the children that it waited for: one for each page that they got or copied."""
    fields = _stat(pid)
    return sum(map(int, fields[7:11])) if fields else 0


def last_pid() -> int:
    """Return the last pid that this pid namespace has assigned, to a process or a thread."""
    return int(read("/proc/loadavg").rsplit(None, 1)[-1])


def proportional_bytes(pid: str) -> int | None:
    """Return one process's share of the anonymous memory that it maps, including swap; None if it hides that.

    The kernel walks the page tables, so the time grows with their size.
    """
    share = 0
    try:
        for line in read(f"/proc/{pid}/smaps_rollup").splitlines():
            if line.startswith((b"Pss_Anon:", b"SwapPss:")):
                share += int(line.split()[1]) * _KIB
    except PermissionError:
        return None
    return share


def clocks(pids: list[str]) -> dict[str, int]:
    """Return the CPU time of each process in nanoseconds, including its ended threads. clock_getcpuclockid(3)."""
    found: dict[str, int] = {}
    for pid in pids:
        with contextlib.suppress(OSError):  # it has ended
            found[pid] = time.clock_gettime_ns(~int(pid) << 3 | _CPUCLOCK_SCHED)
    return found


class Stopwatch:
    """The CPU time of a jail's processes between looks. The jail has `cpus` CPUs and was made at `started` (time.monotonic)."""

    def __init__(self, cpus: int, started: float) -> None:
        self._cpus = cpus
        self._looked = started
        self._clocks: dict[str, int] = {}
        self._last_pid = 1  # the init's own
        self.has_run = True
        """Whether anybody has run before the last look and after the one before it."""
        self.has_missed = False
        """Whether a process or a thread came and went between these two, and took what nobody shows."""

    def look(self, pids: list[str]) -> int:
        """Return an upper bound, in nanoseconds, on the CPU time since the last look, including processes that have come and gone."""
        at = time.monotonic()
        now, last = clocks(pids), last_pid()
        came = sum(each not in self._clocks for each in now)
        went = self._clocks.keys() - now.keys()
        self.has_run = now != self._clocks or last != self._last_pid or not now
        self.has_missed = bool(went) or last < self._last_pid or last - self._last_pid > came
        ran = sum(max(0, clock - self._clocks.get(pid, 0)) for pid, clock in now.items())
        if self.has_missed:
            ran += int((at - self._looked) * self._cpus * 1e9)
        self._clocks, self._last_pid, self._looked = now, last, at
        return ran


def kill_all() -> None:
    """Kill every process of the jail except this one, the init, and have the kernel free their memory.

    A read(2) into much memory does not notice SIGKILL until it is done, and keeps allocating; once its memory is freed, it fails.
    """
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    for pid in numbers():
        with contextlib.suppress(OSError):  # it has ended, or the kernel is older than Linux 5.15
            descriptor = os.pidfd_open(int(pid))
            try:
                libc.process_mrelease(descriptor)
            finally:
                os.close(descriptor)


@contextmanager
def standing_still(most_bytes: int) -> Iterator[None]:
    """Stop every process of the jail except its init; afterwards continue those that the code had not stopped itself.

    A process in the middle of fork(2) passes such a stop on to its child, which is not visible yet and which no SIGCONT reaches
    (`multiprocess` in kernel/signal.c). So we wait until all processes have stopped, including new ones. A read(2) into much memory, or an
    madvise(2) that fills it, does not notice a stop: we stop waiting if more than `most_bytes` are allocated meanwhile.
    """
    stopped = [pid for pid in numbers() if _stat(pid)[:1] == [b"T"]]
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGSTOP)
    try:
        started, taken = time.monotonic(), None
        while (waited := time.monotonic() - started) < _STOP_SECONDS:
            still = b"TtZXD" if waited > _VFORK_SECONDS else b"TtZX"
            if all(_stands_still(pid, still) for pid in numbers()):
                break
            now = {each.pid: each.anonymous for each in map(look_at, numbers()) if each is not None}
            if taken is None:
                taken = now
            if (
                sum(max(0, size - taken.get(pid, 0)) for pid, size in now.items() if pid in taken)
                > most_bytes
            ):
                break  # it must be judged now
            time.sleep(0.0005)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGCONT)
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGSTOP)


def _stands_still(pid: str, states: bytes) -> bool:
    """Whether all threads of a process are in one of `states`."""
    stat = _stat(pid)
    if not stat:
        return True
    if int(stat[17]) > 1:
        with contextlib.suppress(OSError):
            threads = os.listdir(f"/proc/{pid}/task")
            return all(_state(each) in states for each in threads)
    return stat[0] in states


def _state(thread: str) -> bytes:
    """Return the letter of a thread's state; an empty string if it has ended."""
    return _word(read(f"/proc/{thread}/status"), b"\nState:")


def _stat(pid: str) -> list[bytes]:
    """Return the fields of /proc/PID/stat after the name, which can contain any character."""
    return read(f"/proc/{pid}/stat").rpartition(b")")[2].split()


def read(path: str) -> bytes:
    """Return the content of a file in /proc; empty if its process has ended."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return b""
