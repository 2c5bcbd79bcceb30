"""The ASGI application of `plugcli serve`: its layers in order, and what it answers without plugin code."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from plugcli import __version__
from plugcli.errors import PlugcliError
from plugcli.sandbox import Sandbox
from plugcli.serve.answer import Refusal, json_bytes, send_answer
from plugcli.serve.documents import find_document, is_document
from plugcli.serve.fit import ANSWER_CHARACTERS
from plugcli.serve.guard import Guard, Page
from plugcli.serve.log import with_request_log
from plugcli.serve.site import Site
from plugcli.serve.source import CODE_FILE, Source
from plugcli.serve.terms import TERMS_KEY, Terms

HEALTH = "/health"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PREFLIGHT_SECONDS = 600


@dataclass(frozen=True)
class Settings:
    """What `serve` was told about calls.

    The token they need, if any; how long an answer may be; whether each call is fresh whatever it asks for.
    """

    token: str | None = None
    answer_characters: int = ANSWER_CHARACTERS
    is_stateless: bool = False


def create_app(
    source: Source,
    plugin: ASGIApp | None,
    site: Site,
    settings: Settings,
    *,
    sandbox: Sandbox | None,
    log: Callable[[str], None],
) -> ASGIApp:
    """The application for the plugin at `source` whose code is `plugin` (None: it has none)."""
    inner = plugin or _without_code(source)

    async def pages(path: str, here: str, may_see_all: bool) -> Page | None:
        if path == HEALTH:
            return _health(sandbox, may_see_all)
        return await find_document(source, path, here)

    async def is_public(path: str) -> bool:
        return await is_document(source, path)

    terms = Terms(settings.answer_characters, settings.is_stateless)

    async def on_terms(scope: Scope, receive: Receive, send: Send) -> None:
        scope[TERMS_KEY] = terms
        await inner(scope, receive, send)

    token = settings.token.encode() if settings.token else None
    guard = Guard(on_terms, site, pages, is_public, token, log, terms.links if sandbox else None)
    # CORS outside the guard: a page of the host must be able to read why it was refused.
    readable = CORSMiddleware(
        guard,
        allow_origins=sorted(site.origins),
        allow_methods=METHODS,
        allow_headers=["*"],  # of these origins only; hosts add headers over time
        allow_private_network=True,
        expose_headers=["Retry-After", "Content-Disposition", "Content-Range"],
        max_age=PREFLIGHT_SECONDS,
    )
    logged = with_request_log(readable, log)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await logged(scope, receive, send)
        elif scope["type"] == "lifespan":
            await inner(scope, receive, send)

    return app


def _health(sandbox: Sandbox | None, may_see_all: bool) -> Page:
    content: dict[str, object] = {"status": "ok"}
    if may_see_all:  # whoever has no token learns that it runs, and not what to try on it
        content |= {
            "version": __version__,
            "sandbox": {"needed": sandbox is not None} | (sandbox.verdict.as_json() if sandbox else {}),
            "sessions": len(sandbox.sessions) if sandbox else 0,
            "preloaded": list(sandbox.preloaded) if sandbox and not sandbox.preload_problem else [],
        }
        if sandbox and sandbox.preload_problem:
            content["preload_problem"] = sandbox.preload_problem
    return Page(200, "application/json", json_bytes(content), ((b"cache-control", b"no-store"),))


def _without_code(source: Source) -> ASGIApp:
    """Answers calls of a plugin that has no plugin.py: 501 for its API's paths, 404 for others."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError("no lifespan")  # how ASGI says that there is none to run
        path = scope["path"]
        if _is_api_path(source, path):
            refusal = Refusal(
                501,
                f"{scope['method']} {path} cannot be answered: this plugin has no {CODE_FILE}",
                f"write {CODE_FILE} in the plugin's folder: `app`, an ASGI application with this route",
            )
        else:
            refusal = Refusal(404, f"this plugin has nothing at {path}", "/openapi.yaml lists its paths")
        await send_answer(send, refusal.status, refusal.body())

    return app


def _is_api_path(source: Source, path: str) -> bool:
    try:
        openapi = source.plugin().openapi
    except PlugcliError:
        return False
    paths: Any = openapi.data.get("paths") if openapi else None
    return isinstance(paths, Mapping) and any(_matches(template, path) for template in paths)


def _matches(template: str, path: str) -> bool:
    """Whether `path` is `template`, such as /todos/{username}, below any base path of a server."""
    pattern = "[^/]+".join(re.escape(part) for part in re.split(r"\{[^/{}]*\}", template))
    return re.fullmatch(f".*{pattern}", path) is not None
