"""One run: requests in the order of the host, each bounded, and all that came of them kept as facts."""

import asyncio
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from plugcli.exchange import Exchange, Exchanges, Failure, Part
from plugcli.fetch import wire
from plugcli.fetch.bounds import NotFollowed, redirected
from plugcli.web.client import Bounds, Client

_MOST_REDIRECTS = 5
_NAMES = {
    "manifest": "the manifest",
    "openapi": "the document",
    "logo": "the logo",
    "legal": "the page",
    "operation": "the call",
}
# A server may keep pages of other sites out, before it looks whether there is anything.
_KEPT_OUT = (401, 403)
_SITE = "Sec-Fetch-Site"
# What the host's page sends with every request to localhost, and what makes the browser ask first (client).
_HEADER = "content-type"


@dataclass
class Run:
    """What was asked so far. Each part of a plugin has `wall_seconds`, with its preflights and its redirects."""

    wall_seconds: float
    client: Client
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def live(self) -> Exchanges:
        return Exchanges(tuple(self.exchanges))

    def bounds(self, most_bytes: int) -> Bounds:
        """The bounds of a part that begins now."""
        return Bounds.from_now(self.wall_seconds, most_bytes)

    async def document(
        self, part: Part, url: str, most_bytes: int, *, where: str = "", origin: str = ""
    ) -> tuple[bytes, str] | None:
        """The bytes at `url` and the address where they were in the end; None where the last exchange says why not.

        With `origin` it is asked for as a browser does for that page.
        """
        bounds = self.bounds(most_bytes)
        for _ in range(_MOST_REDIRECTS + 1):
            if origin:
                preflight = Exchange(part, url, "OPTIONS", where, origin, "GET", (_HEADER,))
                await self.preflight(preflight, bounds)
                if asyncio.get_running_loop().time() >= bounds.deadline:
                    return None
            headers = _of_browser(origin) | {"Content-Type": "application/json"} if origin else {}
            exchange, body = await self.ask(Exchange(part, url, "GET", where, origin), headers, bounds)
            if exchange.failure is not None:
                return None
            if not exchange.is_redirect:
                return body, url
            try:
                target = redirected(url, exchange.headers.get("location", ""), _NAMES[part])
            except NotFollowed as error:
                self.fail(error.failure)
                return None
            url, origin = target, _origin_after(origin, url, target)
        self.fail(Failure(f"more than {_MOST_REDIRECTS} redirects"))
        return None

    async def preflight(self, asked: Exchange, bounds: Bounds) -> None:
        """Ask for leave as a browser does, before a request of a page to a server in the user's own network."""
        headers = _of_browser(asked.origin) | {
            "Access-Control-Request-Method": asked.wants_method,
            "Access-Control-Request-Headers": ",".join(asked.wants_headers),
            "Access-Control-Request-Private-Network": "true",
        }
        await self.ask(asked, headers, bounds)

    async def ask(self, asked: Exchange, headers: dict[str, str], bounds: Bounds) -> tuple[Exchange, bytes]:
        """Send one request and keep what came of it."""
        exchange, body = await wire.ask(self.client, asked, headers, bounds)
        if exchange.status in _KEPT_OUT and exchange.method == "GET" and _SITE in headers:
            exchange = await self._as_anybody(asked, exchange, bounds)
        self.exchanges.append(exchange)
        return exchange, body

    async def _as_anybody(self, asked: Exchange, refused: Exchange, bounds: Bounds) -> Exchange:
        """`refused`, an answer to a page of another site, with the true cause: what anybody else is answered tells it."""
        plain, _ = await wire.ask(self.client, asked, {}, bounds)
        if plain.status == 200:
            message = (
                f"the server answers {refused.status_line} to pages of other sites, and 200 to anybody else"
            )
            return replace(
                refused, failure=Failure(message, "answer the host's page too, whatever its Sec-Fetch-Site")
            )
        if plain.status in (0, refused.status):
            return refused
        return replace(refused, status=plain.status, reason=plain.reason, failure=plain.failure)

    def fail(self, failure: Failure) -> None:
        """Note that the last exchange leads no further."""
        self.exchanges[-1] = replace(self.exchanges[-1], failure=failure)


def _of_browser(origin: str) -> dict[str, str]:
    return {
        "Origin": origin,
        "Sec-Fetch-Dest": "empty",
        "Sec-Fetch-Mode": "cors",
        _SITE: "cross-site",
    }


def _origin_after(origin: str, url: str, target: str) -> str:
    """The Origin that a browser sends after a redirect: `null` once it has led from one foreign origin to another."""
    old, new = urlsplit(url), urlsplit(target)
    return origin and (origin if (old.scheme, old.netloc) == (new.scheme, new.netloc) else "null")
