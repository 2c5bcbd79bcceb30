"""Work whose length a client decides has threads of its own: whoever asks for a document does not wait for it."""

import asyncio
import json
from contextlib import AbstractAsyncContextManager

import pytest
from starlette.applications import Starlette
from starlette.types import Message, Scope

from plugcli.builtin.python import Terms, routes
from plugcli.sandbox import Engine, Sandbox, aside
from plugcli.serve.app import create_app
from plugcli.serve.listen import Listener
from plugcli.serve.service import Running, Service
from plugcli.serve.site import site
from plugcli.serve.source import memory_source

MANIFEST = ".well-known/ai-plugin.json"
CALLS = 100  # more than asyncio has threads, on any machine
DEADLINE_SECONDS = 20


def test_documents_do_not_wait_for_long_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a walk through a workspace waits for the kernel and has the turn to compute."""
    monkeypatch.setattr(aside, "_PATIENCE_SECONDS", 10 * DEADLINE_SECONDS)
    asyncio.run(asyncio.wait_for(documents_beside_long_calls(), 3 * DEADLINE_SECONDS))


async def documents_beside_long_calls() -> None:
    terms = Terms(is_stateless=True)  # the calls name a session, so each is refused once it has been read

    def engine() -> AbstractAsyncContextManager[Engine]:
        raise AssertionError("nothing is run")

    api = Starlette(routes=routes(Sandbox(), terms))
    source = memory_source({MANIFEST: b"{}"}, "mine")
    place = site("127.0.0.1", 5003, is_loopback=True)
    service = Service(source, None, Listener("127.0.0.1", 5003, ()), place, None, terms, 60, engine)
    app = create_app(Running(service, api, None, lambda line: None))

    async def status(method: str, path: str, body: bytes = b"") -> int:
        sent: list[Message] = []
        is_read = False

        async def receive() -> Message:
            nonlocal is_read
            if is_read:
                await asyncio.Event().wait()  # a client that stays
            is_read = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        headers = [(b"host", b"localhost")]
        if body:
            length = b"%d" % len(body)
            headers += [(b"content-type", b"application/json"), (b"content-length", length)]
        scope: Scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": headers,
        }
        await app(scope, receive, send)
        return int(sent[0]["status"])

    body = json.dumps({"code": "#" * 20_000, "session": "a"}).encode()
    with aside.computing():
        calls = [asyncio.create_task(status("POST", "/execute", body)) for _ in range(CALLS)]
        await asyncio.sleep(0.1)
        async with asyncio.timeout(DEADLINE_SECONDS):
            assert 200 == await status("GET", f"/{MANIFEST}")
        assert not any(call.done() for call in calls)
    assert [422] * CALLS == await asyncio.gather(*calls)
    await terms.aside.close()
