"""What answers the calls of a plugin's API: its own code, or nothing, which says so with 501."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from plugcli.builtin.python.terms import set_terms
from plugcli.errors import PlugcliError
from plugcli.openapi.operation import METHODS
from plugcli.respond import Refusal, send_refusal
from plugcli.sandbox import Engine
from plugcli.serve.routing import no_such_method, nothing_at
from plugcli.serve.service import Service
from plugcli.serve.source import CODE_FILE, Source


def api_of(service: Service, engine: Engine | None) -> ASGIApp:
    """Return what answers the API of `service`. Raises PlugcliError if the plugin's code does not give an application.

    `engine` is None exactly if the code does not ask for one.
    """
    if service.code is None:
        return nothing(service.source)
    if engine is not None:
        set_terms(engine, service.terms)  # before the code makes its routes
    return service.code.app_with(engine)


def nothing(source: Source) -> ASGIApp:
    """Answer for a plugin without plugin.py: 501 for the operations of its document, else 405 or 404."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError("no lifespan")  # how an ASGI application says that it has no lifespan
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
    """Return the methods that the OpenAPI document has for `path`; GET includes HEAD."""
    try:
        openapi = source.plugin().openapi
    except PlugcliError:
        return set()
    paths: Any = openapi.data.get("paths") if openapi else None
    items = paths.items() if isinstance(paths, Mapping) else ()
    found = [item for template, item in items if isinstance(item, Mapping) and _matches(template, path)]
    methods = {key.upper() for item in found for key in item if key in METHODS}
    return methods | {"HEAD"} if "GET" in methods else methods


def _matches(template: str, path: str) -> bool:
    """Whether `path` is `template`, such as /todos/{username}, below any base path of a server."""
    pattern = "[^/]+".join(re.escape(part) for part in re.split(r"\{[^/{}]*\}", template))
    return re.fullmatch(f".*{pattern}", path) is not None
