"""One request on the wire, as bare as possible: no cookies, no credentials, no redirects, nothing kept.

An answer is bounded in time, in bytes as they come and in bytes as they are unpacked.
"""

from __future__ import annotations

import asyncio
import ssl
import time
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from socket import SOCK_STREAM
from typing import cast
from urllib.request import getproxies, proxy_bypass

import httpx

from plugcli import __version__
from plugcli.address import address
from plugcli.fetch.bounds import has_password, is_public
from plugcli.fetch.failure import Unanswered, failure_of
from plugcli.live import Exchange, Failure

_AGENT = {"User-Agent": f"plugcli/{__version__}", "Accept": "*/*", "Accept-Encoding": "gzip"}
_MOST_ADDRESSES = 4  # of one name
_MOST_CHARACTERS = 300  # of a header that is kept


@dataclass(frozen=True)
class Bounds:
    """How long an exchange may take, until the `deadline` of the event loop's clock, and how many bytes it may bring."""

    deadline: float
    wall_seconds: float
    most_bytes: int


@dataclass
class Wire:
    """Sends requests. `must_be_public` is set by the first answer from a public address, and then never unset."""

    must_be_public: bool | None = None

    async def ask(
        self, asked: Exchange, headers: Mapping[str, str], bounds: Bounds
    ) -> tuple[Exchange, bytes]:
        """Send the request of `asked`; the same with what came, and the body of a 200. Raises nothing."""
        begun = time.monotonic()
        body = b""
        failure = None
        try:
            netloc = httpx.URL(asked.url).netloc.decode()
        except (httpx.InvalidURL, ValueError):
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
                        body = await _body(response, bounds.most_bytes)
        except TimeoutError:
            failure = _too_late(asked, bounds.wall_seconds)
        except Unanswered as unanswered:
            failure = unanswered.failure
        except (httpx.HTTPError, OSError, ssl.SSLError) as error:
            failure = failure_of(error, netloc)
        if failure is None and asked.method == "GET" and asked.status != 200 and not asked.is_redirect:
            failure = Failure(
                f"the server answers {asked.status_line}", "it must answer 200 without asking who you are"
            )
        return replace(asked, failure=failure, seconds=round(time.monotonic() - begun, 3)), body

    @asynccontextmanager
    async def _answer(self, asked: Exchange, headers: Mapping[str, str]) -> AsyncIterator[httpx.Response]:
        if has_password(asked.url):
            raise Unanswered(Failure("the address holds a user name or a password, and a host sends none"))
        url = httpx.URL(asked.url)
        proxy = _proxy(url)
        numbers = await _public_numbers(url) if self.must_be_public and proxy is None else [""]
        is_local = address(asked.url).is_local
        async with httpx.AsyncHTTPTransport(verify=_tls(is_local), proxy=proxy) as transport:
            response = await _first(transport, [_request(asked, url, number, headers) for number in numbers])
            try:
                if self.must_be_public is None:
                    self.must_be_public = proxy is None and is_public(_peer(response))
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


async def _public_numbers(url: httpx.URL) -> list[str]:
    """The addresses of a name, IPv4 first. Raises Unanswered unless all of them are public."""
    name = url.raw_host.decode()
    found = await asyncio.get_running_loop().getaddrinfo(name, url.port or 443, type=SOCK_STREAM)
    numbers = list(dict.fromkeys(str(each[4][0]) for each in found))
    inside = [number for number in numbers if not is_public(number)]
    if inside:
        message = f"{name} is {inside[0]}, in a private network, where no host goes"
        raise Unanswered(Failure(message, "serve it at a public address", "refused"))
    return sorted(numbers, key=lambda each: ":" in each)[:_MOST_ADDRESSES]


def _proxy(url: httpx.URL) -> str | None:
    """The proxy that the environment names for `url`. Raises Unanswered for one that we cannot use."""
    # A proxy cannot reach this machine's own servers.
    if address(str(url)).is_local or proxy_bypass(url.host):
        return None
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy:
        return None
    scheme, found, _ = proxy.partition("://")
    if not found:
        return f"http://{proxy}"
    if scheme not in ("http", "https"):
        raise Unanswered(
            Failure(f"the environment names a proxy of the kind {scheme}, which is not supported")
        )
    return proxy


@cache
def _tls(is_local: bool) -> ssl.SSLContext:
    context = httpx.create_ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # docs, production
    if is_local:
        context.load_default_certs()  # an author's own authority, which the author's browser knows
    return context


def _peer(response: httpx.Response) -> str:
    stream = response.extensions.get("network_stream")
    peer = stream.get_extra_info("server_addr") if stream is not None else None
    return str(peer[0]) if isinstance(peer, tuple) else ""


def _headers(response: httpx.Response) -> dict[str, str]:
    return {name.lower(): value[:_MOST_CHARACTERS] for name, value in response.headers.items()}


async def _body(response: httpx.Response, most_bytes: int) -> bytes:
    """The body, unpacked; no more of it at once than may come, so that a bomb stays packed."""
    inflater = _inflater(response.headers.get("content-encoding", "").strip().lower())
    data = bytearray()
    async for chunk in cast(httpx.AsyncByteStream, response.stream):
        data += chunk if inflater is None else _unpack(inflater, chunk, most_bytes + 1 - len(data))
        if len(data) > most_bytes:
            message = f"the answer is larger than {most_bytes // 1024 // 1024} MiB"
            raise Unanswered(Failure(message, kind="large"))
    if inflater is not None and not inflater.eof:
        raise Unanswered(Failure("the answer ends in the middle of its gzip"))
    return bytes(data)


def _inflater(encoding: str) -> zlib._Decompress | None:
    if encoding in ("", "identity"):
        return None
    if encoding not in ("gzip", "x-gzip"):
        message = f"the answer is sent as {encoding!r}, where only gzip was asked for"
        raise Unanswered(Failure(message, "heed Accept-Encoding"))
    return zlib.decompressobj(wbits=31)


def _unpack(inflater: zlib._Decompress, chunk: bytes, most_bytes: int) -> bytes:
    if inflater.eof and chunk:  # the inflater would hoard it
        raise Unanswered(Failure("the answer goes on after the end of its gzip"))
    try:
        return inflater.decompress(chunk, most_bytes)
    except zlib.error as error:
        raise Unanswered(Failure("the answer is said to be gzip, and is not")) from error


def _too_late(asked: Exchange, wall_seconds: float) -> Failure:
    what = (
        "no end of the answer"
        if asked.status
        else "no answer to OPTIONS"
        if asked.method == "OPTIONS"
        else "no answer"
    )
    return Failure(f"{what} within {wall_seconds:g} seconds", "the host gives up then: answer faster")
