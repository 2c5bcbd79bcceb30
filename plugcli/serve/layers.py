"""What lies around the API: each layer is a function that puts itself around an application. LAYERS is their order.

A new layer is a function here and its place in LAYERS. Layers see HTTP requests alone; an application's start and end (its ASGI lifespan)
pass them by.
"""

from collections.abc import Callable
from functools import partial

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from plugcli.builtin.python.files import FORM_BYTES
from plugcli.builtin.python.refusals import busy
from plugcli.respond import send_early_refusal
from plugcli.serve import routing
from plugcli.serve.documents import is_document
from plugcli.serve.guard import Guard
from plugcli.serve.log import with_request_log
from plugcli.serve.ready import find_ready
from plugcli.serve.service import Running

Layer = Callable[[ASGIApp, Running], ASGIApp]

PREFLIGHT_SECONDS = 600
_FULL = busy("this server has as many connections as it can take", "try again in a few seconds", status=503)


def request_log(app: ASGIApp, running: Running) -> ASGIApp:
    """Log every request, whatever becomes of it."""
    return with_request_log(app, running.log)


def cors(app: ASGIApp, running: Running) -> ASGIApp:
    """Let pages of the allowed origins read the answers: also why the layers below refused them."""
    return CORSMiddleware(
        app,
        allow_origins=sorted(running.service.site.origins),
        allow_methods=routing.METHODS,
        allow_headers=["*"],  # of these origins only; hosts add headers over time
        allow_private_network=True,
        expose_headers=["Retry-After", "Content-Disposition", "Content-Range"],
        max_age=PREFLIGHT_SECONDS,
    )


def room(app: ASGIApp, running: Running) -> ASGIApp:
    """Refuse all requests while there are as many connections as the server takes."""

    async def while_there_is_room(scope: Scope, receive: Receive, send: Send) -> None:
        if running.is_full():
            await send_early_refusal(_FULL, receive, send)
        else:
            await app(scope, receive, send)

    return while_there_is_room


def method_before_type(app: ASGIApp, running: Running) -> ASGIApp:
    """Refuse a method that the API does not have for the method, where the guard refuses it for its body."""
    return routing.method_before_type(app, running.api)


def guard(app: ASGIApp, running: Running) -> ASGIApp:
    """Answer with documents, and let nothing through to the API that is foreign, unauthorised, oversized or not JSON."""
    service, engine = running.service, running.engine
    upload_bytes_max = engine.limits.workspace_bytes_held + FORM_BYTES if engine else 0
    return Guard(
        app,
        service.site,
        partial(find_ready, running),
        partial(is_document, service.source),
        service.token.encode() if service.token else None,
        running.log,
        partial(routing.unread_bytes, running.api, upload_bytes_max),
        service.terms.links,
    )


def missing_routes(app: ASGIApp, running: Running) -> ASGIApp:
    """Say what is there instead, where the API has no such path or method."""

    async def is_ready(scope: Scope) -> bool:
        here = running.service.site.origin(scope)
        return await find_ready(running, scope["path"], here, may_see_all=False) is not None

    return routing.with_all_methods(app, is_ready)


# The outermost first.
LAYERS: tuple[Layer, ...] = (request_log, cors, room, method_before_type, guard, missing_routes)
