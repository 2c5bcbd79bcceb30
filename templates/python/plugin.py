"""The API of this plugin. It runs Python in the sandbox (`POST /execute`) and keeps
files (`/files`).

Add your own routes to the list below, and describe each of them in openapi.yaml: a
model knows only the operations that are described there.
"""

from plugcli.builtin.python import routes
from plugcli.sandbox import Sandbox
from starlette.applications import Starlette


def create_app(sandbox: Sandbox) -> Starlette:
    """Return the API; `plugcli serve` calls this once, with a running sandbox."""
    return Starlette(routes=routes(sandbox))
