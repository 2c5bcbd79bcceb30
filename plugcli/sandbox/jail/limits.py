"""What bounds one process of the jail: rlimits, CPUs and its place in the out-of-memory order."""

import os
import resource

from . import twin
from .plan import Plan

# A core limit of 1 byte: too small for a file, and the one value at which the kernel does not start a piped core_pattern either
# (do_coredump in fs/coredump.c, "RLIMIT_CORE is set to 1"). With 0 a piped handler of the host would get the jail's memory.
_CORE_BYTES = 1

# The watcher counts what is really used; this only keeps one allocation from outrunning it. Libraries reserve far more than they use.
_DATA_OVER_MEMORY = 4

# The kernel counts these in every user namespace up to the first, where an ordinary user has 128 instances (8192 watches or more) for all
# they run: 32 jails must leave their editor some. See inc_ucount in kernel/ucount.c.
_WATCHES = {"max_inotify_instances": 2, "max_inotify_watches": 128}


def set_limits(plan: Plan) -> None:
    """Set the rlimits of this process, soft and hard; its children inherit them."""
    limits = {
        # Counted per user namespace since Linux 5.14: the init is one of them.
        resource.RLIMIT_NPROC: plan.processes + 1 + (twin.PROCESSES if plan.has_twins else 0),
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
    for which, wanted in limits.items():
        hard = resource.getrlimit(which)[1]
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(which, (value, value))

    _bound_watches()


def _bound_watches() -> None:
    """Set what this user namespace may take of its owner's inotify instances and watches."""
    for name, value in _WATCHES.items():
        path = f"/proc/sys/user/{name}"
        if os.path.exists(path):
            with open(path, "w") as file:
                file.write(str(value))


def choose_cpus(count: int) -> None:
    """Bind this process to `count` of the CPUs it may use, other ones each time so that jails spread out."""
    allowed = sorted(os.sched_getaffinity(0))
    first = int.from_bytes(os.urandom(2)) % len(allowed)
    os.sched_setaffinity(0, (allowed + allowed)[first : first + min(count, len(allowed))])


def offer_to_the_oom_killer() -> None:
    """Make this process the first that the kernel kills when the machine runs out of memory."""
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")
