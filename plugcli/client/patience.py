"""A bound on the whole time that a client waits for a server."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

from plugcli.errors import PlugcliError


class Patience:
    """Bounds the time spent on a server, whether it goes into look-ups of names, connecting, or bytes that trickle in."""

    @contextlib.contextmanager
    def within(self, seconds: float, problem: PlugcliError) -> Iterator[None]:
        """Raise `problem` if the block takes longer than `seconds`, not counting the time in `paused`. Works in the main thread only."""

        def give_up(number: int, frame: FrameType | None) -> None:
            raise problem

        before = signal.signal(signal.SIGALRM, give_up)
        # Repeated every second, because an exception raised inside a destructor is lost.
        signal.setitimer(signal.ITIMER_REAL, seconds, 1)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Do not count the time of the block: the reader of our output may be slow."""
        left, interval = signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, left, interval)
