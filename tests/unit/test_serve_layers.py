"""The layers around a plugin's API, and their order."""

import asyncio
from contextlib import AbstractAsyncContextManager

from starlette.types import Message, Receive, Scope, Send

from plugcli.builtin.python.terms import Terms
from plugcli.sandbox import Engine
from plugcli.serve.app import create_app
from plugcli.serve.layers import LAYERS
from plugcli.serve.listen import Listener
from plugcli.serve.service import Running, Service
from plugcli.serve.site import site
from plugcli.serve.source import memory_source

CHAT = (b"origin", b"https://chatgpt.com")


def test_layers_stand_in_this_order() -> None:
    """Each is where it is for a reason: changing the order is a decision about who sees what."""
    expected = [
        "request_log",  # sees every request, refused or not
        "cors",  # outside of all that refuses: a page of the host must be able to read why
        "room",  # before any work is done for a request
        "method_before_type",  # changes what the guard says
        "guard",  # nothing below it meets a foreign, unauthorised or oversized request
        "missing_routes",  # changes what the API says
    ]
    assert expected == [layer.__name__ for layer in LAYERS]


def answered(scope: Scope, *, is_full: bool = False) -> tuple[list[Message], list[str], list[str]]:
    """What the application sends for a request of `scope`, what its API was asked, and what it logs."""
    sent: list[Message] = []
    asked: list[str] = []
    log: list[str] = []

    async def api(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope["type"])
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    def engine() -> AbstractAsyncContextManager[Engine]:
        raise AssertionError("this API needs none")

    source = memory_source({".well-known/ai-plugin.json": b"{}"}, "mine")
    place = site("127.0.0.1", 5003, is_loopback=True)
    service = Service(source, None, Listener("127.0.0.1", 5003, ()), place, None, Terms(), 60, engine)
    app = create_app(Running(service, api, None, log.append, lambda: is_full))

    async def call() -> None:
        await app(scope, receive, send)

    asyncio.run(call())
    return sent, asked, log


def request(*headers: tuple[bytes, bytes], host: bytes = b"localhost") -> Scope:
    """A GET of what only the API has."""
    return {"type": "http", "method": "GET", "path": "/x", "headers": [(b"host", host), *headers]}


def test_request_passes_all_layers() -> None:
    """The one that is as it should be."""
    sent, asked, log = answered(request(CHAT))
    assert (204, ["http"]) == (sent[0]["status"], asked)
    assert log[0].startswith("GET /x 204 ")


def test_refusals_are_logged_and_can_be_read_by_the_host() -> None:
    """Whichever layer refuses, the log has a line and a page of the chat host may read the reason."""
    for scope, is_full, status in ((request(CHAT, host=b"evil"), False, 421), (request(CHAT), True, 503)):
        sent, asked, log = answered(scope, is_full=is_full)
        assert (status, []) == (sent[0]["status"], asked)
        assert (b"access-control-allow-origin", CHAT[1]) in sent[0]["headers"]
        assert log[0].startswith(f"GET /x {status} ")


def test_start_of_the_application_passes_the_layers_by() -> None:
    """A lifespan is no request: it has no Host that the guard could check, and is not in the log."""
    assert ([], ["lifespan"], []) == answered({"type": "lifespan"})


def test_what_is_neither_a_request_nor_a_start_reaches_nothing() -> None:
    """No host uses WebSockets, and the guard's checks do not cover them."""
    assert ([], [], []) == answered({"type": "websocket", "path": "/x", "headers": []})
