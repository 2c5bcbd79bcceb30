"""Plugcli's own HTTP answers: JSON with `error` and `hint`, never a traceback."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.types import Receive, Send

from plugcli.sandbox import gate

Header = tuple[bytes, bytes]

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode

# After a refusal the rest of the body is read and dropped for this long. Closing at once would reset the connection
# of a client that is still sending, and the client would never see the reason.
DRAIN_SECONDS = 2.0


class Refusal(Exception):
    """A request is refused: `status` (4xx or 5xx), what is wrong with it, and what to do about it."""

    def __init__(self, status: int, error: str, hint: str = "", *, headers: Iterable[Header] = ()) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.hint = hint
        self.headers = tuple(headers)

    def body(self) -> bytes:
        return json_bytes({"error": self.error, "hint": self.hint})


@dataclass(frozen=True)
class Ready:
    """An answer that is ready: it needs no code of the plugin."""

    status: int
    mime: str
    body: bytes
    headers: tuple[Header, ...] = ()


class ClientGone(Exception):
    """The client disconnected before its request was complete."""


def json_bytes(content: object) -> bytes:
    """Return `content` as JSON in UTF-8 that every reader accepts. Half of a surrogate pair, which UTF-8 cannot carry, becomes U+FFFD."""
    said = _encode(content)
    try:
        return said.encode()
    except UnicodeEncodeError:
        return gate.text(said).encode()


async def send_answer(
    send: Send, status: int, body: bytes, *, mime: str = "application/json", headers: Iterable[Header] = ()
) -> None:
    """Send a whole answer."""
    await send_start(send, status, body, mime=mime, headers=headers)
    await send({"type": "http.response.body", "body": body})


async def send_start(
    send: Send, status: int, body: bytes, *, mime: str = "application/json", headers: Iterable[Header] = ()
) -> None:
    """Send the status and the headers of an answer whose body is `body`."""
    own = [
        (b"content-type", mime.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*own, *headers]})


async def send_refusal(refusal: Refusal, send: Send) -> None:
    """Refuse a request whose body has been read."""
    await send_answer(send, refusal.status, refusal.body(), headers=refusal.headers)


async def send_early_refusal(refusal: Refusal, receive: Receive, send: Send) -> None:
    """Refuse a request whose body may still be arriving."""
    body = refusal.body()
    await send_start(send, refusal.status, body, headers=[*refusal.headers, (b"connection", b"close")])
    await send({"type": "http.response.body", "body": body, "more_body": True})
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while (message := await receive())["type"] != "http.disconnect" and message.get("more_body"):
                pass
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b""})
