"""The body of an answer, bounded as it comes and as it is unpacked. Nothing but gzip, which was asked for, and once."""

from __future__ import annotations

import zlib
from typing import cast

import httpx

from plugcli.exchange import Failure
from plugcli.fetch.failure import Unanswered


async def read_body(response: httpx.Response, most_bytes: int) -> bytes:
    """The body, unpacked; no more of it at once than may come, so that a bomb stays packed."""
    inflater = _inflater(response.headers.get("content-encoding", "").strip().lower())
    data = bytearray()
    async for chunk in cast(httpx.AsyncByteStream, response.stream):
        data += chunk if inflater is None else _unpack(inflater, chunk, most_bytes + 1 - len(data))
        if len(data) > most_bytes:
            message = f"the answer is larger than {most_bytes // 1024 // 1024} MiB"
            raise Unanswered(Failure(message, kind="large"))
    if inflater is not None and not inflater.eof:
        raise Unanswered(Failure("the answer ends in the middle of its gzip"))
    return bytes(data)


def _inflater(encoding: str) -> zlib._Decompress | None:
    if encoding in ("", "identity"):
        return None
    if encoding not in ("gzip", "x-gzip"):
        message = f"the answer is sent as {encoding!r}, where only gzip was asked for"
        raise Unanswered(Failure(message, "heed Accept-Encoding"))
    return zlib.decompressobj(wbits=31)


def _unpack(inflater: zlib._Decompress, chunk: bytes, most_bytes: int) -> bytes:
    if inflater.eof and chunk:  # the inflater would hoard it
        raise Unanswered(Failure("the answer goes on after the end of its gzip"))
    try:
        return inflater.decompress(chunk, most_bytes)
    except zlib.error as error:
        raise Unanswered(Failure("the answer is said to be gzip, and is not")) from error
