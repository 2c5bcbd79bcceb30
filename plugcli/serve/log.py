"""The request log: a line a call, for a person, without a byte of the caller's that a terminal obeys."""

import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CLIENT_GONE = 499  # a status that nobody reads, as nginx logs it
_PATH_CHARACTERS = 120


def with_request_log(app: ASGIApp, log: Callable[[str], None]) -> ASGIApp:
    """`app`, with one line to `log` for each request: method, path, status, milliseconds.

    No query and no headers: those may hold secrets.
    """

    async def logged(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        status = "gone"

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = "gone" if message["status"] == CLIENT_GONE else str(message["status"])
            await send(message)

        start = time.monotonic()
        try:
            await app(scope, receive, note_status)
        finally:
            milliseconds = (time.monotonic() - start) * 1000
            log(f"{scope['method']} {_path(scope)} {status} {milliseconds:.0f} ms")

    return logged


def printable(text: str) -> str:
    """`text` with escapes for what a terminal would obey or not show."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def _path(scope: Scope) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode("utf-8", "backslashreplace")
    return printable(raw[:_PATH_CHARACTERS].decode("ascii", "backslashreplace"))
