"""What a route of the sandbox needs to know of the server around it. It travels in the ASGI scope."""

from dataclasses import dataclass, field
from urllib.parse import quote

from starlette.requests import HTTPConnection
from starlette.types import Scope

from plugcli.serve.fit import ANSWER_CHARACTERS
from plugcli.serve.links import FileLink, Links

TERMS_KEY = "plugcli.terms"
UPLOADS = "/files"
HERE_KEY = "plugcli.here"  # this server's origin as the caller sees it


@dataclass(frozen=True)
class Terms:
    """How long an answer may be, whether conversations are kept, and who writes the addresses of files."""

    answer_characters: int = ANSWER_CHARACTERS
    is_stateless: bool = False
    links: Links = field(default_factory=Links)

    def url(self, scope: Scope, handle: str, name: str) -> str:
        """The address of a session's file for whoever sent the request of `scope`."""
        here: str | None = scope.get(HERE_KEY)
        if here is None:  # served by something else than `plugcli serve`
            base = HTTPConnection(scope).base_url
            here = f"{base.scheme}://{base.netloc}"
        return here + self.links.path(FileLink(handle, name))


def terms_of(scope: Scope, own: Terms) -> Terms:
    """The terms of the server around; `own` where that is not `plugcli serve`."""
    terms: Terms = scope.get(TERMS_KEY, own)
    return terms


def raw_path(scope: Scope) -> bytes:
    """The path as it was sent. In `scope["path"]` a byte that is no UTF-8 is lost."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    return raw
