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


LIMIT = 100


@pytest.mark.parametrize("does_swallow", [False, True])
@pytest.mark.parametrize("pieces", [[LIMIT], [60, 40], [LIMIT + 1], [60, 41], [60, 41, 10**6]])
def test_body_that_passes_unread_is_counted(pieces: list[int], does_swallow: bool) -> None:
    """A route that the guard cannot see may read without a limit, and make what it likes of the end of its body."""
    sent, read = asyncio.run(passed(pieces, does_swallow=does_swallow))
    if sum(pieces) > LIMIT:
        assert 413 == sent[0]["status"]
        assert (b"connection", b"close") in sent[0]["headers"]
        assert "100 bytes" in json.loads(b"".join(message["body"] for message in sent[1:]))["error"]
        assert sum(read) <= LIMIT
    else:
        assert (200, pieces) == (sent[0]["status"], read)


def test_body_that_says_it_is_too_long_reaches_nobody() -> None:
    """Its length is known before the first byte."""
    sent, read = asyncio.run(passed([LIMIT + 1], (b"content-length", b"%d" % (LIMIT + 1))))
    assert (413, []) == (sent[0]["status"], read)


def test_answer_that_has_begun_is_broken_off() -> None:
    """It is too late for another status: to the plugin the client is gone, and the server closes the connection."""
    sent, _ = asyncio.run(passed([60, 41], is_early=True))
    assert [200] == [message.get("status") for message in sent]


async def passed(
    pieces: list[int], *headers: tuple[bytes, bytes], does_swallow: bool = False, is_early: bool = False
) -> tuple[list[Message], list[int]]:
    """What is sent for an upload in `pieces` that may pass unread up to LIMIT, and what a plugin that reads all of it got."""
    sent: list[Message] = []
    read: list[int] = []
    messages = [
        {"type": "http.request", "body": b"x" * size, "more_body": number < len(pieces)}
        for number, size in enumerate(pieces, 1)
    ]

    async def plugin(scope: Scope, receive: Receive, send: Send) -> None:
        if is_early:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while (message := await receive()).get("more_body"):
                read.append(len(message["body"]))
            if message["type"] == "http.disconnect":
                return
            read.append(len(message["body"]))
        except Exception:
            if not does_swallow:
                raise
        if not is_early:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def nothing(path: str, here: str, may_see_all: bool) -> Ready | None:
        return None

    async def public(path: str) -> bool:
        return False

    async def receive() -> Message:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    own = [(b"host", b"localhost"), (b"content-type", b"text/csv"), *headers]
    scope = {"type": "http", "method": "POST", "path": "/files", "headers": own}
    place = site("127.0.0.1", 5003, is_loopback=True)
    guarded = Guard(plugin, place, nothing, public, None, pytest.fail, lambda scope: LIMIT)
    async with asyncio.timeout(DEADLINE_SECONDS):
        await guarded(scope, receive, send)
    return sent, read
