"""Where a request ends: a server behind a tunnel must not find a second request in the body of the first (request smuggling)."""

import json
import re
import socket
from collections.abc import Iterator

import pytest

from tests.e2e.serving import Server, serving

INNER = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
JSON_TYPE = b"Content-Type: application/json\r\n"
CALL = b'{"code":"1"}'
HEAD = b"POST /execute HTTP/1.1\r\nHost: localhost\r\n" + JSON_TYPE
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNK = b"c\r\n" + CALL + b"\r\n"
LENGTH = b"Content-Length: 12\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The built-in plugin, which takes JSON and uploads of every kind."""
    with serving(tmp_path_factory.mktemp("framing"), "--preload", "none") as running:
        yield running


def said(server: Server, *parts: bytes) -> bytes:
    """All that the server answers on one connection until it closes it. It must close within the deadline."""
    with socket.create_connection((server.host, server.port), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)
        data = b""
        while piece := _received(connection):
            data += piece
        return data


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except ConnectionResetError:  # closed with bytes of ours unread
        return b""


def statuses(data: bytes) -> list[int]:
    """The status of each answer in `data`."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", data)]


TWO_WAYS = {
    "both lengths": HEAD + CHUNKED + b"Content-Length: %d\r\n\r\n0\r\n\r\n" % (5 + len(INNER)),
    "both, the length first": HEAD + LENGTH + CHUNKED + b"\r\n" + CHUNK + b"0\r\n\r\n",
    "both, in a preflight": b"OPTIONS /execute HTTP/1.1\r\nHost: localhost\r\nOrigin: https://chatgpt.com\r\n"
    b"Access-Control-Request-Method: POST\r\n" + CHUNKED + LENGTH + b"\r\n0\r\n\r\n",
    "both, for a page": b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + CHUNKED + LENGTH + b"\r\n0\r\n\r\n",
    "both, for an upload": b"POST /files?name=x HTTP/1.1\r\nHost: localhost\r\n" + CHUNKED + LENGTH + b"\r\n0\r\n\r\n",
    "two lengths": HEAD + LENGTH + b"Content-Length: 0\r\n\r\n" + CALL,
    "the same length twice": HEAD + LENGTH * 2 + b"\r\n" + CALL,
    "list of lengths": HEAD + b"Content-Length: 12, 12\r\n\r\n" + CALL,
    "length with a sign": HEAD + b"Content-Length: +12\r\n\r\n" + CALL,
    "length below zero": HEAD + b"Content-Length: -1\r\n\r\n" + CALL,
    "length in hex": HEAD + b"Content-Length: 0xc\r\n\r\n" + CALL,
    "length with a space": HEAD + b"Content-Length: 1 2\r\n\r\n" + CALL,
    "length with an underscore": HEAD + b"Content-Length: 1_2\r\n\r\n" + CALL,
    "empty length": HEAD + b"Content-Length:\r\n\r\n" + CALL,
    "length of 100 digits": HEAD + b"Content-Length: " + b"9" * 100 + b"\r\n\r\n" + CALL,
    "two encodings": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNK + b"0\r\n\r\n",
    "gzip and chunked": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNK + b"0\r\n\r\n",
    "encoding twice": HEAD + CHUNKED * 2 + b"\r\n" + CHUNK + b"0\r\n\r\n",
    "other encoding": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNK + b"0\r\n\r\n",
    "quoted encoding": HEAD + b'Transfer-Encoding: "chunked"\r\n\r\n' + CHUNK + b"0\r\n\r\n",
    "empty encoding": HEAD + b"Transfer-Encoding:\r\n\r\n" + CHUNK + b"0\r\n\r\n",
    "vertical tab": HEAD + b"Transfer-Encoding:\x0bchunked\r\n\r\n" + CHUNK + b"0\r\n\r\n",
    "folded encoding": HEAD + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + CHUNK + b"0\r\n\r\n",
    "folded header": HEAD + b"X: a\r\n\tb\r\n" + LENGTH + b"\r\n" + CALL,
    "folded first header": b"POST /execute HTTP/1.1\r\n X: a\r\nHost: localhost\r\n" + LENGTH + b"\r\n" + CALL,
    "LF alone": HEAD + b"X: a\n" + LENGTH + b"\r\n" + CALL,
    "LF alone everywhere": (HEAD + LENGTH + b"\r\n").replace(b"\r\n", b"\n") + CALL,
    "CR alone": HEAD + b"X: a\rContent-Length: 12\r\n\r\n",
    "LF hides an encoding": HEAD + b"X: a\nTransfer-Encoding: chunked\r\n" + LENGTH + b"\r\n" + CALL,
    "NUL in a header": HEAD + b"X: a\x00b\r\n" + LENGTH + b"\r\n" + CALL,
    "NUL in a name": HEAD + b"X\x00: a\r\n" + LENGTH + b"\r\n" + CALL,
    "space before the colon": HEAD + b"Content-Length : 12\r\n\r\n" + CALL,
    "header without a colon": HEAD + b"Content-Length\r\n" + LENGTH + b"\r\n" + CALL,
    "header without a name": HEAD + b": 12\r\n" + LENGTH + b"\r\n" + CALL,
    "chunks in HTTP/1.0": HEAD.replace(b"1.1", b"1.0") + CHUNKED + b"\r\n" + CHUNK + b"0\r\n\r\n",
    "HTTP/0.9": b"GET /health\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "another version": b"GET /health HTTP/1.2\r\nHost: localhost\r\n\r\n",
    "two hosts": b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    "endless head": HEAD + b"X: " + b"x" * 40_000,
    "many headers": HEAD + b"X: x\r\n" * 10_000 + b"\r\n",
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "two content types": HEAD + b"Content-Type: text/plain\r\n" + LENGTH + b"\r\n" + CALL,
    "two conversations": HEAD + b"OpenAI-Conversation-Id: a\r\nOpenAI-Conversation-Id: b\r\n" + LENGTH + b"\r\n" + CALL,
    "chunk size with a sign": HEAD + CHUNKED + b"\r\n+" + CHUNK + b"0\r\n\r\n",
    "chunk size with 0x": HEAD + CHUNKED + b"\r\n0x" + CHUNK + b"0\r\n\r\n",
    "chunk size with a space": HEAD + CHUNKED + b"\r\n " + CHUNK + b"0\r\n\r\n",
    "chunk size of 30 digits": HEAD + CHUNKED + b"\r\n" + b"f" * 30 + b"\r\n" + CALL,
    "chunk that is longer than it says": HEAD + CHUNKED + b"\r\n5\r\n" + CALL + b"\r\n0\r\n\r\n",
    "LF behind a chunk's size": HEAD + CHUNKED + b"\r\nc\n" + CALL + b"\r\n0\r\n\r\n",
    "LF behind a chunk": HEAD + CHUNKED + b"\r\nc\r\n" + CALL + b"\n0\r\n\r\n",
    "LF for the last line": HEAD + CHUNKED + b"\r\n" + CHUNK + b"0\r\n\n",
    "CR in a chunk's extension": HEAD + CHUNKED + b"\r\nc;a\rb\r\n" + CALL + b"\r\n0\r\n\r\n",
    "LF in a chunk's extension": HEAD + CHUNKED + b"\r\nc;a\nb\r\n" + CALL + b"\r\n0\r\n\r\n",
    "LF in a trailer": HEAD + CHUNKED + b"\r\n" + CHUNK + b"0\r\nX: a\n\n",
    "trailer": HEAD + CHUNKED + b"\r\n" + CHUNK + b"0\r\nContent-Length: 5\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("request_bytes", TWO_WAYS.values(), ids=TWO_WAYS.keys())
@pytest.mark.parametrize("is_slow", [False, True], ids=["at once", "in pieces"])
def test_request_that_can_be_read_in_two_ways_is_400_and_the_end(
    server: Server, request_bytes: bytes, is_slow: bool
) -> None:
    """One answer in JSON, the connection closed, and what follows is nobody's request."""
    whole = request_bytes + INNER
    parts = [whole[at : at + 7] for at in range(0, len(whole), 7)] if is_slow else [whole]
    try:
        data = said(server, *parts)
    except (BrokenPipeError, ConnectionResetError):  # refused before we had sent all of it
        assert is_slow
        return
    assert [400] == statuses(data)
    head, _, body = data.partition(b"\r\n\r\n")
    assert b"connection: close" in head.lower()
    assert {"error", "hint"} == set(json.loads(body))
    assert "/smuggled" not in server.log()
    assert "Traceback" not in server.log()


ONE_WAY = {
    "length": HEAD + LENGTH + b"\r\n" + CALL,
    "length with zeros": HEAD + b"Content-Length: 0012\r\n\r\n" + CALL,
    "chunks": HEAD + CHUNKED + b"\r\n" + CHUNK + b"0\r\n\r\n",
    "small chunks": HEAD + CHUNKED + b"\r\n" + b"".join(b"1\r\n%c\r\n" % each for each in CALL) + b"0\r\n\r\n",
    "encoding in capitals": HEAD + b"TRANSFER-ENCODING: Chunked\r\n\r\n" + CHUNK + b"0\r\n\r\n",
    "extensions": HEAD + CHUNKED + b'\r\nc;name="value"\r\n' + CALL + b"\r\n0;last\r\n\r\n",
    "expectation": HEAD + LENGTH + b"Expect: nonsense\r\n\r\n" + CALL,
}  # fmt: skip


@pytest.mark.parametrize("request_bytes", ONE_WAY.values(), ids=ONE_WAY.keys())
@pytest.mark.parametrize("size", [1, 13, 65536])
def test_usual_request_is_answered_however_it_is_cut(server: Server, request_bytes: bytes, size: int) -> None:
    """Then the next on the connection is, too: the end was found where it is."""
    last = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    whole = request_bytes + last
    data = said(server, *(whole[at : at + size] for at in range(0, len(whole), size)))
    assert [200, 200] == statuses(data)


EARLY = {
    "too large": (HEAD + b"Content-Length: 99999999\r\n\r\n" + INNER, 413),
    "another type": (b"POST /execute HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 9999\r\n\r\n" + INNER, 415),
    "another host": (HEAD.replace(b"localhost", b"evil.example") + b"Content-Length: 9999\r\n\r\n" + INNER, 421),
    "another site": (HEAD + b"Origin: https://evil.example\r\nContent-Length: 9999\r\n\r\n" + INNER, 403),
    "another method": (b"PUT /files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n" + INNER, 405),
    "upload without a name": (b"POST /files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n" + INNER, 422),
    "upload in chunks": (b"POST /files HTTP/1.1\r\nHost: localhost\r\n" + CHUNKED + b"\r\n%x\r\n" % 9999 + INNER, 422),
    "endless chunk": (HEAD + CHUNKED + b"\r\nffffffffffffffff\r\n" + b"x" * (17 << 20), 413),
    "broken chunk behind it": (b"POST /files HTTP/1.1\r\nHost: localhost\r\n" + CHUNKED + b"\r\n1\r\nxx" + INNER, 422),
}  # fmt: skip


@pytest.mark.parametrize(("request_bytes", "status"), EARLY.values(), ids=EARLY.keys())
def test_body_of_a_refused_request_is_no_request(server: Server, request_bytes: bytes, status: int) -> None:
    """An answer that comes before the body must not make the body the next request."""
    try:
        data = said(server, request_bytes)
    except (BrokenPipeError, ConnectionResetError):
        data = b""
    assert statuses(data) in ([status], [400], [])
    assert "/smuggled" not in server.log()
    assert "Traceback" not in server.log()


def test_body_of_a_get_is_no_request(server: Server) -> None:
    """A page is answered without it, and the next request begins behind it."""
    first = b"GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(INNER) + INNER
    last = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert [200, 200] == statuses(said(server, first + last))
    assert "/smuggled" not in server.log()


@pytest.mark.parametrize("path", ["/files", "/execute", "/files/a.b/c", "/health", "/openapi.yaml"])
@pytest.mark.parametrize("mime", ["multipart/form-data; boundary=x", "text/plain", "application/json", ""])
def test_method_that_is_not_there_is_405_whatever_the_body(server: Server, path: str, mime: str) -> None:
    """The first thing that is wrong is the method, and Allow says which there are."""
    headers = {"Content-Type": mime} if mime else {}
    answer = server.call("TRACE", path, b"{}" if mime else None, headers)
    if path in ("/health", "/openapi.yaml") and mime in ("application/json", ""):
        assert answer.status in (404, 405)  # the plugin's own answer
        return
    assert 405 == answer.status
    allowed = {
        "/files": {"GET", "HEAD", "POST"},
        "/execute": {"POST"},
        "/files/a.b/c": {"GET", "HEAD", "DELETE"},
    }
    assert allowed.get(path, {"GET", "HEAD"}) == set(answer.headers["allow"].split(", "))
