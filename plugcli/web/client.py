"""Send requests to HTTP servers: any method, a body if needed, and an answer that is read as it comes.

No cookies are sent, no credentials that the caller did not give, and no redirects are followed unless the caller asks for it. Every answer
is bounded in time, in bytes as they come and in bytes as they are unpacked. A caller sets how far requests may go (`Reach`); that holds for
every address, whoever named it, and for every redirect. A name is looked up once, and only the address found is asked, so a name that
changes its address in between (DNS rebinding) gains nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Literal, Self

import httpx

from plugcli import __version__
from plugcli.internet import is_public
from plugcli.web.body import unpacked
from plugcli.web.failure import Failure, Unanswered, failure_of
from plugcli.web.pool import Pool
from plugcli.web.redirect import (
    MOST_REDIRECTS,
    STATUSES,
    Follow,
    Headers,
    after_redirect,
    same_origin,
    target_of,
)
from plugcli.web.route import (
    check_public_name,
    has_password,
    loopbacks,
    peer_of,
    proxy_for,
    public_numbers,
    url_of,
    with_loopback,
)

Reach = Literal["anywhere", "public", "as-first"]
"""Which servers a client may ask: any, for addresses that its user gave; only public addresses; or, once a public address has
answered, only public addresses."""

_AGENT = (("User-Agent", f"plugcli/{__version__}"), ("Accept", "*/*"))
# These describe how the message is sent. A caller's value could turn it into a different message.
_OURS = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding"})
_ERRORS = (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError)


@dataclass(frozen=True)
class Bounds:
    """How long an exchange may take, until the `deadline` of the event loop's clock, and how many bytes it may bring.

    The time covers everything: redirects, and the answer to its end.
    """

    deadline: float
    wall_seconds: float
    most_bytes: int

    @classmethod
    def from_now(cls, wall_seconds: float, most_bytes: int) -> Self:
        """The bounds of an exchange that begins now."""
        return cls(asyncio.get_running_loop().time() + wall_seconds, wall_seconds, most_bytes)


@dataclass(frozen=True)
class Response:
    """The head of an answer, and its body as long as the exchange is open.

    `url` is where it came from, after redirects. Names in `headers` are in lower case; a header that came twice is joined by a comma.
    """

    url: str
    status: int
    reason: str
    headers: Mapping[str, str]
    _response: httpx.Response
    _most_bytes: int

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes, unpacked. Raises Unanswered if it breaks off or exceeds the bounds."""
        try:
            async for chunk in unpacked(self._response, self._most_bytes):
                yield chunk
        except _ERRORS as error:
            raise Unanswered(failure_of(error, url_of(self.url).netloc.decode())) from error

    async def read(self) -> bytes:
        """The whole body. Raises Unanswered as `chunks`."""
        return b"".join([chunk async for chunk in self.chunks()])


class Client:
    """Asks servers, one exchange after another or several at once, over connections that it keeps until it is closed."""

    def __init__(self, reach: Reach, *, keeps_connections: bool = True) -> None:
        self.must_be_public: bool | None = {"anywhere": False, "public": True, "as-first": None}[reach]
        """Whether only public addresses may be asked; None until the first answer decides it."""
        self._reach = reach
        self._pool = Pool(keeps_connections=keeps_connections)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._pool.aclose()

    async def ask(
        self,
        method: str,
        url: str,
        bounds: Bounds,
        *,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes | None = None,
        follow: Follow | None = None,
    ) -> tuple[Response, bytes]:
        """Send a request; return the answer and its whole body. Raises Unanswered as `stream`."""
        async with self.stream(method, url, bounds, headers=headers, body=body, follow=follow) as response:
            return response, await response.read()

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        bounds: Bounds,
        *,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes | None = None,
        follow: Follow | None = None,
    ) -> AsyncIterator[Response]:
        """Send a request and yield the answer, whose body is read while the block runs. The time limit covers the block, too.

        Without `follow`, a redirect is an answer like any other; with it, the redirects that it allows are followed. Raises Unanswered
        if no answer comes, or none may be requested, and ValueError for a header that the caller may not set.
        """
        sent = tuple(headers)
        if taken := [name for name, _ in sent if name.lower() in _OURS]:
            raise ValueError(f"a caller may not set these headers: {', '.join(taken)}")
        is_heard = False
        try:
            async with asyncio.timeout_at(bounds.deadline) as limit, AsyncExitStack() as stack:
                found = await self._answer(stack, method, url, sent, body, follow, bounds)
                is_heard = True
                yield found
        except TimeoutError as error:
            if not limit.expired():
                raise
            what = "no end of the answer" if is_heard else "no answer"
            raise Unanswered(
                Failure(f"{what} within {bounds.wall_seconds:g} seconds", kind="late")
            ) from error
        except _Unreached as error:
            raise Unanswered(await with_loopback(error.failure, error.url)) from error

    async def _answer(
        self,
        stack: AsyncExitStack,
        method: str,
        url: str,
        headers: Headers,
        body: bytes | None,
        follow: Follow | None,
        bounds: Bounds,
    ) -> Response:
        """The answer at the end of all redirects; `stack` keeps it open."""
        for _ in range(MOST_REDIRECTS + 1):
            async with AsyncExitStack() as this:
                found = await this.enter_async_context(self._one(method, url, headers, body))
                if follow is None or found.status_code not in STATUSES:
                    stack.push_async_exit(this.pop_all())
                    joined = {name.lower(): value for name, value in found.headers.items()}
                    return Response(
                        url, found.status_code, found.reason_phrase, joined, found, bounds.most_bytes
                    )
            target = target_of(url, found.headers.get("location", ""), follow)
            is_same_origin = same_origin(url, target)
            method, headers, body = after_redirect(
                found.status_code, method, headers, body, is_same_origin=is_same_origin
            )
            url = target
        raise Unanswered(Failure(f"more than {MOST_REDIRECTS} redirects", kind="redirect"))

    @asynccontextmanager
    async def _one(
        self, method: str, text: str, headers: Headers, body: bytes | None
    ) -> AsyncIterator[httpx.Response]:
        """One request and the head of its answer, which is closed after the block."""
        url = _checked(text)
        async with AsyncExitStack() as stack:
            try:
                proxy = proxy_for(url)
                numbers = await self._numbers(url, proxy)
                transport = await stack.enter_async_context(self._pool.transport(url, proxy))
                requests = [_request(method, url, number, headers, body) for number in numbers]
                response = await _first(transport, requests)
            except _ERRORS as error:
                raise _Unreached(failure_of(error, url.netloc.decode()), text) from error
            stack.push_async_callback(response.aclose)
            if self.must_be_public is None:
                # It is not known here where a proxy leads, so anything that does not use it must be public.
                self.must_be_public = proxy is not None or is_public(peer_of(response))
            yield response

    async def _numbers(self, url: httpx.URL, proxy: str | None) -> list[str]:
        """The addresses to ask for `url`; an empty one stands for its name. Raises Unanswered if we may not ask."""
        if self.must_be_public and proxy is None:
            return await public_numbers(url)
        if self._reach == "public":
            check_public_name(url)
        return loopbacks(url)


class _Unreached(Exception):
    """The server at `url` could not be asked at all."""

    def __init__(self, failure: Failure, url: str) -> None:
        super().__init__(failure.message)
        self.failure, self.url = failure, url


def _checked(text: str) -> httpx.URL:
    """The URL `text`. Raises Unanswered if it cannot be asked."""
    try:
        if has_password(text):
            raise Unanswered(Failure("the address contains a user name or a password", kind="credentials"))
        url = url_of(text)
        _ = url.netloc.decode()
    except ValueError as error:
        raise Unanswered(Failure(f"{text!r} is not a valid URL")) from error
    return url


def _request(method: str, url: httpx.URL, number: str, headers: Headers, body: bytes | None) -> httpx.Request:
    """The request, to the address `number` unless that is empty, so that the name is not looked up again."""
    given = {name.lower() for name, _ in headers}
    agent = [(name, value) for name, value in _AGENT if name.lower() not in given]
    every = [("Host", url.netloc.decode()), *agent, ("Accept-Encoding", "gzip"), *headers]
    if not number:
        return httpx.Request(method, url, headers=every, content=body)
    # Certificates are checked against the name, not against the number.
    name = {"sni_hostname": url.raw_host.decode()}
    return httpx.Request(method, url.copy_with(host=number), headers=every, content=body, extensions=name)


async def _first(transport: httpx.AsyncHTTPTransport, requests: list[httpx.Request]) -> httpx.Response:
    """The answer of the first address that can be connected to."""
    for request in requests[:-1]:
        try:
            return await transport.handle_async_request(request)
        except httpx.ConnectError:
            continue
    return await transport.handle_async_request(requests[-1])
