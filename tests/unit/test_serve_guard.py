"""The guard's deadlines, with short ones in place of the real: whoever sends slowly holds no place for ever."""

import asyncio
import json

import pytest
from starlette.types import Message, Receive, Scope, Send

from plugcli import respond
from plugcli.respond import Ready
from plugcli.serve import guard
from plugcli.serve.guard import Guard
from plugcli.serve.site import site

DEADLINE_SECONDS = 10


async def answered(receive: Receive, *headers: tuple[bytes, bytes]) -> list[Message]:
    """What a guard sends for a POST with these headers whose body comes from `receive`."""
    sent: list[Message] = []

    async def plugin(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("the plugin must not be called")

    async def nothing(path: str, here: str, may_see_all: bool) -> Ready | None:
        return None

    async def public(path: str) -> bool:
        return False

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/x", "headers": [(b"host", b"localhost"), *headers]}
    place = site("127.0.0.1", 5003, is_loopback=True)
    async with asyncio.timeout(DEADLINE_SECONDS):
        await Guard(plugin, place, nothing, public, None, pytest.fail)(scope, receive, send)
    return sent


def test_body_that_never_ends_is_408(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client announces a body and sends its first byte only."""
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.05)
    monkeypatch.setattr(respond, "DRAIN_SECONDS", 0.05)
    parts = iter([{"type": "http.request", "body": b"{", "more_body": True}])

    async def receive() -> Message:
        for part in parts:
            return part
        await asyncio.Event().wait()
        raise AssertionError

    sent = asyncio.run(answered(receive, (b"content-length", b"9"), (b"content-type", b"application/json")))
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]
    assert json.loads(b"".join(message["body"] for message in sent[1:]))["error"]


def test_refused_body_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal is sent first; what the client still sends is dropped, and only for a while."""
    monkeypatch.setattr(respond, "DRAIN_SECONDS", 0.05)

    async def receive() -> Message:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"x" * 65536, "more_body": True}

    sent = asyncio.run(answered(receive, (b"content-length", b"99999999999")))
    assert [message.get("status", message.get("more_body")) for message in sent] == [415, True, None]


def test_client_that_leaves_during_its_body_gets_nothing() -> None:
    """And the plugin is not called with half a body."""

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    headers = ((b"transfer-encoding", b"chunked"), (b"content-type", b"application/json"))
    assert asyncio.run(answered(receive, *headers)) == []
