"""The twin: a process beside a jail's interpreter that shares its memory and does nothing, so that the interpreter's end is told sooner.

The kernel takes a process's memory down before it tells the parent of its end: 0.6 ms that somebody waits for. While another process has
that memory, too, the end is told at once. The init kills the twin before it tells the host, and the memory goes beside the telling.

It is made when every lock holds, and inherits them all: the code can write to its stack, and have it do what the code may do itself. It is
a child of the init, so that the code, which waits for its own, does not meet it. It must never run Python.
"""

import errno
import os
import resource
import signal
from os import PRIO_PROCESS, getpid, setpriority

from . import libc
from .libc import clone_pausing
from .syscall_plan import make

PROCESSES = 1
"""How many processes it adds to those that the code may have."""

_BEFORE = libc.sigset()
# A handler of Python's is none of its business.
_BLOCK = [libc.mask_call(libc.sigset(*signal.valid_signals()), _BEFORE)]
_UNBLOCK = [libc.mask_call(_BEFORE)]


def beget() -> None:
    """Make this process's twin. It needs a place beside those of the code: `limits.with_twin`."""
    make(_BLOCK)
    try:
        pid = clone_pausing()
    finally:
        make(_UNBLOCK)
    if pid != getpid() + 1:  # by which it is known: an imported library has started something else
        raise OSError(errno.EAGAIN, f"the twin is {pid}, and not the next process after this one")
    # It ends while somebody is told of the run's end, who comes first.
    setpriority(PRIO_PROCESS, pid, 19)


def end() -> None:
    """Do without it: a session's end is waited for by nobody, and its processes are the code's alone."""
    os.kill(getpid() + 1, signal.SIGKILL)
    most = resource.getrlimit(resource.RLIMIT_NPROC)[1] - PROCESSES
    resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
