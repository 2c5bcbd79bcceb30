"""How baseline and floor are served: uvicorn on a free port of loopback, printed when it listens."""

import asyncio
import socket

import uvicorn
from starlette.applications import Starlette


def serve(app: Starlette) -> None:
    """Serve until SIGTERM."""
    # With its protocol named: asyncio turns Nagle's delay off only then, as it does for a server that binds by itself.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)  # before its port is known
    print(f"http://localhost:{listener.getsockname()[1]}", flush=True)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))
    asyncio.run(server.serve(sockets=[listener]))
