"""This API runs Python in the sandbox (`POST /execute`) and keeps its files (/files).

Add routes of your own to the list below, and describe each in openapi.yaml: a model
knows an operation only from there.
"""

from starlette.applications import Starlette

from plugcli.sandbox import Sandbox
from plugcli.serve.execute import routes


def create_app(sandbox: Sandbox) -> Starlette:
    """Return the API; `plugcli serve` calls this once, with a sandbox it started."""
    return Starlette(routes=routes(sandbox))
