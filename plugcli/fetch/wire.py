"""One request on the wire, as bare as possible: no cookies, no credentials, no redirects, nothing kept.

An answer is bounded in time, in bytes as they come and in bytes as they are unpacked.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import httpx

from plugcli import __version__
from plugcli.address import is_own_machine
from plugcli.exchange import Exchange, Failure
from plugcli.fetch.body import read_body
from plugcli.fetch.bounds import has_password, is_public
from plugcli.fetch.failure import Unanswered, failure_of
from plugcli.fetch.route import loopbacks, peer_of, proxy_for, public_numbers, tls, url_of, with_loopback

_AGENT = {"User-Agent": f"plugcli/{__version__}", "Accept": "*/*", "Accept-Encoding": "gzip"}
_MOST_CHARACTERS = 300  # of a header that is kept
_MOST_OF_LOCATION = 8000
_HINTS = {
    401: "it must answer 200 without asking who you are",
    403: "it must answer 200 without asking who you are",
    404: "serve it at this very address",
}
_ELSE = "it must answer 200: the server's log may say why it does not"


@dataclass(frozen=True)
class Bounds:
    """How long an exchange may take, until the `deadline` of the event loop's clock, and how many bytes it may bring."""

    deadline: float
    wall_seconds: float
    most_bytes: int


@dataclass
class Wire:
    """Sends requests. The first answer decides `must_be_public`: whether the plugin is, and leads nowhere else then."""

    must_be_public: bool | None = None

    async def ask(
        self, asked: Exchange, headers: Mapping[str, str], bounds: Bounds
    ) -> tuple[Exchange, bytes]:
        """Send the request of `asked`; the same with what came, and the body of a 200. Raises nothing."""
        begun = time.monotonic()
        body = b""
        failure = None
        try:
            netloc = url_of(asked.url).netloc.decode()
        except ValueError:
            return replace(asked, failure=Failure(f"{asked.url!r} is no address")), b""
        try:
            async with asyncio.timeout_at(bounds.deadline):
                async with self._answer(asked, headers) as response:
                    asked = replace(
                        asked,
                        status=response.status_code,
                        reason=response.reason_phrase[:_MOST_CHARACTERS],
                        headers=_headers(response),
                    )
                    if asked.method == "GET" and asked.status == 200:
                        body = await read_body(response, bounds.most_bytes)
        except TimeoutError:
            failure = _too_late(asked, bounds.wall_seconds)
        except Unanswered as unanswered:
            failure = unanswered.failure
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            failure = await with_loopback(failure_of(error, netloc), asked.url)
        if failure is None and asked.method == "GET" and asked.status != 200 and not asked.is_redirect:
            failure = Failure(f"the server answers {asked.status_line}", _HINTS.get(asked.status or 0, _ELSE))
        return replace(asked, failure=failure, seconds=round(time.monotonic() - begun, 3)), body

    def is_direct(self, url: str) -> bool:
        """Whether no proxy stands between us and `url`, so that we know whom we ask."""
        try:
            return proxy_for(url_of(url)) is None
        except (ValueError, Unanswered):
            return False

    @asynccontextmanager
    async def _answer(self, asked: Exchange, headers: Mapping[str, str]) -> AsyncIterator[httpx.Response]:
        if has_password(asked.url):
            raise Unanswered(Failure("the address holds a user name or a password, and a host sends none"))
        url = httpx.URL(asked.url)
        proxy = proxy_for(url)
        numbers = await public_numbers(url) if self.must_be_public and proxy is None else loopbacks(url)
        is_local = is_own_machine(url.host)
        async with httpx.AsyncHTTPTransport(verify=tls(is_local), proxy=proxy) as transport:
            response = await _first(transport, [_request(asked, url, number, headers) for number in numbers])
            try:
                if self.must_be_public is None:
                    # Where a proxy leads nobody knows here: what goes beside it must be public.
                    self.must_be_public = proxy is not None or is_public(peer_of(response))
                yield response
            finally:
                await response.aclose()


def _request(asked: Exchange, url: httpx.URL, number: str, headers: Mapping[str, str]) -> httpx.Request:
    """The request, to the address `number` where the name may not be looked up again."""
    sent = {"Host": url.netloc.decode(), **_AGENT, **headers}
    if not number:
        return httpx.Request(asked.method, url, headers=sent)
    # Certificates are checked against the name, not against the number.
    name = {"sni_hostname": url.raw_host.decode()}
    return httpx.Request(asked.method, url.copy_with(host=number), headers=sent, extensions=name)


async def _first(transport: httpx.AsyncHTTPTransport, requests: list[httpx.Request]) -> httpx.Response:
    for request in requests[:-1]:
        try:
            return await transport.handle_async_request(request)
        except httpx.ConnectError:
            continue
    return await transport.handle_async_request(requests[-1])


def _headers(response: httpx.Response) -> dict[str, str]:
    return {
        name.lower(): value[: _MOST_OF_LOCATION if name.lower() == "location" else _MOST_CHARACTERS]
        for name, value in response.headers.items()
    }


def _too_late(asked: Exchange, wall_seconds: float) -> Failure:
    what = "no answer" if not asked.status else "no end of the answer"
    if not asked.status and asked.method == "OPTIONS":
        what = "no answer to OPTIONS"
    return Failure(f"{what} within {wall_seconds:g} seconds", "the host gives up then: answer faster")
