"""Where one request ends and the next begins. A request that can be read in two ways is refused.

A tunnel or proxy in front of this server reads the same bytes. If the two disagree about where a request ends, the body of one client
becomes the next request of another (request smuggling: RFC 9112, 11.2). So a request that can be read in two ways gets 400, and the
connection is closed.
"""

import re
from typing import Any, NoReturn

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from plugcli.respond import json_bytes

_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\x00-\x08\x0a-\x1f\x7f]*")
_REQUEST_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [!-~]+ HTTP/1\.[01]")
_LENGTH = re.compile(rb"[0-9]{1,18}")
# Headers that may occur only once: with two of them, another server could take the other one.
_ONCE = frozenset(
    {
        b"authorization",
        b"content-length",
        b"content-type",
        b"host",
        b"openai-conversation-id",
        b"origin",
        b"sec-fetch-site",
        b"transfer-encoding",
    }
)
_HEAD_BYTES = 16 * 1024
_HINT = "send it as RFC 9112 says; a proxy on the way may have changed it"


class Connection(h11.Connection):
    """One connection of the server. Raises RemoteProtocolError for a request that can be read in two ways; `why` is the reason."""

    def __init__(self) -> None:
        super().__init__(h11.SERVER, _HEAD_BYTES)
        self.why = ""
        self._is_chunked = False
        self._framing = b""

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        if self.their_state is h11.IDLE:
            self._check_head()
        elif self._is_chunked and self.their_state is h11.SEND_BODY:
            return self._next_of_chunks()
        return super().next_event()

    def _check_head(self) -> None:
        waiting = self.trailing_data[0]
        end = waiting.find(b"\r\n\r\n")
        head = waiting if end < 0 else waiting[:end]
        if has_odd_line_end(head.removesuffix(b"\r")):
            self._refuse("a line of its head does not end with CR and LF")
        if len(head) > _HEAD_BYTES:
            self._refuse(f"its head is longer than {_HEAD_BYTES} bytes")
        if end >= 0:
            if fault := fault_of(head):
                self._refuse(fault)
            self._is_chunked = b"\r\ntransfer-encoding:" in head.lower()
            self._framing = b""

    def _next_of_chunks(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """Return the next event of a body in chunks, after a check that everything between the data can be read in one way only."""
        before = self.trailing_data[0]
        event = super().next_event()
        taken = before[: len(before) - len(self.trailing_data[0])]
        if not isinstance(event, (h11.Data, h11.EndOfMessage)):
            self._framing += taken
            return event
        framing = self._framing + taken[: len(taken) - len(getattr(event, "data", b""))]
        self._framing = b""
        if has_odd_line_end(framing):
            self._refuse("a line between its chunks does not end with CR and LF")
        if isinstance(event, h11.EndOfMessage) and event.headers:
            self._refuse("it has headers after its body")
        return event

    def _refuse(self, why: str) -> NoReturn:
        self.why = why
        raise h11.RemoteProtocolError(why)


class Protocol(H11Protocol):
    """The protocol of uvicorn over such connections. It refuses in JSON, with the reason."""

    conn: Connection

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.conn = Connection()

    def send_400_response(self, msg: str) -> None:
        """Refuse the request, unless an answer is already on its way. Close the connection in any case."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            why = self.conn.why or "it is not HTTP/1.1"
            body = json_bytes({"error": f"the request cannot be read: {why}", "hint": _HINT})
            headers = [
                ("content-type", "application/json"),
                ("content-length", str(len(body))),
                ("connection", "close"),
            ]
            for event in (
                h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = (
                True  # otherwise the application's own answer would fail, with a traceback in the log
            )
            self.cycle.message_event.set()
        self.transport.close()


def fault_of(head: bytes) -> str:
    """Return why a request with this head (everything before the empty line) can be read in two ways; empty if it cannot."""
    request, *lines = head.split(b"\r\n")
    if not _REQUEST_LINE.fullmatch(request):
        return "the first line is not METHOD TARGET HTTP/1.1"
    headers: dict[bytes, bytes] = {}
    for line in lines:
        if not _LINE.fullmatch(line):
            return "a header is not NAME: VALUE on one line"
        name, _, value = line.partition(b":")
        name = name.lower()
        if name in headers and name in _ONCE:
            return f"the header {name.decode()} is given twice"
        headers[name] = value.strip(b" \t")
    length, encoding = headers.get(b"content-length"), headers.get(b"transfer-encoding")
    if length is not None and encoding is not None:
        return "Content-Length and Transfer-Encoding give two lengths"
    if length is not None and not _LENGTH.fullmatch(length):
        return "Content-Length is not one number"
    if encoding is not None and encoding.lower() != b"chunked":
        return "Transfer-Encoding is not chunked"
    if encoding is not None and request.endswith(b"HTTP/1.0"):
        return "HTTP/1.0 has no Transfer-Encoding"
    return ""


def has_odd_line_end(data: bytes) -> bool:
    """Whether `data` has a CR without an LF, or an LF without a CR."""
    pairs = data.count(b"\r\n")
    return data.count(b"\n") != pairs or data.count(b"\r") != pairs
