"""The ASGI application of `plugcli serve`: the API with its layers around it."""

from starlette.types import ASGIApp, Receive, Scope, Send

from plugcli.serve.layers import LAYERS
from plugcli.serve.service import Running


def create_app(running: Running) -> ASGIApp:
    """Return the application. Requests pass the layers; the API's own start and end (its ASGI lifespan) do not."""
    layered = running.api
    for layer in reversed(LAYERS):
        layered = layer(layered, running)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await layered(scope, receive, send)
        elif scope["type"] == "lifespan":
            await running.api(scope, receive, send)

    return app
