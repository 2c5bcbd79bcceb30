"""Counts the processes and threads of a jail before each is born. Without a user namespace of the jail, the kernel's own limit
(RLIMIT_NPROC) counts all that the user runs.

The count is an upper bound: what has been allowed since the last look counts although it may have ended. Only when the bound reaches the
limit is there another look: first at the known processes, which is cheap, then at all. While a jail is at its limit, all are known.
"""

import errno
import os
import time

from ..census import Census
from ..processes import read as read_file
from . import asker
from .notification import Question

_CLONE_THREAD = 0x10000
_OTHER_LINKS = 2  # a folder of /proc/PID/task has one link for each thread, and these
_LOOK_SECONDS = 0.1  # the number of a process that has ended can be another's by now, which counts until the next look at all


class Births:
    """The processes and threads of one jail, which may have at most `most` of them together."""

    def __init__(self, census: Census, most: int) -> None:
        self._census = census
        self._most = most
        self._processes: list[str] = []
        # Nobody is known yet. Births since the last look at all of them that a look at the known ones does not show:
        self._bound = self._unknown = most
        self._next_look = 0.0
        self._makers: dict[
            int, bool
        ] = {}  # who may be in the middle of its birth, and whether that is a known process's thread
        self.allowed = 0
        """Births since the jail began."""
        self.is_frozen = False
        """Whether nobody may be born: for who ends all of them, or counts them."""

    def answer(self, question: Question, *, is_clone: bool) -> None:
        """Allow a birth, or raise BlockingIOError (EAGAIN), as fork(2) does."""
        self._makers.pop(question.thread, None)  # whoever asks has finished what it was allowed
        if self.is_frozen or (self._bound >= self._most and self._look() >= self._most):
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        is_seen = is_clone and question.arguments[0] & _CLONE_THREAD and self._knows(question.thread)
        self._makers[question.thread] = bool(is_seen)
        self._unknown += not is_seen
        self._bound += 1
        self.allowed += 1

    def _look(self) -> int:
        """Return a new bound."""
        busy = {thread: is_seen for thread, is_seen in self._makers.items() if _may_be_busy(thread)}
        self._bound = self._threads() + self._unknown + sum(busy.values())
        now = time.monotonic()
        if self._bound >= self._most and (self._unknown or now >= self._next_look):
            self._next_look = now + _LOOK_SECONDS
            # In this order: whoever is not busy any more has made what the census then shows.
            self._processes = self._census.numbers()
            self._unknown = len(busy) - sum(busy.values())
            self._bound = self._threads() + len(busy)
        self._makers = busy
        return self._bound

    def _threads(self) -> int:
        """Return the number of threads of the known processes; one that has ended counts until it is waited for, as in the kernel."""
        count = 0
        for pid in self._processes:
            try:
                count += os.stat(f"/proc/{pid}/task").st_nlink - _OTHER_LINKS
            except OSError:
                continue
        return count

    def _knows(self, thread: int) -> bool:
        return str(thread) in self._processes or str(asker.process_of(thread)) in self._processes


def _may_be_busy(thread: int) -> bool:
    """Whether a thread that was allowed to give birth may still be doing so.

    It runs, or waits for memory, a lock or vfork(2) (D). One that sleeps otherwise, is stopped or has ended has returned from the call.
    """
    state = read_file(f"/proc/{thread}/stat").rpartition(b")")[2].split(None, 1)
    return bool(state) and state[0] in (b"R", b"D")
