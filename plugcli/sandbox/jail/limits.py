"""What bounds one process of the jail: rlimits, CPUs and its place in the out-of-memory order."""

import os
import resource

from . import twin
from .calls import Call, write_file
from .plan import Plan

# A core limit of 1 byte: too small for a file, and the one value at which the kernel does not start a piped core_pattern either
# (do_coredump in fs/coredump.c, "RLIMIT_CORE is set to 1"). With 0 a piped handler of the host would get the jail's memory.
_CORE_BYTES = 1

# The watcher counts what is really used; this only keeps one allocation from outrunning it. Libraries reserve far more than they use.
_DATA_OVER_MEMORY = 4

# The kernel counts these in every user namespace up to the first, where an ordinary user has 128 instances (8192 watches or more) for all
# they run: 32 jails must leave their editor some. See inc_ucount in kernel/ucount.c.
_WATCHES = {
    path: value
    for name, value in {"max_inotify_instances": 2, "max_inotify_watches": 128}.items()
    if os.path.exists(path := f"/proc/sys/user/{name}")
}


def calls(plan: Plan) -> list[Call]:
    """Return what sets the rlimits of a process that has ours; its children inherit them."""
    limits = {
        resource.RLIMIT_NOFILE: plan.open_files,
        resource.RLIMIT_FSIZE: 2
        * max(plan.workspace_bytes, plan.scratch_bytes),  # the file system is full first: ENOSPC
        resource.RLIMIT_DATA: _DATA_OVER_MEMORY * plan.memory_bytes,
        resource.RLIMIT_CORE: _CORE_BYTES,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_NICE: 0,
        resource.RLIMIT_RTPRIO: 0,
        resource.RLIMIT_SIGPENDING: 256,
    }
    # Counted per user namespace since Linux 5.14: the init is one of them.
    processes = plan.processes + 1
    most = processes + twin.PROCESSES if plan.has_twins else processes  # whoever makes a twin may count it
    return [
        *[_setrlimit(which, value, value) for which, value in limits.items()],
        _setrlimit(resource.RLIMIT_NPROC, processes, most),
        *[write_file(path, str(value).encode()) for path, value in _WATCHES.items()],
    ]


def _setrlimit(which: int, soft: int, hard: int) -> Call:
    """Return the call that sets a limit, to no more than ours is."""
    ours = resource.getrlimit(which)[1]
    values = [value if ours == resource.RLIM_INFINITY else min(value, ours) for value in (soft, hard)]
    return Call(resource.setrlimit, (which, (values[0], values[1])))


def cpus(count: int) -> list[Call]:
    """Return what binds a process to `count` of the CPUs that it may use then, other ones each time so that jails spread out."""
    return [Call(_choose, (count,))]


def _choose(count: int) -> None:
    allowed = sorted(os.sched_getaffinity(0))
    first = int.from_bytes(os.urandom(2)) % len(allowed)
    os.sched_setaffinity(0, (allowed + allowed)[first : first + min(count, len(allowed))])


def offer_to_the_oom_killer() -> Call:
    """Return what makes a process the first that the kernel kills when the machine runs out of memory."""
    return write_file("/proc/self/oom_score_adj", b"1000")
