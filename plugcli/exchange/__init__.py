"""Facts about HTTP exchanges with a plugin's server, requested as a chat host requests them. Sends nothing and judges nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from plugcli.exchange.picture import Picture

Part = Literal["manifest", "openapi", "operation", "logo", "legal"]

# The page for which a browser requests a plugin on localhost (openai/plugins-quickstart, main.py). The host's server requests all others.
PAGE = "https://chat.openai.com"


@dataclass(frozen=True)
class Failure:
    """Why there is no usable answer. `refused`: a host would not do this either. `large`: the answer was cut off.

    With `is_nobody`, no server listens at that address.
    """

    message: str
    hint: str = ""
    kind: Literal["failed", "refused", "large"] = "failed"
    is_nobody: bool = False


@dataclass(frozen=True)
class Exchange:
    """One request and its outcome.

    `where` is a pointer to the value that named the address. `origin` is the origin of the page for which a browser sends
    the request; it is empty if a server sends it. `wants_method` and `wants_headers` are what a preflight asks to use.
    `status` is 0 if no HTTP answer came. Names in `headers` are in lower case, and a header that came twice is joined by a
    comma, as a browser reads it. `picture` describes the bytes of a logo.
    """

    part: Part
    url: str
    method: Literal["GET", "OPTIONS"] = "GET"
    where: str = ""
    origin: str = ""
    wants_method: str = ""
    wants_headers: tuple[str, ...] = ()
    status: int = 0
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    failure: Failure | None = None
    seconds: float = 0.0
    picture: Picture | None = None

    @property
    def is_redirect(self) -> bool:
        return self.status in (301, 302, 303, 307, 308)

    @property
    def status_line(self) -> str:
        """The status as a person reads it: `404 Not Found`."""
        return f"{self.status} {self.reason}".rstrip()


@dataclass(frozen=True)
class Exchanges:
    """All exchanges with a plugin's server, in order. Each redirect is an exchange of its own."""

    exchanges: tuple[Exchange, ...] = ()

    def of(self, part: Part) -> tuple[Exchange, ...]:
        return tuple(each for each in self.exchanges if each.part == part)

    def last(self, part: Part) -> Exchange | None:
        """The last exchange about `part`; None if it was never requested."""
        return next((each for each in reversed(self.exchanges) if each.part == part), None)
