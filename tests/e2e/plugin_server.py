"""Real servers on this machine for the tests of `validate URL`: the good plugin, and whatever is wrong with it."""

import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from plugcli.plugin import Plugin

GOOD = Path(__file__).parents[1] / "contract" / "rules" / "manifest-syntax" / "good-json"
MANIFEST = json.loads((GOOD / ".well-known/ai-plugin.json").read_text())
OPENAPI = (GOOD / "openapi.yaml").read_text()
LOGO = (Path(__file__).parents[2] / "templates/todo/logo.png").read_bytes()
Answer = tuple[int, Mapping[str, str], bytes]


PAGE = "https://chat.openai.com"
CORS = {
    "Access-Control-Allow-Origin": PAGE,
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Allow-Headers": "content-type, openai-conversation-id, openai-ephemeral-user-id",
    "Access-Control-Allow-Private-Network": "true",
}
CORS_OF_HOST = (
    "Failed to fetch localhost manifest. Check to ensure your localhost is running "
    "and your localhost server has CORS enabled."
)


class Listener(ThreadingHTTPServer):
    """A server whose clients may go away at any time: that is what some tests are about."""

    def __init__(self, number: str, handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in number else socket.AF_INET
        super().__init__((number, 0), handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@contextmanager
def server(
    answer: Callable[[str, int], Answer],
    *,
    cors: Mapping[str, str] = CORS,
    preflight: Callable[[str], Answer] | None = None,
    tls: ssl.SSLContext | None = None,
    is_proxy: bool = False,
    log: list[tuple[str, dict[str, str]]] | None = None,
    number: str = "127.0.0.1",
) -> Iterator[tuple[int, list[str]]]:
    """Serve `answer(path, port)` on a port of this machine; yields the port and the paths that were asked for by GET.

    It listens at the address `number`. All answers carry `cors`; preflights get it with a 204, or what
    `preflight(path)` says. `log` gets every request
    line with the headers, whose names are in lower case.

    As a proxy it is asked for whole addresses: `answer` gets those, also of what comes through a tunnel, which ends in
    a server with `tls`.
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        tunnel = ""

        def do_GET(self) -> None:
            self.note()
            url = self.tunnel + self.path
            asked.append(url)
            status, headers, body = answer(url, listener.server_port)
            self.say(status, {**cors, **headers}, body)

        def do_CONNECT(self) -> None:
            assert tls is not None
            self.send_response_only(200)
            self.end_headers()
            self.tunnel = f"https://{self.path.removesuffix(':443')}"
            self.connection = tls.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
            self.handle_one_request()
            self.wfile.close()
            self.rfile.close()
            self.connection.close()

        def note(self) -> None:
            if log is not None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                log.append((f"{self.command} {self.path}", headers))

        def do_OPTIONS(self) -> None:
            self.note()
            self.say(*(preflight(self.path) if preflight else (204, cors, b"")))

        def say(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    listener = Listener(number, Handler)
    if tls is not None and not is_proxy:
        listener.socket = tls.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield listener.server_port, asked
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


def plugin(**changes: Any) -> Callable[[str, int], Answer]:
    """Answers of a server that has the good plugin, its addresses on localhost, with `changes` to the manifest."""

    def answer(path: str, port: int) -> Answer:
        here = f"http://localhost:{port}"
        if path == "/.well-known/ai-plugin.json":
            api = {"type": "openapi", "url": f"{here}/openapi.yaml"}
            manifest = {**MANIFEST, "api": api, "logo_url": f"{here}/logo.png", **changes}
            return 200, {"Content-Type": "application/json"}, json.dumps(manifest).encode()
        if path == "/openapi.yaml":
            return (
                200,
                {"Content-Type": "text/yaml"},
                OPENAPI.replace("https://todo.plugcli.dev", here).encode(),
            )
        if path == "/logo.png":
            return 200, {"Content-Type": "image/png"}, LOGO
        return 404, {}, b"not found"

    return answer


def validate(url: str, *options: str, **environment: str) -> tuple[int, dict[str, Any]]:
    """The exit status of `validate URL`, and what it says of it."""
    done = subprocess.run(
        [sys.executable, "-m", "plugcli", "validate", "--format", "json", url, *options],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )
    assert "" == done.stderr
    (target,) = json.loads(done.stdout)["targets"]
    return done.returncode, target


def errors(target: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["rule"], each["message"]) for each in target["findings"] if each["severity"] == "error"]


def found(target: dict[str, Any], rule: str) -> list[dict[str, Any]]:
    """The findings of `rule`."""
    return [each for each in target["findings"] if each["rule"] == rule]


def why_not(plugin: Plugin) -> str:
    """Why the manifest could not be had."""
    last = plugin.live.last("manifest") if plugin.live else None
    assert last is not None
    assert last.failure is not None
    return last.failure.message


@contextmanager
def raw_server(greeting: bytes) -> Iterator[int]:
    """Accept connections, send `greeting`, and then nothing, until the block ends."""
    connections: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                connections.append(connection)
                connection.recv(65536)
                connection.sendall(greeting)
                if greeting:
                    connection.close()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in connections:
                connection.close()
