"""multipart/form-data, read as it comes: a part's bytes are passed on before the next part is read."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from plugcli.respond import Refusal

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

logging.getLogger("python_multipart").addHandler(logging.NullHandler())  # the answer says what it warns about

# What browsers write for characters that a quoted name cannot contain (WHATWG HTML, "multipart/form-data encoding algorithm").
_WRITTEN = (("%22", '"'), ("%0D", "\r"), ("%0A", "\n"))


_LEAST_BYTES = 1024
_FEW_EVENTS = 16


@dataclass(frozen=True)
class Part:
    """The head of a part: its name in the form and, if it is a file, the name of the file."""

    name: str
    file: str | None


@dataclass
class _Head:
    """The headers of a part that are complete, and the one that is being read."""

    disposition: bytes = b""
    field: bytes = b""
    value: bytes = b""


@dataclass(frozen=True)
class _End:
    """The end of a part."""


@dataclass
class Multipart:
    """The parts of the form in `chunks`. Raises Refusal (400) if they are not a valid form.

    Use `async for part in form.parts()`, and `form.data()` for the bytes of the part that came last.
    """

    chunks: AsyncIterator[bytes]
    boundary: bytes
    _events: deque[Part | bytes | _End] = field(default_factory=deque)
    _is_whole: bool = False
    _piece_bytes: int = _LEAST_BYTES

    def __post_init__(self) -> None:
        self._head = _Head()
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._name_header(data[start:end]),
            "on_header_value": lambda data, start, end: self._fill_header(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": lambda data, start, end: self._events.append(data[start:end]),
            "on_part_end": lambda: self._events.append(_End()),
            "on_end": self._end,
        }
        try:
            self._parser = MultipartParser(self.boundary, callbacks)
        except FormParserError as error:  # a boundary that is too long
            raise broken(str(error)) from None

    async def parts(self) -> AsyncIterator[Part]:
        while (event := await self._next()) is not None:
            if isinstance(event, Part):
                yield event

    async def data(self) -> AsyncIterator[bytes]:
        while isinstance(event := await self._next(), bytes):
            yield event

    async def _next(self) -> Part | bytes | _End | None:
        """Return the next event; None at the end of the form. Raises Refusal when the form breaks off."""
        while not self._events:
            chunk = await anext(self.chunks, None)
            if chunk is None:
                if self._is_whole:
                    return None
                raise broken("it ends before its last boundary")
            await self._take(chunk)
        return self._events.popleft()

    async def _take(self, chunk: bytes) -> None:
        """Parse `chunk`, in pieces when it holds many parts, so that other requests get their turn."""
        start = 0
        while start < len(chunk):
            known = len(self._events)
            try:
                self._parser.write(chunk[start : start + self._piece_bytes])
            except FormParserError as error:
                raise broken(str(error)) from None
            start += self._piece_bytes
            has_many = len(self._events) - known > _FEW_EVENTS
            self._piece_bytes = _LEAST_BYTES if has_many else 2 * self._piece_bytes
            await asyncio.sleep(0)

    def _begin(self) -> None:
        self._head = _Head()

    def _end(self) -> None:
        self._is_whole = True

    def _name_header(self, data: bytes) -> None:
        self._head.field += data

    def _fill_header(self, data: bytes) -> None:
        self._head.value += data

    def _end_header(self) -> None:
        if self._head.field.lower() == b"content-disposition":
            self._head.disposition = self._head.value
        self._head.field = self._head.value = b""

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._head.disposition)
        file = options.get(b"filename")
        self._events.append(Part(_text(options.get(b"name", b"")), None if file is None else _text(file)))


def boundary_of(content_type: bytes) -> bytes | None:
    """Return the boundary of a form with this content type; None if it is not a form. Raises Refusal."""
    mime, options = parse_options_header(content_type)
    if mime != b"multipart/form-data":
        return None
    boundary = options.get(b"boundary")
    if not boundary:
        raise broken("its content type has no boundary")
    return boundary


def broken(why: str) -> Refusal:
    return Refusal(
        400,
        f"the body is not multipart/form-data: {why[:200]}",
        "for instance: curl -F file=@data.csv, or send the bytes alone with ?name=data.csv",
    )


def _text(value: bytes) -> str:
    text = value.decode("utf-8", "surrogateescape")
    for written, meant in _WRITTEN:
        text = text.replace(written, meant)
    return text
