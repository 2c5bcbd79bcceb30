"""Answers that need no code of the plugin: the server's health, and the plugin's documents."""

from plugcli import __version__
from plugcli.respond import Ready, json_bytes
from plugcli.sandbox import Engine
from plugcli.serve.bounds import Bounds
from plugcli.serve.documents import find_document
from plugcli.serve.service import Running

HEALTH = "/health"


async def find_ready(running: Running, path: str, here: str, may_see_all: bool) -> Ready | None:
    """Return the answer at `path`, for a client that reaches this server at the origin `here`; None if there is none.

    A client that may not see all, as it has no token, learns of the server only that it runs.
    """
    if path == HEALTH:
        return await _health(running.engine, may_see_all)
    return await find_document(running.service.source, path, here, await _bounds(running))


async def _bounds(running: Running) -> Bounds | None:
    if running.engine is None:
        return None
    service = running.service
    has_mounts = all(machine.protection.has_mounts for machine in await running.engine.status())
    return Bounds(service.wall_seconds_max, service.terms.is_stateless, has_mounts)


async def _health(engine: Engine | None, may_see_all: bool) -> Ready:
    content: dict[str, object] = {"status": "ok"}
    if may_see_all:
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
    return Ready(200, "application/json", json_bytes(content), ((b"cache-control", b"no-store"),))
