"""How a server ends: politely on the first SIGTERM or Ctrl-C, at once on the second, and never too late."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopping:
    """What the signals do. `then` says what the first one does by now: it changes as the server gets going.

    `seconds_max` after the first one the process ends whatever still runs, with exit status 0 and a line to
    `log`: a thread of the plugin can be waited for, but not ended.
    """

    def __init__(self, seconds_max: float, log: Callable[[str], None]) -> None:
        self.is_asked = False
        self._seconds_max = seconds_max
        self._log = log
        self._how: Callable[[], object] = lambda: None

    def then(self, how: Callable[[], object]) -> None:
        """Have the first signal call `how`, now if it has already come."""
        self._how = how
        if self.is_asked:
            how()

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Take the signals over, and give them back."""
        # Not the event loop's handlers: those would wait for a plugin that blocks the loop.
        before = {each: signal.signal(each, self._stop) for each in _SIGNALS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self.is_asked:  # jails end with us: their launcher sees its channel close
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        self.is_asked = True
        last = threading.Timer(self._seconds_max, self._end)
        last.daemon = True
        last.start()
        self._how()

    def _end(self) -> None:
        self._log(f"a call still runs {self._seconds_max:g} s after the end was asked for: ending it with us")
        os._exit(0)
