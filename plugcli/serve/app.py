"""The ASGI application of `plugcli serve`: its layers in order, and what it answers without plugin code."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from plugcli import __version__
from plugcli.errors import PlugcliError
from plugcli.openapi.operation import METHODS as OPERATION_METHODS
from plugcli.sandbox import Engine
from plugcli.serve.answer import Refusal, json_bytes, send_early_refusal, send_refusal
from plugcli.serve.bounds import Bounds
from plugcli.serve.documents import find_document, is_document
from plugcli.serve.guard import Guard, Page
from plugcli.serve.log import with_request_log
from plugcli.serve.refusals import busy
from plugcli.serve.routing import (
    METHODS,
    bounds_own_body,
    method_before_type,
    no_such_method,
    nothing_at,
    with_all_methods,
)
from plugcli.serve.site import Site
from plugcli.serve.source import CODE_FILE, Source
from plugcli.serve.terms import terms_of

HEALTH = "/health"
PREFLIGHT_SECONDS = 600
_FULL = busy("this server has as many connections as it can take", "try again in a few seconds", status=503)


def create_app(
    source: Source,
    plugin: ASGIApp | None,
    site: Site,
    *,
    token: str | None,
    engine: Engine | None,
    log: Callable[[str], None],
    is_full: Callable[[], bool] = lambda: False,
) -> ASGIApp:
    """The application for the plugin at `source` whose code is `plugin` (None: it has none).

    Calls need `token`, if there is one. `engine` is the one that the code was given, if it asked for one.
    `is_full()` says that there are as many connections as the server takes: no call is answered then.
    """
    terms = terms_of(engine) if engine else None
    bounds = Bounds(engine.limits.wall_seconds_max, terms.is_stateless) if engine and terms else None

    async def pages(path: str, here: str, may_see_all: bool) -> Page | None:
        if path == HEALTH:
            return await _health(engine, may_see_all)
        return await find_document(source, path, here, bounds)

    async def is_page(scope: Scope) -> bool:
        return await pages(scope["path"], site.origin(scope), False) is not None

    code = plugin or _without_code(source)
    inner = with_all_methods(code, is_page)

    async def is_public(path: str) -> bool:
        return await is_document(source, path)

    guard = Guard(
        inner,
        site,
        pages,
        is_public,
        token.encode() if token else None,
        log,
        partial(bounds_own_body, code),
        terms.links if terms else None,
    )

    guarded = method_before_type(guard, code)

    async def while_there_is_room(scope: Scope, receive: Receive, send: Send) -> None:
        if is_full():
            await send_early_refusal(_FULL, receive, send)
        else:
            await guarded(scope, receive, send)

    # CORS outside the guard: a page of the host must be able to read why it was refused.
    readable = CORSMiddleware(
        while_there_is_room,
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


async def _health(engine: Engine | None, may_see_all: bool) -> Page:
    content: dict[str, object] = {"status": "ok"}
    if may_see_all:  # whoever has no token learns that it runs, and not what to try on it
        machines = await engine.status() if engine else ()
        first = machines[0] if machines else None
        content |= {
            "version": __version__,
            "sandbox": {"needed": first is not None} | (first.protection.as_json() if first else {}),
            "sessions": sum(machine.conversations for machine in machines),
            "preloaded": list(first.preloaded) if first and not first.preload_problem else [],
        }
        if first and first.preload_problem:
            content["preload_problem"] = first.preload_problem
    return Page(200, "application/json", json_bytes(content), ((b"cache-control", b"no-store"),))


def _without_code(source: Source) -> ASGIApp:
    """Answers calls of a plugin that has no plugin.py: 501 for its API's operations, 405 and 404 for others."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError("no lifespan")  # how ASGI says that there is none to run
        method, path = scope["method"], scope["path"]
        methods = _api_methods(source, path)
        if not methods:
            refusal = nothing_at(path)
        elif method not in methods:
            refusal = no_such_method(method, path, methods)
        else:
            refusal = Refusal(
                501,
                f"{method} {path} cannot be answered: this plugin has no {CODE_FILE}",
                f"write {CODE_FILE} in the plugin's folder: `app`, an ASGI application with this route",
            )
        await send_refusal(refusal, send)

    return app


def _api_methods(source: Source, path: str) -> set[str]:
    """The methods that the OpenAPI document has for `path`; GET includes HEAD."""
    try:
        openapi = source.plugin().openapi
    except PlugcliError:
        return set()
    paths: Any = openapi.data.get("paths") if openapi else None
    items = paths.items() if isinstance(paths, Mapping) else ()
    found = [item for template, item in items if isinstance(item, Mapping) and _matches(template, path)]
    methods = {key.upper() for item in found for key in item if key in OPERATION_METHODS}
    return methods | {"HEAD"} if "GET" in methods else methods


def _matches(template: str, path: str) -> bool:
    """Whether `path` is `template`, such as /todos/{username}, below any base path of a server."""
    pattern = "[^/]+".join(re.escape(part) for part in re.split(r"\{[^/{}]*\}", template))
    return re.fullmatch(f".*{pattern}", path) is not None
