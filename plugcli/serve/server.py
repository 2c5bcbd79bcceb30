"""The server: one process, in which uvicorn runs our application, from start to a clean stop."""

import asyncio
import logging
import math
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress

import uvicorn
from starlette.types import ASGIApp

from plugcli.errors import PlugcliError
from plugcli.sandbox import Status
from plugcli.serve.api import api_of
from plugcli.serve.app import create_app
from plugcli.serve.connection import PacedProtocol
from plugcli.serve.service import Log, Running, Service
from plugcli.serve.stopping import Stopping

try:
    import resource
except ImportError:  # elsewhere than on Unix
    resource = None  # type: ignore[assignment]

CONNECTIONS_MAX = 256
SHUTDOWN_MARGIN_SECONDS = 3
_SWITCH_SECONDS = (
    0.001  # Python's own 5 ms, once for each step of an answer, would be felt beside a thread that computes
)


def serve(service: Service, *, when_listening: Callable[[Status | None], None], log: Log) -> None:
    """Serve until SIGTERM or Ctrl-C. A second signal ends the process at once.

    `when_listening` is called once the server answers; it gets the status of the engine, if one runs. After the first
    signal running calls still get their answer or their time-out. Raises SandboxUnavailable, and PlugcliError if the
    plugin does not start.
    """
    _raise_open_files()
    sys.setswitchinterval(_SWITCH_SECONDS)
    # uvicorn's own bound comes first; ours is for what it cannot end.
    stopping = Stopping(_shutdown_seconds(service.wall_seconds_max) + SHUTDOWN_MARGIN_SECONDS, log)
    with stopping.on_signals(), _uvicorn_log(log):
        asyncio.run(_serve(service, when_listening, log, stopping))


def _raise_open_files() -> None:
    """Raise the limit of open files as far as possible: a session takes six, a connection one, and the usual limit is 1024."""
    if resource is not None:
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _serve(
    service: Service, when_listening: Callable[[Status | None], None], log: Log, stopping: Stopping
) -> None:
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    stopping.then(lambda: loop.call_soon_threadsafe(task.cancel))
    code = service.code
    try:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(service.terms.aside.close)
            engine, status = None, None
            if code is not None and code.needs_engine:
                engine = await stack.enter_async_context(service.engine())
                status = (await engine.status())[0]

            def is_full() -> bool:
                return len(server.server_state.connections) >= CONNECTIONS_MAX

            def listens() -> None:
                stopping.then(server.stop)
                when_listening(status)

            running = Running(service, api_of(service, engine), engine, log, is_full)
            server = _Server(_config(create_app(running), service.wall_seconds_max), listens, log)
            await server.serve(sockets=list(service.listener.sockets))
    except asyncio.CancelledError:
        if not stopping.is_asked:
            raise


def _config(app: ASGIApp, wall_seconds_max: float) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=PacedProtocol,  # h11, the same parser on every machine, whatever else is installed
        ws="none",  # no host uses WebSockets, and our checks of Origin do not cover them
        log_config=None,
        access_log=False,
        proxy_headers=False,  # X-Forwarded-* headers are never believed
        server_header=False,
        timeout_graceful_shutdown=_shutdown_seconds(wall_seconds_max),
    )


def _shutdown_seconds(wall_seconds_max: float) -> int:
    return math.ceil(wall_seconds_max) + SHUTDOWN_MARGIN_SECONDS


class _Server(uvicorn.Server):
    """A uvicorn server that reports when it listens, leaves signals to us, and does not exit the process."""

    def __init__(self, config: uvicorn.Config, when_listening: Callable[[], None], log: Log) -> None:
        super().__init__(config)
        self._when_listening = when_listening
        self._log = log

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        with suppress(SystemExit):  # newer ones exit where older ones return
            await super().startup(sockets)
        if not self.started:
            raise PlugcliError(
                "the plugin's own start-up (its ASGI lifespan) failed", hint="the lines above say where"
            )
        self._when_listening()

    def stop(self) -> None:
        """Accept no more requests, and end once the running ones are answered."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._log(
            "stopping after the running calls have their answer or their time-out; Ctrl-C again stops at once"
        )
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own raises the signal again at the end, and SIGTERM would not exit with 0.
        yield


@contextmanager
def _uvicorn_log(log: Log) -> Iterator[None]:
    """Write the warnings and errors of uvicorn, and nothing else of it, to our log."""

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = self.format(record).rstrip()
            if "CancelledError" in text.rpartition("\n")[2]:
                return  # the traceback of a request that the stop of the server has cancelled
            if "WebSocket" in text:
                return  # advice to install a package that we leave out on purpose
            log(text)

    logger = logging.getLogger("uvicorn.error")
    handler = Lines(logging.WARNING)
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = True
