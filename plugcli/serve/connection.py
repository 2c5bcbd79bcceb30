"""The connection of a client, read a few parts at a time.

h11 parses a body in Python, chunk by chunk, and uvicorn parses everything that has arrived at once: 256 KiB in chunks of one byte take
seconds, and meanwhile no other client is answered. Here a client that sends many chunks takes turns with the others.
"""

from typing import Any

import h11
from uvicorn.protocols.http.flow_control import FlowControl

from plugcli.serve.framing import Protocol

_PARTS = 16  # of a body, or whole small requests: some milliseconds


class PacedProtocol(Protocol):
    """Our protocol, with its events in turns. While some of them wait, nothing more is read."""

    flow: "_Flow"

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.flow = _Flow(transport)
        self._left = _PARTS
        self._is_waiting = False
        self._next = self.conn.next_event
        self.conn.next_event = self._next_in_turn  # type: ignore[method-assign]

    def handle_events(self) -> None:
        if not self._is_waiting:
            self._left = _PARTS
            super().handle_events()

    def _next_in_turn(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        if self._left == 0:
            self._is_waiting = True
            self.flow.hold()
            self.loop.call_soon(self._go_on)
            return h11.NEED_DATA
        self._left -= 1
        return self._next()

    def _go_on(self) -> None:
        self._is_waiting = False
        if self.transport.is_closing():
            return
        self.handle_events()
        if not self._is_waiting:
            self.flow.let_go()


class _Flow(FlowControl):
    """Resumes reading when no one wants it paused: neither uvicorn nor we."""

    def __init__(self, transport: Any) -> None:
        super().__init__(transport)
        self._is_held = False
        self._was_paused = False

    def hold(self) -> None:
        if not self._is_held:
            self._was_paused = self.read_paused
            super().pause_reading()
            self._is_held = True

    def let_go(self) -> None:
        if self._is_held:
            self._is_held = False
            if not self._was_paused:
                super().resume_reading()

    def pause_reading(self) -> None:
        if self._is_held:
            self._was_paused = True
        else:
            super().pause_reading()

    def resume_reading(self) -> None:
        if self._is_held:
            self._was_paused = False
        else:
            super().resume_reading()
