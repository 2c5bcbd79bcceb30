"""Answers that need no code of the plugin: the server's health, and the plugin's documents."""

from plugcli import __version__
from plugcli.sandbox import Sandbox
from plugcli.serve.answer import Ready, json_bytes
from plugcli.serve.bounds import Bounds
from plugcli.serve.documents import find_document
from plugcli.serve.service import Running

HEALTH = "/health"


async def find_ready(running: Running, path: str, here: str, may_see_all: bool) -> Ready | None:
    """Return the answer at `path`, for a client that reaches this server at the origin `here`; None if there is none.

    A client that may not see all, as it has no token, learns of the server only that it runs.
    """
    if path == HEALTH:
        return _health(running.engine, may_see_all)
    return await find_document(running.service.source, path, here, _bounds(running))


def _bounds(running: Running) -> Bounds | None:
    if running.engine is None:
        return None
    service = running.service
    return Bounds(service.wall_seconds_max, service.terms.is_stateless)


def _health(sandbox: Sandbox | None, may_see_all: bool) -> Ready:
    content: dict[str, object] = {"status": "ok"}
    if may_see_all:
        content |= {
            "version": __version__,
            "sandbox": {"needed": sandbox is not None} | (sandbox.protection.as_json() if sandbox else {}),
            "sessions": len(sandbox.sessions) if sandbox else 0,
            "preloaded": list(sandbox.preloaded) if sandbox and not sandbox.preload_problem else [],
        }
        if sandbox and sandbox.preload_problem:
            content["preload_problem"] = sandbox.preload_problem
    return Ready(200, "application/json", json_bytes(content), ((b"cache-control", b"no-store"),))
