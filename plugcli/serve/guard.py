"""The guard checks every request: its Host, its origin, its token, its body. It answers with documents, and passes the rest to the plugin.

No request that is foreign, unauthorised, oversized or not JSON gets past it, and no client sees the traceback of a crash in
the plugin. It is plain ASGI, because it runs on every call.
"""

import asyncio
import math
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plugcli.builtin.python.links import Links
from plugcli.builtin.python.terms import raw_path
from plugcli.openapi.media_type import is_json_media_type
from plugcli.respond import (
    ClientGone,
    Ready,
    Refusal,
    json_bytes,
    send_answer,
    send_early_refusal,
    send_refusal,
)
from plugcli.sandbox.amounts import spell_bytes
from plugcli.serve.routing import READY_METHODS, no_such_method
from plugcli.serve.site import Site, other_site
from plugcli.serve.token import check_token

BODY_BYTES_MAX = 16 * 1024 * 1024
BODY_SECONDS = 30.0


# (path, origin of this server as the client sees it, whether the client may see all) -> the answer that is ready
FindReady = Callable[[str, str, bool], Awaitable[Ready | None]]


@dataclass(frozen=True)
class Guard:
    """An ASGI application around the plugin's.

    The answers that `ready` finds are public. `is_public(path)` says which GET answers of the plugin itself need no token
    either: a framework may generate the OpenAPI document. `log` gets the traceback of a crash. `unread_bytes(scope)` says
    how many bytes of the body the plugin may read itself, whatever they are. If it is 0, the body has to be JSON. `links` reads the
    addresses of files: a client that has such an address may fetch the file.
    """

    plugin: ASGIApp
    site: Site
    ready: FindReady
    is_public: Callable[[str], Awaitable[bool]]
    token: bytes | None
    log: Callable[[str], None]
    unread_bytes: Callable[[Scope], float] = lambda scope: 0
    links: Links | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. A crash becomes a 500 in JSON.

        Frameworks answer a crash with their own page (Starlette's debug page contains source code) and then raise the
        exception again. So a 500 is held back until the plugin has returned.
        """
        is_started = False
        held: list[Message] = []

        async def send_unless_crashed(message: Message) -> None:
            nonlocal is_started
            if held or (not is_started and message.get("status") == 500):
                held.append(message)
                return
            is_started = True
            await send(message)

        try:
            await self._answer(scope, receive, send_unless_crashed)
        except Exception:
            self.log(f"{scope['method']} {scope['path']!r} crashed:\n{traceback.format_exc().rstrip()}")
            if not is_started:  # else the server closes the connection, which is all that is left
                await send_answer(send, 500, _CRASHED)
            return
        for message in held:
            await send(message)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        read_on = receive
        try:
            here = self.site.here(headers)
            may_only_look = self.site.may_only_look(headers, here)
            is_get = scope["method"] in ("GET", "HEAD")
            has_link = False
            if is_get:
                has_link = self.links is not None and self.links.read(raw_path(scope)) is not None
                ready = await self.ready(scope["path"], here, self._has_token(headers))
                if ready is not None:
                    await send_answer(send, ready.status, ready.body, mime=ready.mime, headers=ready.headers)
                    return
            if not has_link:
                if may_only_look:
                    raise other_site()
                if self.token is not None and not (is_get and await self.is_public(scope["path"])):
                    check_token(self.token, headers)
            unread_bytes = self.unread_bytes(scope)
            if not unread_bytes:
                if not _has_good_type(headers):
                    await self._check_method(scope, here)
                read_on = _replay(await _read_body(headers, receive), receive)
            elif int(headers.get(b"content-length", b"0")) > unread_bytes:
                raise _too_large(unread_bytes)
        except Refusal as refusal:
            if _has_body(headers):
                await send_early_refusal(refusal, receive, send)
            else:
                await send_refusal(refusal, send)
        except ClientGone:
            pass
        else:
            if 0 < unread_bytes < math.inf:
                await self._answer_counting(int(unread_bytes), scope, receive, send)
            else:
                await self.plugin(scope, read_on, send)

    async def _answer_counting(self, bytes_max: int, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the plugin answer, but refuse the request once the plugin asks for more than `bytes_max` bytes of its body."""
        left = bytes_max
        is_started = False

        async def receive_counting() -> Message:
            nonlocal left
            if left >= 0:
                message = await receive()
                left -= len(message.get("body", b""))
            if left >= 0:
                return message
            if is_started:  # it is too late for another status
                return {"type": "http.disconnect"}
            raise _too_large(bytes_max)

        async def send_unless_over(message: Message) -> None:
            nonlocal is_started
            if left >= 0 or is_started:  # else the refusal takes the place of what the plugin makes of it
                is_started = True
                await send(message)

        try:
            await self.plugin(scope, receive_counting, send_unless_over)
        except Exception:
            if left >= 0 or is_started:
                raise
        if left < 0 and not is_started:
            await send_early_refusal(_too_large(bytes_max), receive, send)

    async def _check_method(self, scope: Scope, here: str) -> None:
        """Refuse a method that a document does not have, because no other body would help. Raises Refusal (405)."""
        method, path = scope["method"], scope["path"]
        if method not in READY_METHODS and await self.ready(path, here, False) is not None:
            raise no_such_method(method, path, READY_METHODS)

    def _has_token(self, headers: Mapping[bytes, bytes]) -> bool:
        if self.token is None:
            return True
        try:
            check_token(self.token, headers)
        except Refusal:
            return False
        return True


_CRASHED = json_bytes(
    {"error": "the plugin failed while it answered this call", "hint": "the log of plugcli serve says why"}
)


async def _read_body(headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
    """Return the whole body: at most BODY_BYTES_MAX bytes of JSON. Raises Refusal for anything else."""
    declared, has_body = int(headers.get(b"content-length", b"0")), _has_body(headers)
    if not _has_good_type(headers):
        given = headers.get(b"content-type", b"none").decode("ascii", "backslashreplace")
        raise Refusal(
            415, f"the body must be JSON; its content type is {given}", "send Content-Type: application/json"
        )
    if declared > BODY_BYTES_MAX:
        raise _too_large()
    if not has_body:
        await receive()  # the empty body; what follows it is the disconnect
        return b""
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                chunks.append(message["body"])
                size += len(chunks[-1])
                if size > BODY_BYTES_MAX:
                    raise _too_large()
                if not message.get("more_body"):
                    return b"".join(chunks)
    except TimeoutError:
        raise Refusal(
            408, f"the body did not arrive within {BODY_SECONDS:g} s", "send it again, without a pause"
        ) from None


def _has_body(headers: Mapping[bytes, bytes]) -> bool:
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


def _has_good_type(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the body is JSON, or there is none. A page may send forms and plain text anywhere without a preflight, but not JSON."""
    mime = headers.get(b"content-type")
    return (mime is None and not _has_body(headers)) or is_json_media_type((mime or b"").decode("latin-1"))


def _too_large(bytes_max: float = BODY_BYTES_MAX) -> Refusal:
    return Refusal(413, f"the body is larger than {spell_bytes(int(bytes_max))}", "send less in one call")


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives `body` first and then whatever follows, which is the disconnect."""
    is_given = False

    async def receive_body_first() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_body_first
