"""Requests that no route of the plugin takes. A 405 lists every method of its path, and a bare refusal becomes JSON with a hint.

A path may have one route for each method. Starlette lists only the methods of the first in Allow, while RFC 9110 (15.5.6) wants
all that the resource supports; and Starlette refuses in plain text. Both are corrected here, around the plugin, so that existing
plugins benefit too. A refusal that the plugin has written itself stays as it is.
"""

import math
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any

from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.routing import Host, Match, Mount, Router
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plugcli.builtin.python.terms import UPLOADS
from plugcli.respond import Header, Refusal, send_refusal

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
READY_METHODS = frozenset({"GET", "HEAD"})
_BARE = {404: b"Not Found", 405: b"Method Not Allowed"}
_LAYERS_MAX = 32
_HIDDEN = object()


def with_all_methods(plugin: ASGIApp, is_ready: Callable[[Scope], Awaitable[bool]]) -> ASGIApp:
    """Return `plugin` with a better 404 and 405. `is_ready(scope)` says whether a GET there is answered without the plugin."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await plugin(scope, receive, send)
            return
        asked = dict(scope)  # routing writes into it
        start: Message | None = None
        is_ours = False

        async def send_mended(message: Message) -> None:
            nonlocal start, is_ours
            if is_ours:
                return  # the rest of what the plugin said instead
            if message["type"] == "http.response.start" and message["status"] in _BARE:
                start = message
                return
            if start is not None:
                held, start = start, None
                refusal, headers = await _mended(plugin, asked, held, message, is_ready)
                if refusal is not None:
                    is_ours = True
                    await send_refusal(refusal, send)
                    return
                await send({**held, "headers": headers})
            await send(message)

        await plugin(scope, receive, send_mended)

    return app


def method_before_type(app: ASGIApp, plugin: ASGIApp) -> ASGIApp:
    """Return `app` with 405 in place of 415 where `plugin` does not take the method, whatever the body."""

    async def mended(scope: Scope, receive: Receive, send: Send) -> None:
        asked = dict(scope)
        body: bytes | None = None

        async def send_mended(message: Message) -> None:
            nonlocal body
            if body is not None:
                message, body = {**message, "body": body}, b""
            elif message.get("status") == 415 and (methods := allowed_methods(plugin, asked)):
                refusal = no_such_method(asked["method"], asked["path"], methods)
                body = refusal.body()
                own = [*refusal.headers, (b"content-length", b"%d" % len(body))]
                others = [header for header in message["headers"] if header[0] not in dict(own)]
                message = {**message, "status": refusal.status, "headers": [*others, *own]}
            await send(message)

        await app(scope, receive, send_mended)

    return mended


async def _mended(
    plugin: ASGIApp,
    scope: Scope,
    start: Message,
    body: Message,
    is_ready: Callable[[Scope], Awaitable[bool]],
) -> tuple[Refusal | None, list[Header]]:
    """Return what to answer in place of a 404 or 405 (None: the same), and the headers if it is the same."""
    headers: list[Header] = list(start.get("headers", ()))
    method, path = scope["method"], scope["path"]
    if start["status"] == 404:
        if method not in READY_METHODS and await is_ready(scope):
            return no_such_method(method, path, READY_METHODS), headers
        if _is_bare(start, body):
            return nothing_at(path), headers
        return None, headers
    methods = allowed_methods(plugin, scope)
    if _is_bare(start, body) and methods:
        return no_such_method(method, path, methods), headers
    if methods:
        others = [header for header in headers if header[0].lower() != b"allow"]
        headers = [*others, (b"allow", _listed(methods))]
    return None, headers


def nothing_at(path: str) -> Refusal:
    """Return the refusal of a path that does not exist."""
    return Refusal(404, f"this plugin has nothing at {path}", "/openapi.yaml lists its paths")


def no_such_method(method: str, path: str, methods: Iterable[str]) -> Refusal:
    """Return the refusal of a method that `path` does not take: it takes `methods`."""
    allow = _listed(methods)
    return Refusal(
        405, f"{path} does not take {method}", f"use {allow.decode()}", headers=[(b"allow", allow)]
    )


def allowed_methods(app: object, scope: Scope) -> frozenset[str]:
    """Return every method that `app` takes at the path of `scope`, if it does not take the requested one.

    The set is empty if it does take it, if nothing is at that path, and if `app` is not a Starlette application.
    """
    methods: frozenset[str] = frozenset()
    for route in _routes(app) or ():
        match, child = route.matches(scope)
        if match is Match.FULL:
            # The first that matches in full answers, whatever comes after it.
            if isinstance(route, (Mount, Host)):
                return allowed_methods(route.app, {**scope, **child})
            methods = _methods_of(getattr(route, "endpoint", None))
            break
        if match is Match.PARTIAL:
            # A group of routes, as frameworks make it, lists no methods; it only says which requests it takes.
            taken = (each for each in METHODS if route.matches({**scope, "method": each})[0] is Match.FULL)
            methods |= {*taken, *(getattr(route, "methods", None) or ())}
    if isinstance(app, StaticFiles):
        methods = READY_METHODS
    return frozenset() if scope["method"] in methods else methods


def unread_bytes(app: object, upload_bytes_max: int, scope: Scope) -> float:
    """Return how many bytes of this request's body `app` may read itself: 0 for JSON, which it gets once the guard has read it.

    A route that limits the body itself may read all of it. Such a route is marked: `bounds_own_body` of its endpoint is the
    set of methods for which it does so. If the route cannot be seen, an upload may be for one with that mark: then it is
    `upload_bytes_max`.
    """
    endpoint, inner = _endpoint(app, scope)
    if endpoint is _HIDDEN:
        is_upload = scope["method"] == "POST" and inner["path"] == inner.get("root_path", "") + UPLOADS
        return upload_bytes_max if is_upload else 0
    methods: Collection[str] = getattr(endpoint, "bounds_own_body", ())
    return math.inf if scope["method"] in methods else 0


def _endpoint(app: object, scope: Scope) -> tuple[object, Scope]:
    """Return the endpoint that takes the request of `scope`, and the scope as it is where the search ends.

    The endpoint is None if no route takes the request. It is _HIDDEN if an application or a route on the way does not
    show what it leads to: a function around the application, say, or a router that FastAPI has included.
    """
    routes = _routes(app)
    if routes is None:
        return _HIDDEN, scope
    for route in routes:
        match, child = route.matches(scope)
        if match is Match.FULL:
            if isinstance(route, (Mount, Host)):
                return _endpoint(route.app, {**scope, **child})
            return child.get("endpoint", _HIDDEN), scope
    return None, scope


def _methods_of(endpoint: object) -> frozenset[str]:
    """Return the methods of an endpoint that has a function for each, with the HEAD that comes with GET."""
    if not (isinstance(endpoint, type) and issubclass(endpoint, HTTPEndpoint)):
        return frozenset()
    own = {method for method in METHODS if hasattr(endpoint, method.lower())}
    return frozenset(own | {"HEAD"} if "GET" in own else own)


def _routes(app: Any) -> Iterable[Any] | None:
    """Return the routes of an application, or of the application inside a middleware. None if they cannot be seen."""
    for _ in range(_LAYERS_MAX):
        if isinstance(app, (Starlette, Router)):
            return app.routes
        app = getattr(app, "app", None)
    return None


def _is_bare(start: Message, body: Message) -> bool:
    """Whether this is the answer that Starlette gives by itself."""
    mime = dict(start.get("headers", ())).get(b"content-type", b"")
    return bool(
        mime.startswith(b"text/plain")
        and body.get("body") == _BARE[start["status"]]
        and not body.get("more_body")
    )


def _listed(methods: Iterable[str]) -> bytes:
    return ", ".join(sorted(methods)).encode()
