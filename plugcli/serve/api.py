"""What answers the calls of a plugin's API: its own code, or nothing, which says so with 501."""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from plugcli.builtin.python.terms import raw_path
from plugcli.errors import PlugcliError
from plugcli.openapi.match import operations_at
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
    return service.code.app_with(engine)


def nothing(source: Source) -> ASGIApp:
    """Answer for a plugin without plugin.py: 501 for the operations of its document, else 405 or 404."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError("no lifespan")  # how an ASGI application says that it has no lifespan
        method, path = scope["method"], scope["path"]
        methods = await asyncio.to_thread(_api_methods, source, scope)
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


def _api_methods(source: Source, scope: Scope) -> set[str]:
    """Return the methods that the OpenAPI document has for the path of the request; GET includes HEAD."""
    try:
        openapi = source.plugin().openapi
    except PlugcliError:
        return set()
    path, query = raw_path(scope).decode("latin-1"), scope["query_string"].decode("latin-1")
    found = operations_at(openapi, path, query) if openapi else ()
    methods = {each.method.upper() for each in found}
    return methods | {"HEAD"} if "GET" in methods else methods
