"""The public surface: what plugins and programs of others import, each name used as they use it.

This is the list. mypy checks this file along with the tests; tests/unit/test_public.py imports each name, and checks that the templates and
the README name no others. A name here keeps working when what it names moves: an alias stays where it was.
"""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.routing import Route

from plugcli import __version__
from plugcli.builtin.python import routes
from plugcli.sandbox import Policy, RunResult, Sandbox
from plugcli.serve.execute import execute_route
from plugcli.serve.execute import routes as routes_as_before


def create_app(sandbox: Sandbox) -> Starlette:
    """Return an API as every `plugin.py` made by `init --template python` does."""
    return Starlette(routes=routes(sandbox))


def create_app_as_before(sandbox: Sandbox) -> Starlette:
    """Return an API as every `plugin.py` did that was made before the built-in plugin had a folder of its own."""
    return Starlette(routes=routes_as_before(sandbox))


def create_first_app(sandbox: Sandbox) -> Starlette:
    """Return an API as the first `plugin.py` did, before there were files."""
    return Starlette(routes=[execute_route(sandbox)])


def create_larger_app(sandbox: Sandbox) -> Starlette:
    """Return an API with a route of the author's beside those that run code."""
    own: list[Route] = routes(sandbox)
    return Starlette(routes=[*own, Route("/answer", lambda _: None)])


async def run_code(code: str) -> tuple[str, str, int]:
    """Run code in a sandbox of one's own, and return what the original plugin returned."""
    async with Sandbox(Policy(wall_seconds=5), spares=0) as sandbox:
        run: RunResult = await sandbox.run(code, wall_seconds=2.5)
    return run.stdout, run.stderr, run.returncode


def told(run: RunResult) -> str:
    """Return how a run ended, from the fields of a RunResult that the README names."""
    left_out: int = run.truncated["stdout"] + run.truncated["stderr"]
    names: list[str] = [file["name"] for file in run.files]
    shown: list[str] = [display["mime"] for display in run.displays]
    session: object = run.session["id"] if run.session else None
    return f"{run.outcome} {run.reason} {run.result} {run.duration_ms} {left_out} {names} {shown} {session}"


VERSION: str = __version__
LAUNCH: Callable[[Sandbox], Starlette] = create_app
