"""One process of a jail, as its init sees it in /proc. It reads only files whose size does not depend on the code."""

import contextlib
import os
import resource
from typing import NamedTuple

_KIB = 1024
# fs/exec.c: the arguments of a starting program do not belong to any process yet. They take at most a quarter of the soft stack limit,
# and at most three quarters of 8 MiB.
_USUAL_ARGUMENTS_BYTES, _MOST_ARGUMENTS_BYTES = 2 * 1024 * _KIB, 6 * 1024 * _KIB
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


def pid_inside(name: str) -> int:
    """Return the pid of a process or thread in the innermost pid namespace that it is in; 0 if it has ended."""
    _, _, rest = read(f"/proc/{name}/status").partition(b"\nNSpid:")
    return int(rest.partition(b"\n")[0].split()[-1]) if rest else 0


def _word(status: bytes, name: bytes) -> bytes:
    """Return the first word after `name` at the start of a line. The process's name, on the first line, cannot contain line ends."""
    at = status.find(name)
    return status[at + len(name) : at + len(name) + 40].split(None, 1)[0] if at >= 0 else b""


def _size(status: bytes, name: bytes) -> int:
    return int(_word(status, name) or 0) * _KIB


def is_ended(pid: str) -> bool:
    """Whether a process has ended with all of its threads."""
    stat = _stat(pid)
    return not stat or (stat[0] in (b"Z", b"X") and int(stat[17]) <= 1)


def argument_bytes(pid: int) -> int:
    """Return the size that the arguments of a starting program can have, if the process has asked for more than usual."""
    try:
        stack, _ = resource.prlimit(pid, resource.RLIMIT_STACK)
    except (OSError, ValueError):
        return 0  # it has ended
    most = (
        _MOST_ARGUMENTS_BYTES if stack == resource.RLIM_INFINITY else min(stack // 4, _MOST_ARGUMENTS_BYTES)
    )
    return most if most > _USUAL_ARGUMENTS_BYTES else 0


def is_running(thread: str) -> bool:
    """Whether a thread is neither stopped nor ended."""
    return _state(thread) not in b"TtZX"  # empty if the process has ended


def has_thread_ended(thread: str) -> bool:
    """Whether one thread has ended, which a process's first thread can do before the others."""
    return _state(thread) in b"ZX"


def living_thread(pid: str) -> str:
    """Return the name of a thread of a process that has not ended: /proc shows nothing of a process under a thread that has."""
    if not has_thread_ended(pid):
        return pid
    with contextlib.suppress(OSError):
        return next((each for each in os.listdir(f"/proc/{pid}/task") if not has_thread_ended(each)), pid)
    return pid


def is_stopped(pid: str) -> bool:
    """Whether a process is stopped by a signal."""
    return _stat(pid)[:1] == [b"T"]


def parent(pid: str) -> str:
    """Return the parent of a process or thread; an empty string if it has ended and has been waited for."""
    fields = _stat(pid)
    return fields[1].decode() if fields else ""


def has_memory_of_its_fork(pid: str | int) -> bool:
    """Whether a process has not exec'd since it was forked."""
    fields = _stat(str(pid))
    return bool(fields and int(fields[6]) & _PF_FORKNOEXEC)


def page_faults(pid: str) -> int:
    """Return the page faults of a process and of the children that it waited for: one for each page that they got or copied."""
    fields = _stat(pid)
    return sum(map(int, fields[7:11])) if fields else 0


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


def stands_still(pid: str, states: bytes) -> bool:
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
