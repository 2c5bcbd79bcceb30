"""The request log: one line for each request, for people to read. Nothing that a client sends in it controls the terminal."""

import re
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plugcli.builtin.python.links import PREFIX
from plugcli.terminal_text import printable

_PATH_CHARACTERS = 120
_SIGNATURE = re.compile(rf"(?<=^{PREFIX})([^/.]*)\.[^/]*")  # a client that has it may fetch the file


def with_request_log(app: ASGIApp, log: Callable[[str], None]) -> ASGIApp:
    """Return `app` with one line to `log` for each request: method, path, status, milliseconds.

    The query and the headers are left out, because they may contain secrets. The status is `gone` if the client
    disconnected before it had an answer.
    """

    async def logged(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        status = "gone"

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        start = time.monotonic()
        try:
            await app(scope, receive, note_status)
        finally:
            milliseconds = (time.monotonic() - start) * 1000
            log(f"{scope['method']} {_path(scope)} {status} {milliseconds:.0f} ms")

    return logged


def _path(scope: Scope) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode("utf-8", "backslashreplace")
    path = raw.decode("ascii", "backslashreplace")
    if path.startswith(PREFIX):
        path = _SIGNATURE.sub(r"\1...", path)
    return printable(path[:_PATH_CHARACTERS])
