"""The names by which plugins made earlier import the routes of plugcli.builtin.python."""

from starlette.routing import Route

from plugcli.builtin.python import routes
from plugcli.sandbox import Engine

__all__ = ["execute_route", "routes"]


def execute_route(sandbox: Engine) -> Route:
    """Return the route `POST /execute` alone, which the first plugins had. It is the first of `routes`."""
    return routes(sandbox)[0]
