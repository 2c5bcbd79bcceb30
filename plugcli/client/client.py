"""Requests to a running `plugcli serve`, its replies, and a plain sentence for each way they fail.

Never trusts the server: it may not be plugcli, its reply may never end, and its bytes may come slowly. Redirects are not followed,
because the token and the code are meant for the server that the user named.
"""

import contextlib
import http.client
import select
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import SplitResult, urlsplit

from plugcli.client.events import json_object, text_of
from plugcli.errors import PlugcliError
from plugcli.terminal_text import printable

SILENT_SECONDS = 20.0
"""The longest silence: `serve` sends something every 3 s."""
REFUSAL_BYTES = 65536
REPLY_BYTES = 256 * 1024 * 1024
_WORDS_CHARACTERS = 500
_BROKEN = (OSError, http.client.HTTPException, ValueError)
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Refused(PlugcliError):
    """The server refused the request or failed. `status` is the HTTP status."""

    def __init__(self, status: int, message: str, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class Reply:
    """A reply whose body is still arriving."""

    def __init__(self, response: http.client.HTTPResponse, client: "Client") -> None:
        self._response = response
        self._client = client
        self._room = REPLY_BYTES
        self.length = response.length
        """The body's length in bytes as the server declares it; None if it declares none."""
        self.mime = response.headers.get_content_type()

    def lines(self) -> Iterator[bytes]:
        """Yield the lines as they arrive. Raises PlugcliError."""
        while line := self._read_line():
            yield line

    def chunks(self, size: int) -> Iterator[bytes]:
        """Yield exactly `size` bytes. Raises PlugcliError if fewer arrive."""
        while size:
            chunk = self.read(min(size, 1 << 18))
            if not chunk:
                raise self._client.broken("its reply ended early")
            size -= len(chunk)
            yield chunk

    def read(self, count: int) -> bytes:
        """Return up to `count` bytes. Raises PlugcliError."""
        try:
            return self._response.read(count)
        except _BROKEN as error:
            raise self._client.broken(_reason(error)) from error

    def _read_line(self) -> bytes:
        try:
            line = self._response.readline(self._room)
        except _BROKEN as error:
            raise self._client.broken(_reason(error)) from error
        self._room -= len(line)
        if self._room <= 0:
            raise self._client.broken("its reply is too long")
        return line


class Client:
    """A client of the server at `url`; `token` is None if the server needs none. Raises PlugcliError if `url` is not a server's address."""

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url.rstrip("/")
        hint = "give scheme, host and port, such as http://localhost:5003"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise PlugcliError(f"{printable(url)} is not a valid URL: {error}", hint=hint) from None
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise PlugcliError(f"{printable(url)} is not an http or https URL", hint=hint)
        if parts.username is not None:
            raise PlugcliError(
                "the server's URL contains a user name",
                hint="put the token into PLUGCLI_TOKEN, or into a file for --token-file",
            )
        if parts.path not in ("", "/") or parts.query or parts.fragment or not url.isprintable():
            raise PlugcliError(
                f"{printable(url)} is not the address of a server: it has more than a scheme, host and port",
                hint=hint,
            )
        self._is_tls = parts.scheme == "https"
        self._place = _place(parts)
        self._host, self._port = parts.hostname, _DEFAULT_PORTS[parts.scheme] if port is None else port
        self._token = token

    @contextlib.contextmanager
    def request(
        self,
        method: str,
        target: str,
        body: Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        silent_seconds: float | None = None,
    ) -> Iterator[Reply]:
        """Send a request and yield its reply, unless the server refuses. Raises PlugcliError."""
        kind = http.client.HTTPSConnection if self._is_tls else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=silent_seconds or SILENT_SECONDS)
        with contextlib.closing(connection):
            try:
                connection.connect()
            except (OSError, ValueError) as error:  # ValueError: an invalid host name
                raise self._unreachable(error) from error
            try:
                # A server that refuses closes the connection while we are still sending; its reply can still be read.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError, _Answered):
                    sent = None if body is None else self._until_answered(connection, body)
                    connection.request(method, target, sent, headers or {})
                response = connection.getresponse()
            except _BROKEN as error:
                raise self.broken(_reason(error)) from error
            with contextlib.closing(response):
                reply = Reply(response, self)
                if response.status not in (200, 201):
                    raise self._refused(response.status, reply)
                yield reply

    def headers(self, **more: str) -> dict[str, str]:
        """Return the headers `more`, with the token if there is one."""
        return more if self._token is None else {**more, "Authorization": f"Bearer {self._token}"}

    def path_of(self, url: object) -> str | None:
        """Return the request target of `url`, if it is the address of a file on this server; None for any other address."""
        if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
            return None
        try:
            parts = urlsplit(url)
            place = _place(parts)
        except ValueError:
            return None
        is_file = parts.scheme in _DEFAULT_PORTS and parts.path.startswith("/files/")
        return parts.path if is_file and place == self._place else None

    def broken(self, why: str) -> PlugcliError:
        """Return the error for a server that does not speak as plugcli serve does."""
        return PlugcliError(
            f"{self.url} did not answer as plugcli serve does: {why}",
            hint="is that the right port, and is the server still running?",
        )

    def _until_answered(
        self, connection: http.client.HTTPConnection, body: Iterable[bytes]
    ) -> Iterator[bytes]:
        for chunk in body:
            # With TLS, readable bytes need not be a reply.
            if not self._is_tls and select.select([connection.sock], [], [], 0)[0]:
                raise _Answered
            yield chunk

    def _unreachable(self, error: Exception) -> PlugcliError:
        return PlugcliError(
            f"cannot reach a server at {self.url}: {_reason(error)}",
            hint="run plugcli serve in another terminal, or give its address with --server URL",
        )

    def _refused(self, status: int, reply: Reply) -> Refused:
        if 300 <= status < 400:
            return Refused(
                status,
                f"{self.url} redirects (HTTP {status}), and plugcli does not follow redirects",
                hint="give the address of plugcli serve itself with --server URL",
            )
        try:
            content = json_object(reply.read(REFUSAL_BYTES))
            error, hint = (_words(text_of(content, name)) for name in ("error", "hint"))
        except ValueError:
            where = "" if status != 404 else ": it has no /execute"
            return Refused(
                status,
                f"{self.url} does not answer as plugcli serve does: HTTP {status}{where}",
                hint="is that the right port, and does the plugin run code?",
            )
        if status == 401:
            hint = "put the server's token into the variable PLUGCLI_TOKEN, or into a file for --token-file"
        verb = "failed" if status >= 500 and status != 503 else "refused"
        return Refused(status, f"{self.url} {verb} (HTTP {status}): {error}", hint)


class _Answered(Exception):
    """The reply came before the request was sent completely: a refusal."""


def _place(parts: SplitResult) -> tuple[str | None, int | None]:
    """Return host and port; None stands for the default port, because a server behind a proxy does not know that it is reached by https."""
    port = parts.port
    return parts.hostname, None if port == _DEFAULT_PORTS.get(parts.scheme) else port


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it does not respond"
    if isinstance(error, http.client.IncompleteRead):
        return "its reply ended early"
    if isinstance(error, (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)):
        return "it closed the connection"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, http.client.HTTPException):
        return "its reply is not HTTP"
    return _words(str(error))


def _words(text: str) -> str:
    """Return a stranger's words, made safe for a terminal and cut to a bounded length."""
    shown = printable(text)
    return shown if len(shown) <= _WORDS_CHARACTERS else f"{shown[:_WORDS_CHARACTERS]}..."
