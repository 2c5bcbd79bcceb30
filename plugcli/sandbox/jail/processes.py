"""The processes of a jail, as its init sees them in /proc: files of one size, whatever a process has made of itself."""

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
_STOP_SECONDS = 1.0  # for a fork of very many mappings, on a busy machine
_VFORK_SECONDS = 0.05  # a process that waits so long, and cannot be stopped, waits for a child of vfork(2)
# fs/exec.c: the arguments of a program that is being started are in no process yet. They are a quarter of the soft limit of the stack, and
# three quarters of 8 MiB, at the most.
_USUAL_ARGUMENTS_BYTES, _MOST_ARGUMENTS_BYTES = 2 * 1024 * _KIB, 6 * 1024 * _KIB
_CPUCLOCK_SCHED = 2  # include/linux/posix-timers_types.h
_PF_FORKNOEXEC = (
    0x40  # include/linux/sched.h: no exec since the fork, so the memory is what the fork was given
)


class Process(NamedTuple):
    """What /proc/PID/status says. Sizes in bytes."""

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
    """Return what a process is now; None when it has ended.

    One whose first thread has ended looks like a zombie, without memory, and runs on: what it has stands under another thread's number.
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
    """Return the first word after `name`, which begins a line: the process's own name, on the first one, has no line ends."""
    at = status.find(name)
    return status[at + len(name) : at + len(name) + 40].split(None, 1)[0] if at >= 0 else b""


def _size(status: bytes, name: bytes) -> int:
    return int(_word(status, name) or 0) * _KIB


def numbers(ours: Collection[int] = ()) -> list[str]:
    """Return the pids of all processes of this pid namespace but its init, us, and `ours`."""
    pids = [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]
    return [name for name in pids if int(name) not in ours] if ours else pids


def living() -> list[int]:
    """Return the pids of all processes of this pid namespace that still run, but for its init, us."""
    return [int(pid) for pid in numbers() if not is_ended(pid)]


def is_ended(pid: str) -> bool:
    """Whether a process has ended with all of its threads."""
    stat = _stat(pid)
    return not stat or (stat[0] in (b"Z", b"X") and int(stat[17]) <= 1)


def argument_bytes(pid: str) -> int:
    """Return what the arguments of a program that a process starts may take, where it has asked for more than usual."""
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
    return _state(thread) not in b"TtZX"  # nothing, where it is not there any more


def has_memory_of_its_fork(pid: str | int) -> bool:
    """Whether a process has not exec'd since it was forked."""
    fields = _stat(str(pid))
    return bool(fields and int(fields[6]) & _PF_FORKNOEXEC)


def page_faults(pid: str) -> int:
    """Return how many page faults a process had, and children that it waited for: one for each page that they got or made their own."""
    fields = _stat(pid)
    return sum(map(int, fields[7:11])) if fields else 0


def last_pid() -> int:
    """Return the number that was given last in this pid namespace, to a process or a thread."""
    return int(read("/proc/loadavg").rsplit(None, 1)[-1])


def proportional_bytes(pid: str) -> int | None:
    """Return one process's share of the anonymous memory that it maps, swapped out or not; None when it hides that.

    The kernel walks its page tables, which takes as long as these are large.
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
    """Return for each of these processes how long its threads, and those it had, have run: nanoseconds. clock_getcpuclockid(3)."""
    found: dict[str, int] = {}
    for pid in pids:
        with contextlib.suppress(OSError):  # it has ended
            found[pid] = time.clock_gettime_ns(~int(pid) << 3 | _CPUCLOCK_SCHED)
    return found


class Stopwatch:
    """How long the processes of a jail have run, from look to look; it has `cpus` CPUs, and was made at `started`, of time.monotonic."""

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
        """Return for how many nanoseconds these processes, and those that came and went, have run since the last look, at the most."""
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
    """Kill every process of the jail but its init, us, and have the kernel take their memory from them.

    A read(2) into much memory does not hear of SIGKILL before it is through, and goes on taking; without memory it fails.
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
    """Stop the jail, all but its init, and let go on what was going on: all but those that the code had stopped itself.

    A process that is in the middle of fork(2) hands such a stop on to its child, which nobody sees yet and no SIGCONT reaches
    (`multiprocess` in kernel/signal.c). So we wait until all have stopped, those too that have come meanwhile. A read(2) into much memory,
    or an madvise(2) that fills it, does not hear of a stop: when more than `most_bytes` are taken while we wait, we wait no longer.
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
                break  # it has to be judged now
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
    """Return the letter of a thread's state; nothing for one that has ended."""
    return _word(read(f"/proc/{thread}/status"), b"\nState:")


def _stat(pid: str) -> list[bytes]:
    """Return the fields of /proc/PID/stat after the name, which may hold anything."""
    return read(f"/proc/{pid}/stat").rpartition(b")")[2].split()


def read(path: str) -> bytes:
    """Return a file of /proc; nothing when its process has ended."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return b""
