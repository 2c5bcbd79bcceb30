"""`plugcli validate URL` of a server that means harm: in time, within the memory, a finding, and nothing given away."""

import asyncio
import gzip
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from plugcli.fetch import fetch_plugin
from tests.e2e.plugin_server import Answer, errors, plugin, server, validate, why_not

MIB = 1024 * 1024
MANIFEST_PATH = "/.well-known/ai-plugin.json"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def talking(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """Accept connections, read what is asked, and let `talk` do the rest until the other side hangs up."""
    talkers: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65536)
                talk(connection)
            except OSError:
                pass  # it has hung up, as it should

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                talkers.append(threading.Thread(target=serve, args=(connection,)))
                talkers[-1].start()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for each in (thread, *talkers):
                each.join(20)
                assert not each.is_alive(), "the connection was not closed"


# A new process starts with the peak of the one that it was split from (vfork): ours may have read a corpus, this one is small.
MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
"""


def peak_bytes(url: str) -> tuple[dict[str, object], int]:
    """What `validate URL` says, and the most memory that it had."""
    command = [sys.executable, "-m", "plugcli", "validate", "--format", "json", url]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *command], capture_output=True, text=True, timeout=60, check=True
    )
    (target,) = json.loads(done.stdout)["targets"]
    return target, int(done.stderr) * 1024


def drip(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.05)


def drip_headers(connection: socket.socket) -> None:
    connection.sendall(HEAD)
    while True:
        connection.sendall(b"X: y\r\n")
        time.sleep(0.05)


def informational(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 100)


@pytest.mark.parametrize("talk", [drip, drip_headers, informational])
def test_server_that_never_ends_is_left_in_time(talk: Callable[[socket.socket], None]) -> None:
    """The time is that of the whole: each byte on its own would come soon enough."""
    with talking(talk) as port:
        begun = time.monotonic()
        found = asyncio.run(fetch_plugin(f"http://127.0.0.1:{port}", wall_seconds=0.5))
        taken = time.monotonic() - begun
    assert "within 0.5 seconds" in why_not(found)
    assert taken < 10


def endless(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"\r\n")
    while True:
        connection.sendall(b" " * MIB)


def endless_header(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"X: ")
    while True:
        connection.sendall(b"y" * MIB)


def bomb(connection: socket.socket) -> None:
    """Half a gigabyte of spaces, in half a megabyte."""
    packed = gzip.compress(b" " * 64 * MIB, 9) * 8
    connection.sendall(HEAD + b"Content-Encoding: gzip\r\n\r\n" + packed)


def padded(connection: socket.socket) -> None:
    """Something small, and no end of what a lazy reader of gzip would keep."""
    connection.sendall(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"{}"))
    while True:
        connection.sendall(b"\x00" * MIB)


@pytest.mark.parametrize(
    ("talk", "cause"),
    [
        (padded, "goes on after the end of its gzip"),
        (endless, "the answer is larger than 32 MiB"),
        (bomb, "the answer is larger than 32 MiB"),
        (endless_header, "does not answer in HTTP"),
    ],
)
def test_answer_without_end_does_not_fill_the_memory(
    talk: Callable[[socket.socket], None], cause: str
) -> None:
    """What is packed counts unpacked."""
    with talking(talk) as port:
        target, peak = peak_bytes(f"http://127.0.0.1:{port}")
    assert cause in json.dumps(target)
    assert peak < 256 * MIB


@pytest.mark.parametrize(
    ("header", "body", "cause"),
    [
        ("gzip, gzip", gzip.compress(gzip.compress(b"{}")), "is sent as 'gzip, gzip'"),
        ("br", b"\x1b\x00", "is sent as 'br'"),
        ("gzip", b"{}", "is labelled gzip, but is not gzip"),
        ("gzip", gzip.compress(b"{}")[:-4], "ends in the middle of its gzip"),
    ],
)
def test_packing_that_was_not_asked_for_is_named(header: str, body: bytes, cause: str) -> None:
    """Each further layer of gzip would multiply a bomb by a thousand."""
    with server(lambda path, port: (200, {"Content-Encoding": header}, body)) as (port, _):
        _, target = validate(f"http://localhost:{port}")
    assert cause in json.dumps(target)


def test_gzip_is_unpacked() -> None:
    """Most servers pack what they are asked to."""

    def answer(path: str, port: int) -> Answer:
        status, headers, body = plugin()(path, port)
        return status, {**headers, "Content-Encoding": "gzip"}, gzip.compress(body)

    with server(answer) as (port, _):
        status, target = validate(f"http://localhost:{port}")
    assert (0, []) == (status, errors(target))


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        (b"", "closes the connection without an answer in HTTP"),
        (b"HTTP/1.1 abc\r\n\r\n", "does not answer in HTTP"),
        (b"HTTP/9.9 200 OK\r\n\r\n", "the file is empty"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "does not answer in HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", "does not answer in HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "does not answer in HTTP"),
        (b"HTTP/1.1 200 \xff\x1b[31m\r\n\r\n{", ""),
        (b"HTTP/1.1 302 Found\r\nLocation: \x1b]0;title\x07\xff\r\n\r\n", ""),
        (b"\x00" * 4096, ""),
    ],
)
def test_what_is_no_http_is_a_finding(said: bytes, cause: str) -> None:
    """Never a traceback, and never a byte of it raw on the terminal."""
    with talking(lambda connection: connection.sendall(said)) as port:
        for form in ("json", "text"):
            done = subprocess.run(
                [sys.executable, "-m", "plugcli", "validate", "--format", form, f"http://127.0.0.1:{port}"],
                capture_output=True,
                timeout=60,
                check=False,
            )
            assert (1, b"") == (done.returncode, done.stderr)
            assert cause.encode() in done.stdout
            assert b"\x1b" not in done.stdout


def test_nothing_is_kept_and_nothing_given_away() -> None:
    """A cookie that is set is not sent again, and neither is a password from a redirect."""
    log: list[tuple[str, dict[str, str]]] = []

    def answer(path: str, port: int) -> Answer:
        if path == MANIFEST_PATH:
            return 302, {"Location": "/moved/ai-plugin.json", "Set-Cookie": "a=b; Path=/"}, b""
        return plugin()(path.replace("/moved", "/.well-known"), port)

    with server(answer, log=log) as (port, _):
        status, _ = validate(f"http://localhost:{port}")
    assert 0 == status
    assert not any({"cookie", "authorization"} & headers.keys() for _, headers in log)


@pytest.mark.parametrize("query", ["", "?{{x}}"])
@pytest.mark.parametrize("member", ["api", "logo_url"])
def test_password_in_a_manifest_is_not_sent(member: str, query: str) -> None:
    """A host sends none; and it would be in the log of whoever is asked."""
    log: list[tuple[str, dict[str, str]]] = []

    def answer(path: str, port: int) -> Answer:
        url = f"http://user:secret@localhost:{port}/openapi.yaml{query}"
        return plugin(**{member: {"type": "openapi", "url": url} if member == "api" else url})(path, port)

    with server(answer, log=log) as (port, _):
        _, target = validate(f"http://localhost:{port}")
    is_asked = member == "api" or not query  # a logo that looks like a placeholder is left alone
    assert is_asked == ("the address contains a user name or a password" in json.dumps(target))
    assert not any("authorization" in headers for _, headers in log)


def test_password_in_the_target_is_a_mistake_of_usage() -> None:
    """The author hears of it before anybody is asked."""
    command = [sys.executable, "-m", "plugcli", "validate", "https://user:secret@todo.plugcli.dev"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert 2 == done.returncode
    assert "the address contains a user name or a password" in done.stderr
    assert "secret" not in done.stdout + done.stderr


def test_hanging_api_url_leaves_the_rest_judged() -> None:
    """What the manifest says is known by then."""
    stop = threading.Event()

    def answer(path: str, port: int) -> Answer:
        if path == "/openapi.yaml":
            stop.wait(20)
        return plugin()(path, port)

    with server(answer) as (port, _):
        found = asyncio.run(fetch_plugin(f"http://localhost:{port}", wall_seconds=1))
        stop.set()
    assert found.manifest is not None
    assert found.live is not None
    openapi, logo = found.live.last("openapi"), found.live.last("logo")
    assert openapi is not None
    assert openapi.failure is not None
    assert "no answer within 1 seconds" == openapi.failure.message
    assert logo is not None
    assert logo.picture is not None
