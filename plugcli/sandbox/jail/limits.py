"""The limits of one process of the jail: rlimits, CPUs and its out-of-memory score."""

import os
import resource

from . import libc, patience, twin
from .plan import Plan
from .syscall_plan import Blank, PreparedCall, write_file

# A core limit of 1 byte is too small for a file, and the only value at which the kernel does not start a piped core_pattern either
# (do_coredump in fs/coredump.c, "RLIMIT_CORE is set to 1"). With 0, a piped handler of the host would get the jail's memory.
_CORE_BYTES = 1

# The watcher counts the memory in use; this only stops an allocation that is too fast for it. Libraries reserve far more than they use.
_DATA_OVER_MEMORY = 4

_OF_THE_INIT = patience.THREADS + 1  # and a scribe

# The kernel counts these in every user namespace up to the first, where an ordinary user has 128 instances (8192 watches or more) for all
# they run: 32 jails must leave their editor some. See inc_ucount in kernel/ucount.c.
_WATCHES = {
    path: value
    for name, value in {"max_inotify_instances": 2, "max_inotify_watches": 128}.items()
    if os.path.exists("/proc/" + (path := f"sys/user/{name}"))
}


def calls(
    plan: Plan, *, has_twins: bool, is_counted_alone: bool = True, threads_of_init: int = 1
) -> list[PreparedCall]:
    """Return the calls that set the rlimits of a process; its children inherit them.

    If the kernel does not count the jail's processes alone, but with those of others, there is no limit on their number here. It counts
    the threads of the init with them.
    """
    limits = {
        resource.RLIMIT_FSIZE: 2
        * max(plan.workspace_bytes, plan.scratch_bytes),  # the file system fills up first: ENOSPC
        resource.RLIMIT_DATA: _DATA_OVER_MEMORY * plan.memory_bytes,
        resource.RLIMIT_CORE: _CORE_BYTES,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_NICE: 0,
        resource.RLIMIT_RTPRIO: 0,
        resource.RLIMIT_SIGPENDING: 256,
    }
    return [
        *[_setrlimit(which, value, value) for which, value in limits.items()],
        *(
            [
                _setrlimit(
                    resource.RLIMIT_NPROC,
                    *(each + _OF_THE_INIT for each in _processes(plan, has_twins, threads_of_init)),
                )
            ]
            if is_counted_alone
            else []
        ),
    ]


def processes(plan: Plan, *, has_twins: bool, threads_of_init: int = 1) -> PreparedCall:
    """Return the call that limits the processes of the code. Its init may have more, whatever the code has."""
    return _setrlimit(resource.RLIMIT_NPROC, *_processes(plan, has_twins, threads_of_init))


def watches() -> list[PreparedCall]:
    """Return the calls that limit the inotify watches of a user namespace. They write to mounts.py's /proc."""
    return [write_file(path, str(value).encode()) for path, value in _WATCHES.items()]


def open_files(plan: Plan) -> PreparedCall:
    """Return the calls that limit the descriptors of the code's processes.

    The init has no such limit: the kernel counts descriptors in transit through sockets for all processes of a user together, and compares
    them with the limit of the process that sends one more (too_many_unix_fds in net/unix/scm.c). With the code's limit, the code of one
    jail could keep the init of the next from handing its ends to the host.
    """
    return _setrlimit(resource.RLIMIT_NOFILE, plan.open_files, plan.open_files)


def with_twin(plan: Plan) -> PreparedCall:
    """Return the call that raises the limit on processes by one, for the twin."""
    _, most = _processes(plan, has_twins=True, threads_of_init=1)
    return _setrlimit(resource.RLIMIT_NPROC, most, most)


def _processes(plan: Plan, has_twins: bool, threads_of_init: int) -> tuple[int, int]:
    # Since Linux 5.14, processes are counted per user namespace, and the init is one of them.
    processes = plan.processes + threads_of_init
    return processes, processes + twin.PROCESSES if has_twins else processes


def _setrlimit(which: int, soft: int, hard: int) -> PreparedCall:
    """Return the call that sets a limit, to at most our own."""
    ours = resource.getrlimit(which)[1]
    values = [value if ours == resource.RLIM_INFINITY else min(value, ours) for value in (soft, hard)]
    return PreparedCall(resource.setrlimit, (which, (values[0], values[1])))


def without_huge_pages() -> PreparedCall:
    """Return the call that denies huge pages to a process and its children, because a measured page must be visible.

    A huge page stays whole as long as a small part of it is mapped, but only that part counts for the process. The filter keeps the code
    from undoing this.
    """
    return libc.prctl_call(libc.PR_SET_THP_DISABLE, 1)


def come_second() -> None:
    """Lower the priority of the code below the init that watches it and the server that answers, but not below all other processes."""
    os.nice(10)


def cpus(who: Blank) -> PreparedCall:
    """Return the call that binds a process to the CPUs of its jail."""
    return PreparedCall(os.sched_setaffinity, (0, who.cpus))


class Rota:
    """Chooses the CPUs of each jail: `count` of those that this process can use, different ones each time, to spread out the jails."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._allowed: set[int] = set()
        self._choices: list[list[int]] = []
        self._turn = int.from_bytes(os.urandom(2))

    def next(self) -> list[int]:
        """Return the numbers of the CPUs for the next jail."""
        allowed = os.sched_getaffinity(0)
        if allowed != self._allowed:  # because others can change it while it runs
            self._allowed = allowed
            ring = [*sorted(allowed)] * 2
            size = len(allowed)
            self._choices = [ring[first : first + min(self._count, size)] for first in range(size)]
        self._turn += 1
        return self._choices[self._turn % len(self._choices)]


def offer_to_the_oom_killer() -> PreparedCall:
    """Return the call that makes the kernel kill a process first if the machine runs out of memory. The code's /proc is read-only."""
    return write_file("self/oom_score_adj", b"1000")
