"""What a server answered when it was asked as a chat host asks: facts. Asks nobody and judges nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from plugcli.exchange.picture import Picture

Part = Literal["manifest", "openapi", "operation", "logo", "legal"]

# The page whose browser asks a plugin on localhost (openai/plugins-quickstart, main.py). Its server asks all others.
PAGE = "https://chat.openai.com"


@dataclass(frozen=True)
class Failure:
    """Why there is no answer of use: `refused` is what the host would not do either, `large` was cut off.

    With `is_nobody` there is no server at that address.
    """

    message: str
    hint: str = ""
    kind: Literal["failed", "refused", "large"] = "failed"
    is_nobody: bool = False


@dataclass(frozen=True)
class Exchange:
    """One request and what came of it.

    `where` is the pointer to what named the address. `origin` is that of the page for which a browser asks, empty
    where a server does; `wants_method` and `wants_headers` are what a preflight asks leave for. `status` is 0 where
    nothing came in HTTP. Names in `headers` are in lower case, and a header that came twice is joined by a comma, as a
    browser reads it. `picture` is what the bytes of a logo are.
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
    """All exchanges with a plugin's server, in their order. Each redirect is an exchange of its own."""

    exchanges: tuple[Exchange, ...] = ()

    def of(self, part: Part) -> tuple[Exchange, ...]:
        return tuple(each for each in self.exchanges if each.part == part)

    def last(self, part: Part) -> Exchange | None:
        """The exchange that ended the search for `part`; None where nobody was asked for it."""
        return next((each for each in reversed(self.exchanges) if each.part == part), None)
