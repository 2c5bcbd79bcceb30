"""One bounded outbound exchange, with real servers on this machine: what is sent, what comes back, and where nobody is sent."""

import asyncio
import gzip
import itertools
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, TypeVar

import pytest

from plugcli.web.client import Bounds, Client, Reach, Response
from plugcli.web.failure import Failure, Unanswered
from plugcli.web.redirect import anywhere, same_origin
from tests.e2e.certificates import certificate, tls
from tests.e2e.plugin_server import Listener, server

Answer = TypeVar("Answer")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in the environment of the tests is not what they are about."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@dataclass
class Seen:
    """What a server has seen: its connections, and each request's line, headers and body."""

    port: int = 0
    connections: int = 0
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def lines(self) -> list[str]:
        return [line for line, _, _ in self.requests]


@contextmanager
def echo(
    redirects: dict[str, tuple[int, str]] | None = None, *, tls: ssl.SSLContext | None = None
) -> Iterator[Seen]:
    """A server of HTTP/1.1 that keeps connections open and answers with the body it was sent, or with one of `redirects`."""
    seen = Seen()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            seen.connections += 1

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen.requests.append((f"{self.command} {self.path}", headers, body))
            status, location = (redirects or {}).get(self.path, (200, ""))
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    class Patient(Listener):
        request_queue_size = 64  # a queue of 5 is too short for many exchanges at once

    listener = Patient("127.0.0.1", Handler)
    if tls is not None:
        listener.socket = tls.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
    seen.port = listener.server_port
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield seen
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


def exchange(ask: Callable[[Client], Awaitable[Answer]], reach: Reach = "anywhere") -> Answer:
    """What `ask` brings, with a client that may go as far as `reach`."""

    async def run() -> Answer:
        async with Client(reach) as client:
            return await ask(client)

    return asyncio.run(run())


def failure_of(ask: Callable[[Client], Awaitable[object]], reach: Reach = "anywhere") -> Failure:
    """Why `ask` got no answer."""
    with pytest.raises(Unanswered) as error:
        exchange(ask, reach)
    return error.value.failure


def bounds(seconds: float = 30, most_bytes: int = 1000) -> Bounds:
    return Bounds.from_now(seconds, most_bytes)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_body_and_headers_reach_the_server(method: str) -> None:
    """A call of an operation is any method with a body of any media type."""
    sent = [("Content-Type", "application/json"), ("X-Trace", "1"), ("User-Agent", "mine")]
    with echo() as seen:
        response, body = exchange(
            lambda client: client.ask(
                method, f"{seen.url}/things?a=1", bounds(), headers=sent, body=b'{"a": 1}'
            )
        )
    assert (200, b'{"a": 1}') == (response.status, body)
    ((line, headers, received),) = seen.requests
    assert (f"{method} /things?a=1", b'{"a": 1}') == (line, received)
    expected = {
        "content-type": "application/json",
        "x-trace": "1",
        "user-agent": "mine",
        "content-length": "8",
    }
    assert expected == {name: headers[name] for name in expected}


@pytest.mark.parametrize(
    "name", ["Host", "content-length", "Transfer-Encoding", "Connection", "Accept-Encoding"]
)
def test_header_that_would_make_another_message_is_not_sent(name: str) -> None:
    """Two lengths, or another host than the one that was judged: smuggling begins there."""
    with echo() as seen, pytest.raises(ValueError, match="a caller may not set these headers"):
        exchange(lambda client: client.ask("GET", seen.url, bounds(), headers=[(name, "x")]))
    assert [] == seen.requests


def test_line_break_in_a_header_is_refused() -> None:
    """It would be a header, or a request, of somebody else's."""
    with echo() as seen:
        found = failure_of(
            lambda client: client.ask("GET", seen.url, bounds(), headers=[("X-A", "1\r\nX-B: 2")])
        )
    assert "cannot be asked" in found.message
    assert [] == seen.requests


def test_two_exchanges_share_one_connection() -> None:
    """A handshake for each call of a chat would cost more than the call."""

    async def twice(client: Client) -> None:
        for _ in range(2):
            await client.ask("POST", seen.url, bounds(), body=b"x")

    with echo() as seen:
        exchange(twice)
    assert (2, 1) == (len(seen.requests), seen.connections)


def test_client_that_keeps_no_connections_opens_one_for_each_exchange() -> None:
    """As hosts do that load a plugin now and then."""

    async def run() -> None:
        async with Client("anywhere", keeps_connections=False) as client:
            for _ in range(2):
                await client.ask("GET", seen.url, bounds())

    with echo() as seen:
        asyncio.run(run())
    assert (2, 2) == (len(seen.requests), seen.connections)


def test_connection_is_not_shared_by_two_names(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both names have one address; the certificate was checked for the first, and says nothing of the second."""
    own = certificate(tmp_path / "own", "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(own))

    async def run(port: int) -> Failure:
        from plugcli.web.route import tls as trusted

        trusted.cache_clear()
        async with Client("anywhere") as client:
            for _ in range(2):  # the connection is kept
                await client.ask("GET", f"https://localhost:{port}", bounds())
            with pytest.raises(Unanswered) as error:
                await client.ask("GET", f"https://other.localhost:{port}", bounds())
        trusted.cache_clear()
        return error.value.failure

    with echo(tls=tls(own)) as seen:
        failure = asyncio.run(run(seen.port))
    assert "certificate" == failure.kind
    assert ["localhost"] * 2 == [headers["host"].split(":")[0] for _, headers, _ in seen.requests]


def test_body_larger_than_the_bound_is_not_read() -> None:
    """A stream must not fill the memory, nor what unpacks to a stream."""
    with server(lambda path, port: (200, {}, b"x" * 1001)) as (port, _):
        found = failure_of(lambda client: client.ask("GET", f"http://127.0.0.1:{port}", bounds()))
    assert ("large", "the answer is larger than 1,000 bytes") == (found.kind, found.message)


def test_bomb_stays_packed() -> None:
    """A thousand bytes of gzip are a megabyte of zeros."""
    packed = gzip.compress(bytes(1_000_000))
    assert len(packed) < 2000
    with server(lambda path, port: (200, {"Content-Encoding": "gzip"}, packed)) as (port, _):
        found = failure_of(lambda client: client.ask("GET", f"http://127.0.0.1:{port}", bounds()))
    assert "large" == found.kind


def test_body_of_exactly_the_bound_is_read() -> None:
    """The bound is what may come, not what may not."""
    with server(lambda path, port: (200, {}, b"x" * 1000)) as (port, _):
        _, body = exchange(lambda client: client.ask("GET", f"http://127.0.0.1:{port}", bounds()))
    assert 1000 == len(body)


@contextmanager
def dripping(count: int) -> Iterator[tuple[int, threading.Event]]:
    """Send the head of an answer and one byte; each further one of `count` when the event is set, and then nothing more."""
    more = threading.Event()
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def talk() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n0")
                for number in range(1, count):
                    more.wait(30)
                    more.clear()
                    connection.sendall(str(number).encode())
                ended.wait(30)

        thread = threading.Thread(target=talk)
        thread.start()
        try:
            yield listener.getsockname()[1], more
        finally:
            more.set()
            ended.set()
            thread.join()


def test_stream_is_read_as_it_comes() -> None:
    """A model's words are shown before the last one is known."""

    async def first_three(client: Client) -> list[bytes]:
        seen = []
        async with client.stream("POST", f"http://127.0.0.1:{port}", bounds(), body=b"x") as response:
            async for chunk in response.chunks():
                seen.append(chunk)
                if len(seen) == 3:
                    break
                more.set()  # the server says nothing more before this
        return seen

    with dripping(3) as (port, more):
        assert [b"0", b"1", b"2"] == exchange(first_three)


def test_slow_stream_ends_in_time() -> None:
    """The time is for the whole answer: its head, and any byte of it, came soon enough."""
    with dripping(1) as (port, _):
        begun = time.monotonic()
        found = failure_of(lambda client: client.ask("GET", f"http://127.0.0.1:{port}", bounds(0.5)))
        taken = time.monotonic() - begun
    assert ("late", "no end of the answer within 0.5 seconds") == (found.kind, found.message)
    assert taken < 10


def test_error_of_the_reader_is_not_taken_for_one_of_the_server() -> None:
    """What a caller raises while it reads is the caller's."""

    async def raising(client: Client) -> None:
        async with client.stream("GET", seen.url, bounds()):
            raise OSError("the disk is full")

    with echo() as seen, pytest.raises(OSError, match="the disk is full"):
        exchange(raising)


def test_nothing_that_listens_is_named() -> None:
    """The commonest cause deserves its own sentence."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    found = failure_of(lambda client: client.ask("GET", f"http://localhost:{port}", bounds()))
    assert "nobody" == found.kind
    assert f"nothing listens at localhost:{port}, neither on 127.0.0.1 nor on ::1" == found.message


def test_redirect_is_an_answer_unless_it_is_followed() -> None:
    """A caller that follows says so."""
    with echo({"/": (302, "/next")}) as seen:
        response, _ = exchange(lambda client: client.ask("GET", f"{seen.url}/", bounds()))
        followed, _ = exchange(lambda client: client.ask("GET", f"{seen.url}/", bounds(), follow=same_origin))
    assert (302, f"{seen.url}/") == (response.status, response.url)
    assert (200, f"{seen.url}/next") == (followed.status, followed.url)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (301, ("GET /next", b"")),
        (302, ("GET /next", b"")),
        (303, ("GET /next", b"")),
        (307, ("POST /next", b"x")),
        (308, ("POST /next", b"x")),
    ],
)
def test_redirect_of_a_post_is_that_of_the_fetch_standard(status: int, expected: tuple[str, bytes]) -> None:
    """A body is sent again only where the server asks for the same request."""
    with echo({"/": (status, "/next")}) as seen:
        exchange(lambda client: client.ask("POST", f"{seen.url}/", bounds(), body=b"x", follow=same_origin))
    line, headers, body = seen.requests[-1]
    assert expected == (line, body)
    assert (status in (307, 308)) == ("content-length" in headers)


def test_redirect_to_another_origin_is_not_followed_by_a_caller_of_one() -> None:
    """A call goes to the plugin's own origin, and its credentials with it."""
    with echo() as other, echo({"/": (307, f"{other.url}/")}) as seen:
        found = failure_of(
            lambda client: client.ask("POST", f"{seen.url}/", bounds(), body=b"x", follow=same_origin)
        )
    assert "redirect" == found.kind
    assert [] == other.requests


def test_secrets_do_not_follow_a_redirect_to_another_origin() -> None:
    """A token is for the origin that it was given for, under whatever name it is sent."""
    secret = [("Authorization", "Bearer x"), ("X-Api-Key", "x"), ("Cookie", "x"), ("Accept", "text/html")]
    with echo() as other, echo({"/": (302, f"{other.url}/")}) as seen:
        exchange(lambda client: client.ask("GET", f"{seen.url}/", bounds(), headers=secret, follow=anywhere))
    assert "Bearer x" == seen.requests[0][1]["authorization"]
    ((_, headers, _),) = other.requests
    assert "text/html" == headers["accept"]
    assert not {"authorization", "x-api-key", "cookie"} & headers.keys()


def test_endless_redirects_end() -> None:
    """A circle is a common slip."""
    with echo({"/": (302, "/")}) as seen:
        found = failure_of(lambda client: client.ask("GET", f"{seen.url}/", bounds(), follow=anywhere))
    assert "more than 5 redirects" == found.message
    assert 6 == len(seen.requests)


@pytest.mark.parametrize(
    ("reach", "inside"),
    [
        *itertools.product(["public", "as-first"], ["127.0.0.1", "localhost", "[::1]"]),
        *(("public", each) for each in ("2130706433", "0x7f.1", "10.0.0.1", "printer")),  # through the proxy
    ],
)
def test_redirect_to_a_private_address_is_refused(
    reach: Reach, inside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger's page must not make us ask the user's own machine. The stranger answers through a proxy here."""
    with echo() as inner:
        target = f"http://{inside}:{inner.port}/secret"
        with server(lambda url, port: (302, {"Location": target}, b""), cors={}, is_proxy=True) as (
            port,
            asked,
        ):
            monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
            found = failure_of(
                lambda client: client.ask("GET", "http://shop.plugcli.dev/", bounds(), follow=anywhere), reach
            )
    assert "private" == found.kind
    assert [] == inner.requests
    assert ["http://shop.plugcli.dev/"] == asked


@pytest.mark.parametrize("numbers", [["127.0.0.1"], ["10.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["fe80::1"]])
def test_name_that_resolves_to_a_private_address_is_refused(
    numbers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody can give a name of theirs such an address; one among several is enough."""
    looked_up = []

    def resolve(host: str, port: int, *arguments: Any, **options: Any) -> list[Any]:
        looked_up.append(host)
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in numbers
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with echo() as seen:
        found = failure_of(
            lambda client: client.ask("GET", f"http://inside.plugcli.dev:{seen.port}/", bounds()), "public"
        )
    assert "private" == found.kind
    assert f"inside.plugcli.dev resolves to {numbers[-1]}, which is in a private network" == found.message
    assert [] == seen.requests
    assert ["inside.plugcli.dev"] == looked_up


@pytest.mark.parametrize("name", ["localhost", "127.1", "2130706433", "[::ffff:127.0.0.1]", "[::1]"])
def test_own_machine_is_not_public(name: str) -> None:
    """The control is beside it: the same server answers whoever may go anywhere."""
    with echo() as seen:
        found = failure_of(
            lambda client: client.ask("GET", f"http://{name}:{seen.port}/", bounds()), "public"
        )
        response, _ = exchange(lambda client: client.ask("GET", f"{seen.url}/", bounds()))
    assert ("private", 200) == (found.kind, response.status)
    assert ["GET /"] == seen.lines


@pytest.mark.parametrize("url", ["http://ada:secret@127.0.0.1:{}/", "http://@127.0.0.1:{}/"])
def test_password_in_an_address_is_not_sent(url: str) -> None:
    """It would end in logs, here and there."""
    with echo() as seen:
        found = failure_of(lambda client: client.ask("GET", url.format(seen.port), bounds()))
    assert ("credentials", []) == (found.kind, seen.requests)


@pytest.mark.parametrize("url", ["http://[", "http://127.0.0.1:99999/", "", "ftp://127.0.0.1/", "nonsense"])
def test_text_that_is_no_address_is_a_failure_and_no_traceback(url: str) -> None:
    """Addresses come from documents of strangers."""
    assert failure_of(lambda client: client.ask("GET", url, bounds())).message


def test_many_exchanges_at_once_have_their_own_answers() -> None:
    """A chat calls several operations in one turn."""

    async def many(client: Client) -> list[tuple[Response, bytes]]:
        asked = (client.ask("POST", seen.url, bounds(), body=str(number).encode()) for number in range(40))
        return await asyncio.gather(*asked)

    with echo() as seen:
        found = exchange(many)
    assert [str(number).encode() for number in range(40)] == [body for _, body in found]


def test_no_more_origins_are_kept_than_the_pool_holds() -> None:
    """Who browses meets thousands of servers, and each open connection is a descriptor."""

    async def visit(client: Client) -> int:
        for number in range(40):
            await client.ask("GET", f"http://s{number}.localhost:{seen.port}/", bounds())
        return len(client._pool._kept)

    with echo() as seen:
        assert exchange(visit) <= 16
    assert 40 == len(seen.requests)
