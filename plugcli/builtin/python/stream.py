"""Output as it comes: server-sent events, for a caller that asks for `text/event-stream`.

`output` events while the code runs, a comment when it is silent, then one `result` event, or one `error` event
if plugcli itself failed.
"""

import asyncio
import codecs
import contextlib
from collections.abc import Awaitable, Callable

from starlette.types import Send

from plugcli.builtin.python.refusals import refusal_of
from plugcli.errors import PlugcliError
from plugcli.respond import json_bytes

MIME = b"text/event-stream"
SILENT_SECONDS = 3.0  # some clients give up a connection after five

# So many turns of the two streams may wait; after that the output of each is put together.
_TURNS = 64
_PIECE_CHARACTERS = 16 * 1024
_KEEP_ALIVE = b": keep-alive\n\n"
OnOutput = Callable[[str, bytes], None]
_HEADERS = [
    (b"content-type", MIME + b"; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # a proxy must not collect the answer before it sends it on
    (b"x-content-type-options", b"nosniff"),
]


def is_wanted(headers: dict[bytes, bytes]) -> bool:
    """Whether the caller wants events. A caller that accepts JSON too gets JSON, the simpler form."""
    accept = headers.get(b"accept", b"").lower()
    if MIME not in accept:
        return False
    ranges = [each.partition(b";")[0].strip() for each in accept.split(b",")]
    return MIME in ranges and b"application/json" not in ranges


async def stream(run: Callable[[OnOutput], Awaitable[bytes]], send: Send) -> None:
    """Send the output of `run` as it comes, and at the end the JSON that it returns.

    Nothing is sent before there is something to send, so that a refusal can still set the status: what `run` raises
    until then is raised here. Cancelling this cancels `run`.
    """
    said = _Said()
    running = asyncio.ensure_future(run(said.add))
    running.add_done_callback(lambda _: said.stirred.set())
    is_started = is_over = False
    try:
        while not is_over:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SILENT_SECONDS):
                    await said.stirred.wait()
            is_over = running.done()
            if is_over and not is_started:
                running.result()
            events = said.take(is_over=is_over)
            last = _last(running) if is_over else b""
            if not is_started:
                await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
                is_started = True
            for event in events if events or is_over else [_KEEP_ALIVE]:
                await send({"type": "http.response.body", "body": event, "more_body": True})
                await asyncio.sleep(
                    0
                )  # sending waits only for a slow client; a fast one must not keep others waiting
            if is_over:
                await send({"type": "http.response.body", "body": last})
    finally:
        if not running.done():
            running.cancel()
            await asyncio.wait((running,))


class _Said:
    """The output since the last `take`, as text. A character may arrive in two parts.

    If two streams take turns at each byte, their turns are merged after a while, so that what waits stays short.
    """

    def __init__(self) -> None:
        self.stirred = asyncio.Event()
        self._decoders: dict[str, codecs.IncrementalDecoder] = {}
        self._texts: list[tuple[str, list[str]]] = []

    def add(self, name: str, data: bytes) -> None:
        decoder = self._decoders.get(name)
        if decoder is None:
            decoder = self._decoders[name] = codecs.getincrementaldecoder("utf-8")("replace")
        self._add_text(name, decoder.decode(data))
        self.stirred.set()

    def take(self, *, is_over: bool) -> list[bytes]:
        """Return the events for it. Uninterrupted output of one stream goes into one event, or into pieces if it is long."""
        self.stirred.clear()
        if is_over:
            for name, decoder in self._decoders.items():
                self._add_text(name, decoder.decode(b"", final=True))
        texts, self._texts = self._texts, []
        said = ((name, "".join(parts)) for name, parts in texts)
        return [
            _event("output", json_bytes({"stream": name, "text": text[start : start + _PIECE_CHARACTERS]}))
            for name, text in said
            for start in range(0, len(text), _PIECE_CHARACTERS)
        ]

    def _add_text(self, name: str, text: str) -> None:
        if not text:
            return
        for its, parts in self._texts[-1:] if len(self._texts) < _TURNS else self._texts[-2:]:
            if its == name:
                parts.append(text)
                return
        self._texts.append((name, [text]))


def _last(running: asyncio.Future[bytes]) -> bytes:
    error = running.exception()
    if error is None:
        return _event("result", running.result())
    if isinstance(error, PlugcliError):
        return _event("error", refusal_of(error).body())
    raise error


def _event(name: str, data: bytes) -> bytes:
    # JSON has no line ends, so its data is one line.
    return b"event: %s\ndata: %s\n\n" % (name.encode(), data)
