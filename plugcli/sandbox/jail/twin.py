"""The twin: a process that shares the memory of a jail's interpreter and does nothing, so that the end of a run is reported sooner.

The kernel frees a process's memory before it tells the parent that the process has ended, which takes 0.6 ms that somebody waits for. If
another process has the same memory, the parent is told at once. The init kills the twin before it tells the host, so the memory is freed
in the meantime.

The twin is made after every restriction is in place, and it inherits all of them. The code can write to the twin's stack, but the twin can
do only what the code can do anyway. The twin is a child of the init, so the code never finds it among its own children. It must never run
Python.
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
# It must not run a signal handler of Python.
_BLOCK = [libc.mask_call(libc.sigset(*signal.valid_signals()), _BEFORE)]
_UNBLOCK = [libc.mask_call(_BEFORE)]


def beget() -> None:
    """Make the twin of this process. It needs a process of its own in the limit: see `limits.with_twin`."""
    make(_BLOCK)
    try:
        pid = clone_pausing()
    finally:
        make(_UNBLOCK)
    if pid != getpid() + 1:  # recognises the twin: an imported library may have started another process
        raise OSError(errno.EAGAIN, f"the twin is {pid}, and not the next process after this one")
    # It ends while the end of the run is reported, and the report goes first.
    setpriority(PRIO_PROCESS, pid, 19)


def end() -> None:
    """End the twin when a session begins: nobody waits for the end of a session, and all its processes belong to the code."""
    os.kill(getpid() + 1, signal.SIGKILL)
    most = resource.getrlimit(resource.RLIMIT_NPROC)[1] - PROCESSES
    resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
