"""On which terms the routes of a sandbox answer: what they need to know of the server around them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote
from weakref import WeakKeyDictionary

from starlette.requests import HTTPConnection
from starlette.types import Scope

from plugcli.builtin.python.fit import ANSWER_CHARACTERS
from plugcli.builtin.python.links import FileLink, Links
from plugcli.sandbox import Engine
from plugcli.sandbox.aside import Aside

UPLOADS = "/files"
_THREADS = 32


def origin_of(scope: Scope) -> str:
    """Return the origin at which the client has reached this server, from the request alone."""
    base = HTTPConnection(scope).base_url
    return f"{base.scheme}://{base.netloc}"


@dataclass(frozen=True)
class Terms:
    """How long an answer may be, whether conversations are kept, the addresses of files, and the threads for long work.

    `links` writes and reads the paths of the addresses; `origin(scope)` is what stands before them. `aside` has threads
    that read long requests and write long answers. How long that takes is up to the client, so nothing else uses these
    threads. They end when `aside` is closed, or with the routes.
    """

    answer_characters: int = ANSWER_CHARACTERS
    is_stateless: bool = False
    links: Links = field(default_factory=Links)
    origin: Callable[[Scope], str] = origin_of
    aside: Aside = field(default_factory=lambda: Aside(_THREADS), compare=False, repr=False)

    def url(self, scope: Scope, handle: str, name: str) -> str:
        """Return the address of a conversation's file for the client that sent the request of `scope`."""
        return self.origin(scope) + self.links.path(FileLink(handle, name))


# A plugin makes its routes of a sandbox alone, and that need not be the one that serve started: the plugin may put its own
# object around it, or start a Sandbox itself. So the terms of the running service do not depend on which sandbox it is.
_served: Terms | None = None
_TERMS: WeakKeyDictionary[Engine, Terms] = WeakKeyDictionary()


@contextmanager
def served_on(terms: Terms) -> Iterator[None]:
    """Have all routes that are made until the end answer on `terms`, whatever their sandbox."""
    global _served
    before, _served = _served, terms
    try:
        yield
    finally:
        _served = before


def terms_of(sandbox: Engine) -> Terms:
    """Return the terms for the routes of `sandbox`: those of the running service.

    Without one they are the defaults, with one key for all routes of the sandbox.
    """
    return _TERMS.setdefault(sandbox, Terms()) if _served is None else _served


def raw_path(scope: Scope) -> bytes:
    """Return the path as it was sent. In `scope["path"]` a byte that is not UTF-8 is lost."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    return raw
