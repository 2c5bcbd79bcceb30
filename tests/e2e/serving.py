"""A real `plugcli serve` in a process of its own, on a free loopback port, for the tests of this folder."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

PLUGCLI = [sys.executable, "-m", "plugcli"]
Where = Literal["here", "elsewhere"]
"""Whether code runs in a Sandbox of the server's own process, or in one that it reaches through a socket."""
_COMMANDS = {"here": PLUGCLI, "elsewhere": [sys.executable, str(Path(__file__).with_name("elsewhere.py"))]}
DEADLINE_SECONDS = 60
CHAT = "https://chat.openai.com"
PASTE = "paste into the chat host: "

MANIFEST = {
    "schema_version": "v1",
    "name_for_human": "Mine",
    "name_for_model": "mine",
    "description_for_human": "Says hello.",
    "description_for_model": "Says hello, at http://localhost:5003/ or elsewhere.",
    "auth": {"type": "none"},
    "api": {"type": "openapi", "url": "http://localhost:5003/openapi.yaml"},
    "logo_url": "http://localhost:5003/logo.png",
    "contact_email": "me@example.com",
    "legal_info_url": "http://localhost:5003/legal",
}
OPENAPI = """\
openapi: 3.1.0  # a comment of mine
info: {title: Mine, version: "1.0", description: "äöü: http://localhost:5003"}
servers:
  - url: http://localhost:5003
paths:
  /hello/{name}:
    get:
      operationId: hello
      responses: {200: {description: "yes, since 2023-03-23"}}
"""
LOGO = b"\x89PNG\r\n\x1a\n not really, but bytes"
# Answers every call with what it was asked and the calls so far, so that tests see what reached the plugin.
ECHO = """\
import itertools
import json

calls = itertools.count(1)

async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError
    body = (await receive())["body"].decode("latin-1")
    answer = {"method": scope["method"], "path": scope["path"], "body": body, "calls": next(calls)}
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})
"""


@dataclass(frozen=True)
class Answer:
    """What came back: header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Server:
    """A running server: what it printed on start, and calls to it."""

    process: subprocess.Popen[str]
    banner: list[str]
    host: str
    port: int
    log_file: Path

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def call(
        self,
        method: str,
        path: str,
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        timeout: float = DEADLINE_SECONDS,
    ) -> Answer:
        connection = self.connect(timeout)
        try:
            connection.request(method, path, body, {"Host": f"localhost:{self.port}", **(headers or {})})
            response = connection.getresponse()
            sent = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, sent, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.call(
            "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    def post(self, path: str, content: object, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("POST", path, json.dumps(content), {"Content-Type": "application/json", **named})

    def connect(self, timeout: float = DEADLINE_SECONDS) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def log(self) -> str:
        return self.log_file.read_text()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; its exit status."""
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_SECONDS)

    def rest_of_output(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.read()


@contextmanager
def serving(
    tmp_path: Path,
    *arguments: str | Path,
    cwd: Path | None = None,
    host: str = "127.0.0.1",
    where: Where = "here",
    **environment: str,
) -> Iterator[Server]:
    """Start `plugcli serve ARGUMENTS --port 0`, wait until it says that it listens, and end it at the end."""
    log_file = tmp_path / "serve.log"
    with log_file.open("w") as log:
        process = start(
            *arguments, "--port", "0", cwd=cwd or tmp_path, stderr=log, where=where, **environment
        )
    watchdog = threading.Timer(DEADLINE_SECONDS, process.kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        banner = []
        for line in process.stdout:
            banner.append(line.rstrip("\n"))
            if line.startswith(PASTE):
                break
        watchdog.cancel()
        assert banner, f"serve ended with {process.wait()}: {log_file.read_text()}"
        assert banner[-1].startswith(PASTE), log_file.read_text()
        yield Server(process, banner, host, int(banner[-1].rpartition(":")[2]), log_file)
    finally:
        watchdog.cancel()
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(DEADLINE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise
        if process.stdout is not None:
            process.stdout.close()


def start(
    *arguments: str | Path, cwd: Path, stderr: IO[str] | int, where: Where = "here", **environment: str
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*_COMMANDS[where], "serve", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )


def refused(*arguments: str | Path, cwd: Path, **environment: str) -> tuple[int, str]:
    """Run `plugcli serve ARGUMENTS` that does not get to serving: its exit status and standard error."""
    with start(*arguments, cwd=cwd, stderr=subprocess.PIPE, where="here", **environment) as process:
        try:
            _, said = process.communicate(timeout=DEADLINE_SECONDS)
        finally:
            process.kill()
    assert "Traceback" not in said
    return process.returncode, said


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Return once `condition` holds; fail if it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what the test waits for did not happen"
        time.sleep(0.01)


def write_plugin(folder: Path, code: str | None = ECHO, **changes: object) -> Path:
    """A plugin in `folder`, its manifest with `changes`, its plugin.py `code` (None: none)."""
    (folder / ".well-known").mkdir(parents=True)
    (folder / ".well-known/ai-plugin.json").write_text(json.dumps(MANIFEST | changes, indent=2))
    (folder / "openapi.yaml").write_text(OPENAPI)
    (folder / "logo.png").write_bytes(LOGO)
    (folder / "legal.html").write_text("<!doctype html><title>Legal</title>")
    if code is not None:
        (folder / "plugin.py").write_text(code)
    return folder
