"""A plugin's routes, seen from outside: what 405 and 404 say of them, and who gets a body unread."""

import asyncio
import json
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Host, Match, Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plugcli.builtin.python import routes
from plugcli.sandbox import Sandbox
from plugcli.serve.routing import method_before_type, unread_bytes, with_all_methods


@dataclass
class Said:
    """An answer as it was sent."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def ask(
    plugin: ASGIApp,
    method: str,
    path: str,
    is_page: Callable[[Scope], Awaitable[bool]] | None = None,
    host: str = "localhost",
) -> Said:
    """What `plugin` answers through the layer."""

    async def no_page(scope: Scope) -> bool:
        return False

    said = Said()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            assert said.status == 0, "an answer begins once"
            said.status = message["status"]
            said.headers = {
                name.decode().lower(): value.decode() for name, value in message.get("headers", ())
            }
        else:
            said.body += message.get("body", b"")

    is_read = False

    async def receive() -> Message:
        nonlocal is_read
        if is_read:
            await asyncio.Event().wait()  # a client that stays
        is_read = True
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", host.encode())],
    }

    async def call() -> None:
        await with_all_methods(plugin, is_page or no_page)(scope, receive, send)

    asyncio.run(call())
    return said


async def answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse("answered")


def split_routes(path: str = "/todos/{name}") -> list[Route]:
    """One path, a route for each method, as the todo template has it."""
    return [Route(path, answer, methods=[method]) for method in ("GET", "POST", "DELETE")]


class Todos(HTTPEndpoint):
    """The same methods, each a function of a class."""

    async def get(self, request: Request) -> Response:
        return await answer(request)

    post = delete = get


class Group(BaseRoute):
    """Several routes as one that has no methods of its own, as FastAPI includes a router."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        found = [route.matches(scope)[0] for route in split_routes()]
        return max(found, key=lambda match: match.value), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Router(routes=split_routes())(scope, receive, send)


ALL = "DELETE, GET, HEAD, POST"
STARLETTE = Starlette(routes=split_routes())
SHAPES: dict[str, tuple[ASGIApp, str]] = {
    "starlette": (STARLETTE, "/todos/a"),
    "router": (Router(routes=split_routes()), "/todos/a"),
    "mount": (Starlette(routes=[Mount("/v1", routes=split_routes())]), "/v1/todos/a"),
    "mounted app": (Starlette(routes=[Mount("/v1", app=STARLETTE)]), "/v1/todos/a"),
    "host": (Starlette(routes=[Host("localhost", app=STARLETTE)]), "/todos/a"),
    "middleware around": (GZipMiddleware(STARLETTE), "/todos/a"),
    "class": (Starlette(routes=[Route("/todos/{name}", Todos)]), "/todos/a"),
    "group": (Starlette(routes=[Group()]), "/todos/a"),
    "two patterns": (
        Starlette(routes=[Route("/todos/a", answer, methods=["POST"]), *split_routes()[::2]]),
        "/todos/a",
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "FETCH"])
def test_405_names_every_method_of_the_path(shape: str, method: str) -> None:
    """RFC 9110, 15.5.6: Allow is the list of what the resource supports, not of one route."""
    plugin, path = SHAPES[shape]
    said = ask(plugin, method, path)
    assert (said.status, said.headers["allow"]) == (405, ALL)
    assert said.headers["content-type"] == "application/json"
    assert set(json.loads(said.body)) == {"error", "hint"}
    assert len(said.body) == int(said.headers["content-length"])


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
@pytest.mark.parametrize("shape", SHAPES)
def test_method_that_is_there_is_answered_by_the_plugin(shape: str, method: str) -> None:
    """The layer is around every call: it must change none that works."""
    plugin, path = SHAPES[shape]
    said = ask(plugin, method, path)
    assert (said.status, said.body.decode()) == (200, "answered")


def test_words_of_the_plugin_are_kept() -> None:
    """An author who wrote a refusal wants it read; only its Allow is completed."""

    async def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return JSONResponse({"mine": error.status_code}, error.status_code, error.headers)

    plugin = Starlette(routes=split_routes(), exception_handlers={HTTPException: refuse})
    said = ask(plugin, "PUT", "/todos/a")
    assert (said.status, said.headers["allow"], json.loads(said.body)) == (405, ALL, {"mine": 405})
    said = ask(plugin, "GET", "/nothing")
    assert (said.status, json.loads(said.body)) == (404, {"mine": 404})


def test_refusal_by_a_route_itself_is_kept() -> None:
    """A handler that takes a method may still refuse it, and knows better than its route."""

    async def refuse(request: Request) -> Response:
        return PlainTextResponse("not today", 405, {"Allow": "BREW"})

    said = ask(Starlette(routes=[Route("/tea", refuse, methods=["POST", "BREW"])]), "POST", "/tea")
    assert (said.status, said.headers["allow"], said.body) == (405, "BREW", b"not today")


def test_media_type_that_the_plugin_refuses_is_refused_as_it_says() -> None:
    """Only a method that nobody takes comes first; a mounted route has changed the request's scope by then."""

    async def refuse(request: Request) -> Response:
        return PlainTextResponse("send JSON", 415)

    below = Mount("/v1", routes=[Route("/todos/{name}", refuse, methods=["POST"])])
    plugin = Starlette(routes=[below, Route("/todos/{name}", answer)])
    said = ask(method_before_type(plugin, plugin), "POST", "/v1/todos/a")
    assert (said.status, said.body) == (415, b"send JSON")


def test_application_of_another_kind_is_left_alone() -> None:
    """Its routes are its own affair."""

    async def plugin(scope: Scope, receive: object, send: Callable[[Message], Awaitable[None]]) -> None:
        headers = [(b"allow", b"GET"), (b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 405, "headers": headers})
        await send({"type": "http.response.body", "body": b"no", "more_body": True})
        await send({"type": "http.response.body", "body": b"pe"})

    said = ask(plugin, "PUT", "/")
    assert (said.status, said.headers["allow"], said.body) == (405, "GET", b"nope")


@pytest.mark.parametrize("status", [404, 405])
def test_bare_answers_of_another_kind_of_application_pass(status: int) -> None:
    """Headers may be left out, and a path may be taken by a route of an unknown kind."""

    async def plugin(scope: Scope, receive: object, send: Callable[[Message], Awaitable[None]]) -> None:
        await send({"type": "http.response.start", "status": status})
        await send({"type": "http.response.body"})

    class Anything(BaseRoute):
        def matches(self, scope: Scope) -> tuple[Match, Scope]:
            return Match.FULL, {}

        async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
            await plugin(scope, receive, send)

    for app in (plugin, Starlette(routes=[Anything()])):
        assert ask(app, "PUT", "/") == Said(status)


def test_files_of_a_folder_are_read_only(tmp_path: Path) -> None:
    """Starlette refuses other methods with no Allow at all."""
    (tmp_path / "page.html").write_text("read")
    plugin = Starlette(routes=[Mount("/static", StaticFiles(directory=tmp_path))])
    said = ask(plugin, "POST", "/static/page.html")
    assert (said.status, said.headers["allow"]) == (405, "GET, HEAD")
    assert ask(plugin, "GET", "/static/page.html").body == b"read"


def test_path_that_is_not_there_is_404_with_a_sentence() -> None:
    """The model reads `error` and `hint`, whoever refuses."""
    said = ask(STARLETTE, "GET", "/nothing")
    assert said.status == 404
    assert json.loads(said.body)["error"] == "this plugin has nothing at /nothing"


def test_document_takes_get_alone() -> None:
    """The manifest is there, whatever the method: the answer to a POST is 405, not that there is nothing."""

    async def is_page(scope: Scope) -> bool:
        return bool(scope["path"] == "/openapi.yaml")

    said = ask(STARLETTE, "POST", "/openapi.yaml", is_page)
    assert (said.status, said.headers["allow"]) == (405, "GET, HEAD")
    assert ask(STARLETTE, "POST", "/other.yaml", is_page).status == 404


class Included(BaseRoute):
    """The routes of a router as one that names no endpoint. FastAPI, which is not installed here, includes a router so."""

    def __init__(self, routes: list[Route]) -> None:
        self.router = Router(routes=routes)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        found = [route.matches(scope)[0] for route in self.router.routes]
        return max(found, key=lambda match: match.value), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.router(scope, receive, send)


class Keeping:
    """A middleware that keeps the application under a name of its own."""

    def __init__(self, inner: ASGIApp) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.inner(scope, receive, send)


def hidden(routes: list[Route]) -> dict[str, ASGIApp]:
    """Applications with `routes` that do not show them."""
    inner = Starlette(routes=routes)

    async def function(scope: Scope, receive: Receive, send: Send) -> None:
        await inner(scope, receive, send)

    return {
        "included": Starlette(routes=[Included(routes)]),
        "function": function,
        "middleware": GZipMiddleware(Keeping(inner)),
    }


LIMIT = 1000
HIDDEN = hidden(routes(Sandbox()))


def unread(app: ASGIApp, method: str, path: str, limit: int = LIMIT) -> float:
    """How many bytes of such a request's body `app` may read itself."""
    return unread_bytes(app, limit, {"type": "http", "method": method, "path": path, "headers": []})


@pytest.mark.parametrize("shape", HIDDEN)
def test_upload_to_routes_that_cannot_be_seen_passes_up_to_a_limit(shape: str) -> None:
    """They may be those of plugcli. Nothing else does, and nothing at all if the plugin has asked for no sandbox."""
    app = HIDDEN[shape]
    assert LIMIT == unread(app, "POST", "/files")
    others = [("PUT", "/files"), ("POST", "/execute"), ("POST", "/own/files"), ("DELETE", "/files/a.b/c")]
    assert [0] * 4 == [unread(app, *each) for each in others]
    assert 0 == unread(app, "POST", "/files", limit=0)
    below = Starlette(routes=[Mount("/python", app=app)])
    assert [LIMIT, 0] == [unread(below, "POST", path) for path in ("/python/files", "/files")]


def test_upload_to_a_route_that_can_be_seen_goes_by_its_mark() -> None:
    """Whose route it is decides, and not its path."""
    plugcli = Starlette(routes=[Mount("/python", routes=routes(Sandbox())), *routes(Sandbox())])
    for app in (plugcli, GZipMiddleware(plugcli)):
        assert [math.inf] * 2 == [unread(app, "POST", path) for path in ("/files", "/python/files")]
        assert [0, 0] == [unread(app, *each) for each in (("GET", "/files"), ("POST", "/execute"))]
    own = Starlette(routes=[Route("/files", answer, methods=["POST"])])
    assert [0, 0] == [unread(own, "POST", path) for path in ("/files", "/nothing")]
