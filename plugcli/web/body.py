"""The body of an answer, bounded as it comes and as it is unpacked. Only gzip is requested, and it is unpacked once."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from typing import cast

import httpx

from plugcli.web.failure import Failure, Unanswered

_MIB = 1024 * 1024


async def unpacked(response: httpx.Response, most_bytes: int) -> AsyncIterator[bytes]:
    """The body as it comes, unpacked, but never beyond the limit, so that a decompression bomb stays packed. Raises Unanswered."""
    inflater = _inflater(response.headers.get("content-encoding", "").strip().lower())
    left = most_bytes
    async for chunk in cast(httpx.AsyncByteStream, response.stream):
        data = chunk if inflater is None else _unpack(inflater, chunk, left + 1)
        left -= len(data)
        if left < 0:
            raise Unanswered(Failure(f"the answer is larger than {_size(most_bytes)}", kind="large"))
        if data:
            yield data
    if inflater is not None and not inflater.eof:
        raise Unanswered(Failure("the answer ends in the middle of its gzip"))


def _size(count: int) -> str:
    return f"{count:,} bytes" if count % _MIB else f"{count // _MIB} MiB"


def _inflater(encoding: str) -> zlib._Decompress | None:
    if encoding in ("", "identity"):
        return None
    if encoding not in ("gzip", "x-gzip"):
        message = f"the answer is sent as {encoding!r}, but only gzip was requested"
        raise Unanswered(Failure(message, "respect Accept-Encoding"))
    return zlib.decompressobj(wbits=31)


def _unpack(inflater: zlib._Decompress, chunk: bytes, most_bytes: int) -> bytes:
    if inflater.eof and chunk:  # the inflater would hoard it
        raise Unanswered(Failure("the answer goes on after the end of its gzip"))
    try:
        return inflater.decompress(chunk, most_bytes)
    except zlib.error as error:
        raise Unanswered(Failure("the answer is labelled gzip, but is not gzip")) from error
