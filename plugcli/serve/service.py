"""What is served, and what the layers see of it while it runs."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from starlette.types import ASGIApp

from plugcli.builtin.python.terms import Terms
from plugcli.sandbox import Engine
from plugcli.serve.listen import Listener
from plugcli.serve.load import Code
from plugcli.serve.site import Site
from plugcli.serve.source import Source

Log = Callable[[str], None]


@dataclass(frozen=True)
class Service:
    """What is served, where, to whom, and on which terms.

    `code` is the plugin.py of `source`, loaded, or None. Calls need `token`, if there is one; none takes longer
    than `wall_seconds_max`. `engine()` gives the engine that runs a model's code; it is started only if the
    plugin asks for one.
    """

    source: Source
    code: Code | None
    listener: Listener
    site: Site
    token: str | None
    terms: Terms
    wall_seconds_max: float
    engine: Callable[[], AbstractAsyncContextManager[Engine]]


@dataclass(frozen=True)
class Running:
    """A service that has started.

    `api` answers the calls of the plugin's API. `engine` is None if the plugin needs none. `log` takes a line of
    the server's log. `is_full()` says whether there are as many connections as the server takes.
    """

    service: Service
    api: ASGIApp
    engine: Engine | None
    log: Log
    is_full: Callable[[], bool] = lambda: False
