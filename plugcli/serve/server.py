"""The server: one process, uvicorn under our application, from the first socket to a clean end."""

import asyncio
import logging
import math
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from plugcli.errors import PlugcliError
from plugcli.sandbox import Policy, Sandbox
from plugcli.serve.app import Settings, create_app
from plugcli.serve.listen import Listener
from plugcli.serve.load import Code
from plugcli.serve.site import Site
from plugcli.serve.source import Source

CONNECTIONS_MAX = 256
SHUTDOWN_MARGIN_SECONDS = 5

Log = Callable[[str], None]


@dataclass(frozen=True)
class Service:
    """What is served, where, to whom, and within which limits.

    `code` is the plugin.py of `source`, loaded, or None. A Sandbox with `policy` and `python` (None: our own
    interpreter) starts only if the code asks for one.
    """

    source: Source
    code: Code | None
    listener: Listener
    site: Site
    settings: Settings
    policy: Policy
    python: str | None


def serve(service: Service, *, when_listening: Callable[[Sandbox | None], None], log: Log) -> None:
    """Serve until SIGTERM or Ctrl-C; a second one ends the process at once.

    `when_listening` gets the Sandbox once calls are answered. After the first signal running calls get their
    answer or their time-out. Raises SandboxUnavailable, and PlugcliError where the plugin does not start.
    """
    stopping = _Stopping()
    with stopping.on_signals(), _uvicorn_log(log):
        asyncio.run(_serve(service, when_listening, log, stopping))


async def _serve(
    service: Service, when_listening: Callable[[Sandbox | None], None], log: Log, stopping: "_Stopping"
) -> None:
    stopping.starts(asyncio.current_task())
    code = service.code
    try:
        async with AsyncExitStack() as stack:
            sandbox, plugin = None, code.app if code else None
            if code is not None and code.create_app is not None:
                sandbox = await stack.enter_async_context(Sandbox(service.policy, python=service.python))
                plugin = code.app_with(sandbox)
            app = create_app(service.source, plugin, service.site, service.settings, sandbox=sandbox, log=log)
            server = _Server(_config(app, service.policy), lambda: when_listening(sandbox), log)
            stopping.listens(server)
            await server.serve(sockets=list(service.listener.sockets))
    except asyncio.CancelledError:
        if not stopping.is_asked:
            raise


def _config(app: ASGIApp, policy: Policy) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="h11",  # the same parser on every machine, whatever else is installed
        ws="none",  # no host uses WebSockets, and Origin checks of ours do not cover them
        log_config=None,
        access_log=False,
        proxy_headers=False,  # X-Forwarded-* is believed of nobody
        server_header=False,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_graceful_shutdown=math.ceil(policy.wall_seconds_max) + SHUTDOWN_MARGIN_SECONDS,
    )


class _Server(uvicorn.Server):
    """uvicorn that says when it listens, leaves signals to us, and does not exit the process."""

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

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._log("stopping: calls that run get their answer or their time-out; Ctrl-C again ends at once")
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own raises the signal again at the end, and SIGTERM would not exit with 0.
        yield


class _Stopping:
    """What SIGTERM and Ctrl-C do: stop the start, then stop serving; the second time end at once."""

    def __init__(self) -> None:
        self.is_asked = False
        self._task: asyncio.Task[None] | None = None
        self._server: _Server | None = None

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        # Not the event loop's handlers: those would wait for a plugin that blocks the loop.
        before = {each: signal.signal(each, self._stop) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def starts(self, task: "asyncio.Task[None] | None") -> None:
        self._task = task

    def listens(self, server: _Server) -> None:
        self._server = server

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self.is_asked:  # jails end with us: their launcher sees its channel close
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        self.is_asked = True
        if self._server is not None and self._server.started:
            self._server.should_exit = True
        elif self._task is not None:
            self._task.get_loop().call_soon_threadsafe(self._task.cancel)


@contextmanager
def _uvicorn_log(log: Log) -> Iterator[None]:
    """uvicorn's warnings and errors as lines of our log, and nothing else of what it says."""

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError):
                return  # a call that the end of the server cut off
            if "WebSocket" in record.getMessage():
                return  # advice to install what we leave out on purpose
            log(self.format(record))

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
