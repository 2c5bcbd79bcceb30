"""One run: bounded requests in the order in which a host sends them, with their outcome kept as facts."""

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
# A server may refuse pages of other sites before it checks whether the document exists.
_KEPT_OUT = (401, 403)
_SITE = "Sec-Fetch-Site"
# The header that the host's page sends with every request to localhost; it makes the browser send a preflight first (client).
_HEADER = "content-type"


@dataclass
class Run:
    """The requests so far. Each part of a plugin may take `wall_seconds`, including its preflights and redirects."""

    wall_seconds: float
    client: Client
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def live(self) -> Exchanges:
        return Exchanges(tuple(self.exchanges))

    def bounds(self, most_bytes: int) -> Bounds:
        """The bounds of a part that starts now."""
        return Bounds.from_now(self.wall_seconds, most_bytes)

    async def document(
        self, part: Part, url: str, most_bytes: int, *, where: str = "", origin: str = ""
    ) -> tuple[bytes, str] | None:
        """The bytes at `url`, and the address after all redirects; None if there are none; the last exchange then says why.

        With `origin`, requests are sent as a browser sends them for a page of that origin.
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
        """Send the preflight with which a browser asks whether a page may send a request into the user's own network."""
        headers = _of_browser(asked.origin) | {
            "Access-Control-Request-Method": asked.wants_method,
            "Access-Control-Request-Headers": ",".join(asked.wants_headers),
            "Access-Control-Request-Private-Network": "true",
        }
        await self.ask(asked, headers, bounds)

    async def ask(self, asked: Exchange, headers: dict[str, str], bounds: Bounds) -> tuple[Exchange, bytes]:
        """Send one request and keep its outcome."""
        exchange, body = await wire.ask(self.client, asked, headers, bounds)
        if exchange.status in _KEPT_OUT and exchange.method == "GET" and _SITE in headers:
            exchange = await self._as_anybody(asked, exchange, bounds)
        self.exchanges.append(exchange)
        return exchange, body

    async def _as_anybody(self, asked: Exchange, refused: Exchange, bounds: Bounds) -> Exchange:
        """`refused`, the answer to a page of another site, with its true cause, which a plain request shows."""
        plain, _ = await wire.ask(self.client, asked, {}, bounds)
        if plain.status == 200:
            message = (
                f"the server answers {refused.status_line} to pages of other sites, and 200 to everybody else"
            )
            return replace(
                refused, failure=Failure(message, "answer the host's page too, whatever its Sec-Fetch-Site")
            )
        if plain.status in (0, refused.status):
            return refused
        return replace(refused, status=plain.status, reason=plain.reason, failure=plain.failure)

    def fail(self, failure: Failure) -> None:
        """Note that the last exchange cannot be used."""
        self.exchanges[-1] = replace(self.exchanges[-1], failure=failure)


def _of_browser(origin: str) -> dict[str, str]:
    return {
        "Origin": origin,
        "Sec-Fetch-Dest": "empty",
        "Sec-Fetch-Mode": "cors",
        _SITE: "cross-site",
    }


def _origin_after(origin: str, url: str, target: str) -> str:
    """The Origin that a browser sends after a redirect: `null` after a redirect from one foreign origin to another."""
    old, new = urlsplit(url), urlsplit(target)
    return origin and (origin if (old.scheme, old.netloc) == (new.scheme, new.netloc) else "null")
