"""How the server stops: after the running calls on the first SIGTERM or Ctrl-C, at once on the second, and in any case after a while."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopping:
    """What the signals do. `then` sets what the first one does, which changes as the server starts up.

    `seconds_max` after the first signal the process ends, whatever is still running, with exit status 0 and a line to
    `log`. It cannot end a thread of the plugin in any other way.
    """

    def __init__(self, seconds_max: float, log: Callable[[str], None]) -> None:
        self.is_asked = False
        self._seconds_max = seconds_max
        self._log = log
        self._how: Callable[[], object] = lambda: None

    def then(self, how: Callable[[], object]) -> None:
        """Have the first signal call `how`; call it now if the signal has already come."""
        self._how = how
        if self.is_asked:
            how()

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Handle the signals here, and give them back at the end."""
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
        self._log(
            f"a call is still running {self._seconds_max:g} s after the server was told to stop; stopping anyway"
        )
        os._exit(0)
