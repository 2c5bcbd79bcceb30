"""The janitor: a process that waits until a launcher has ended, however it ended, and then removes the launcher's folder.

It starts with what launchers left whose janitor was killed too. It is not confined, and it never sees user code, or a channel.
"""

import contextlib
import fcntl
import os
import select
from typing import NamedTuple

from . import removal
from .descriptors import close_all_but
from .folders import FOLDER, Top

_FINISH_SECONDS = 1.0


class Janitor(NamedTuple):
    """A janitor's process, and the descriptor by which it knows that the launcher lives."""

    pid: int
    lifeline: int

    def finish(self, top: Top) -> None:
        """Have it remove the folder, and wait for that, but not long: it goes on when the launcher has ended."""
        os.close(self.lifeline)
        fcntl.flock(top.descriptor, fcntl.LOCK_UN)
        ended = os.pidfd_open(self.pid)
        if select.select([ended], [], [], _FINISH_SECONDS)[0]:
            _, status = os.waitpid(self.pid, 0)
            if status:  # it was killed
                removal.remove_all(top)


def start(top: Top) -> Janitor:
    """Start the janitor of the launcher that calls this. Only the launcher may keep the lifeline, and only jails `top`'s descriptor."""
    reader, lifeline = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            close_all_but(reader)
            _wait_and_remove(top.path, reader)
            status = 0
        finally:
            os._exit(status)
    os.close(reader)
    return Janitor(pid, lifeline)


def _wait_and_remove(path: str, reader: int) -> None:
    own = Top(path, os.open(path, FOLDER))  # opened again: the lock of the jails must not be ours
    _sweep(os.path.dirname(path))
    close_all_but(own.descriptor, reader)  # what the sweeper has locked must not be ours either
    os.read(reader, 1)  # until the launcher has ended
    fcntl.flock(own.descriptor, fcntl.LOCK_EX)  # until the last init has ended
    removal.end_survivors(own)
    with contextlib.suppress(FileNotFoundError):  # somebody else has swept it
        removal.remove_all(own)


def _sweep(root: str) -> None:
    """Remove what others have left, in a process that nobody waits for."""
    sweep = removal.sweeping(root)
    if sweep is not None and os.fork() == 0:
        try:
            os.nice(removal.NICENESS)
            sweep()
        finally:
            os._exit(0)
