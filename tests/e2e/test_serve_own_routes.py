"""Routes of an author's own beside those of plugcli: the guard goes by whose route it is, and not by its path."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.serving import Server, serving, write_plugin

OWN = """
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

async def count(request):
    return JSONResponse({"bytes": len(await request.body())})

def create_app(sandbox):
    paths = ("/files", "/other", "/execute", "/files/{link}/{name}")
    return Starlette(routes=[Route(path, count, methods=["POST", "PUT"]) for path in paths])
"""
PLUGCLIS = """
from plugcli.builtin.python.execute import routes
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

async def count(request):
    return JSONResponse({"bytes": len(await request.body())})

def create_app(sandbox):
    own = [Route("/own/files", count, methods=["POST"])]
    app = Starlette(routes=[*own, Mount("/python", routes=routes(sandbox)), *routes(sandbox)])
    return GZipMiddleware(app)
"""
# FastAPI, which is not installed here, includes a router as Included does.
HIDDEN = """
from plugcli.builtin.python import routes
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Mount, Route, Router

async def count(request):
    return JSONResponse({"bytes": len(await request.body())})

class Included(BaseRoute):
    def __init__(self, routes):
        self.router = Router(routes=routes)

    def matches(self, scope):
        found = [route.matches(scope)[0] for route in self.router.routes]
        return max(found, key=lambda match: match.value), {}

    async def handle(self, scope, receive, send):
        await self.router(scope, receive, send)

class Keeping:
    def __init__(self, inner):
        self.inner = inner

    async def __call__(self, scope, receive, send):
        await self.inner(scope, receive, send)

def create_app(sandbox):
    inner = Starlette(routes=[Route("/own/files", count, methods=["POST"]), *routes(sandbox)])
    own = Starlette(routes=[Route("/files", count, methods=["POST"])])

    async def function(scope, receive, send):
        await inner(scope, receive, send)

    shapes = {"/function": function, "/middleware": Keeping(inner), "/own": Keeping(own)}
    mounts = [Mount(path, app=app) for path, app in shapes.items()]
    return Starlette(routes=[*mounts, Included(routes(sandbox))])
"""
# A plugin that counts its calls, and one that starts a Sandbox of its own.
WRAPPED = """
from plugcli.builtin.python import routes
from starlette.applications import Starlette

class Counting:
    def __init__(self, inner):
        self.inner = inner
        self.calls = 0

    def __getattr__(self, name):
        return getattr(self.inner, name)

    async def open(self, key):
        self.calls += 1
        return await self.inner.open(key)

def create_app(sandbox):
    return Starlette(routes=routes(Counting(sandbox)))
"""
ITS_OWN = """
import contextlib

from plugcli.builtin.python import routes
from plugcli.sandbox import Sandbox
from starlette.applications import Starlette

sandbox = Sandbox()

@contextlib.asynccontextmanager
async def lifespan(app):
    async with sandbox:
        yield

app = Starlette(routes=routes(sandbox), lifespan=lifespan)
"""
TOKEN = "a-token-of-twenty-eight-bytes"
TEXT = b"x" * 30_000_000
FORM = {"Content-Type": "text/plain"}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A plugin that asks for a sandbox, and whose routes are all its author's."""
    tmp_path = tmp_path_factory.mktemp("own")
    with serving(tmp_path, write_plugin(tmp_path / "mine", OWN), "--preload", "none") as running:
        yield running


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A plugin with plugcli's routes, below a path of their own too, and one of its author's."""
    tmp_path = tmp_path_factory.mktemp("both")
    with serving(tmp_path, write_plugin(tmp_path / "mine", PLUGCLIS), "--preload", "none") as running:
        yield running


@pytest.mark.parametrize("path", ["/files", "/other"])
def test_own_route_does_not_get_what_it_does_not_bound(own: Server, path: str) -> None:
    """It would read 30 MB whole, and any page may send text."""
    assert 415 == own.call("POST", path, TEXT, FORM).status


@pytest.mark.parametrize("path", ["/files", "/other", "/execute", "/files/a.b/c"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_own_route_gets_json_alone_whatever_its_path(own: Server, method: str, path: str) -> None:
    """And its methods are the author's: none is refused because plugcli's route of this path has others."""
    assert 415 == own.call(method, path, b"x", FORM).status
    assert {"bytes": 2} == own.call(method, path, b"{}", {"Content-Type": "application/json"}).json()


@pytest.mark.parametrize("path", ["/files", "/python/files"])
def test_upload_to_the_route_of_plugcli_is_taken_as_it_comes(both: Server, path: str) -> None:
    """The route bounds its body itself, wherever the plugin has it, and whatever lies around it."""
    answer = both.call("POST", f"{path}?session=a&name=long.txt", TEXT, {"Content-Type": "application/json"})
    assert (201, 30_000_000) == (answer.status, answer.json()["files"][0]["bytes"])


def test_address_of_a_file_is_good_for_all_routes_of_one_sandbox(both: Server) -> None:
    """There is one key: what the routes below /python write, those at the top read."""
    answer = both.post("/python/execute", {"code": "open('a.txt', 'w').write('hello')", "session": "b"})
    url = answer.json()["files"][0]["url"]
    assert b"hello" == both.get(url.removeprefix(both.url)).body


def test_own_route_beside_those_of_plugcli_gets_json_alone(both: Server) -> None:
    """Its path ends like that of the uploads."""
    assert 415 == both.call("POST", "/own/files", b"x", FORM).status


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A plugin whose routes cannot be seen from outside: in a function, in a middleware, in a router that is included."""
    tmp_path = tmp_path_factory.mktemp("hidden")
    plugin = write_plugin(tmp_path / "mine", HIDDEN)
    with serving(tmp_path, plugin, "--preload", "none", "--workspace", "40MiB") as running:
        yield running


@pytest.mark.parametrize("shape", ["", "/function", "/middleware"])
def test_upload_is_taken_where_the_route_cannot_be_seen(hidden: Server, shape: str) -> None:
    """An author may build an application as any framework does."""
    path = f"{shape}/files?session={shape[1:] or 'included'}&name=long.txt"
    answer = hidden.call("POST", path, TEXT, FORM)
    assert (201, 30_000_000) == (answer.status, answer.json()["files"][0]["bytes"])
    assert 413 == hidden.call("POST", path, b"x" * 50_000_000, FORM).status


def test_route_of_another_that_cannot_be_seen_reads_no_more_than_an_upload(hidden: Server) -> None:
    """It may lie where plugcli's would, and it bounds nothing."""
    assert {"bytes": 30_000_000} == hidden.call("POST", "/own/files", TEXT, FORM).json()
    assert 413 == hidden.call("POST", "/own/files", b"x" * 50_000_000, FORM).status
    assert 415 == hidden.call("POST", "/function/own/files", TEXT, FORM).status


@pytest.mark.parametrize("code", [WRAPPED, ITS_OWN], ids=["wrapped", "its own"])
def test_options_hold_whatever_the_sandbox_of_the_routes(tmp_path: Path, code: str) -> None:
    """A plugin need not give its routes the very sandbox that serve has started."""
    plugin = write_plugin(tmp_path / "mine", code)
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    given = ["--preload", "none", "--answer-characters", "2000"]
    with serving(tmp_path, plugin, *given, PLUGCLI_TOKEN=TOKEN) as server:
        call = {"code": "open('a.txt', 'w').write('hello'); print('x' * 5000)", "session": "a"}
        answer = server.post("/execute", call, **bearer)
        assert (200, True) == (answer.status, len(answer.body) <= 2000)
        url = server.get("/files?session=a", **bearer).json()["files"][0]["url"]
        assert b"hello" == server.get(url.removeprefix(server.url)).body
        assert 401 == server.get("/files?session=a").status
    with serving(tmp_path, plugin, "--preload", "none", "--stateless", PLUGCLI_TOKEN=TOKEN) as server:
        assert 422 == server.post("/execute", {"code": "1", "session": "a"}, **bearer).status
        assert 422 == server.get("/files", **bearer).status
