"""A file of a workspace as an answer: bytes that untrusted code wrote, shown to people and fetched by programs.

A browser may show a picture or a text of it, and runs none of it: no sniffing, no scripts, no origin.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

from starlette.types import Send

from plugcli.respond import Header, Refusal
from plugcli.sandbox import FileRefused, Files
from plugcli.sandbox.gate import media_type

CHUNK_BYTES = 256 * 1024
_SHOWN = frozenset({"application/pdf", "application/json", "text/plain", "text/csv"})
_ALWAYS = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"),
    (b"cache-control", b"private, no-store"),  # the address is a secret, and the file may change
    (b"cross-origin-resource-policy", b"cross-origin"),  # the host's page shows the picture
    (b"accept-ranges", b"bytes"),
]
_RANGE = re.compile(rb"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True)
class Slice:
    """The bytes of a file that a request asks for: from `start` up to, but not including, `end`."""

    start: int
    end: int
    is_part: bool


async def send_file(
    files: Files,
    name: str,
    headers: Mapping[bytes, bytes],
    send: Send,
    *,
    is_head: bool,
) -> None:
    """Answer with the file `name`, or with the range of it that `headers` ask for. Raises FileRefused, and Refusal (416)."""
    async with files.open(name) as opened:
        size = opened.file.bytes
        asked = slice_of(headers, size)
        own: list[Header] = [
            (b"content-type", _content_type(name).encode()),
            (b"content-length", b"%d" % (asked.end - asked.start)),
            (b"content-disposition", disposition(name).encode()),
            *_ALWAYS,
        ]
        if asked.is_part:
            own.append((b"content-range", b"bytes %d-%d/%d" % (asked.start, asked.end - 1, size)))
        await send({"type": "http.response.start", "status": 206 if asked.is_part else 200, "headers": own})
        offset = asked.end if is_head else asked.start
        while offset < asked.end:
            try:
                data = await opened.read(offset, min(CHUNK_BYTES, asked.end - offset))
            except FileRefused:
                return
            # Shorter than it was when it was opened: without a last message the server closes the connection.
            if not data:
                return
            offset += len(data)
            await send({"type": "http.response.body", "body": data, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def slice_of(headers: Mapping[bytes, bytes], size: int) -> Slice:
    """Return the part of `size` bytes that the headers ask for (RFC 9110, 14.2). Raises Refusal (416) for a range outside.

    Several ranges, or an invalid one, are answered with the whole file, as the RFC allows. So is If-Range,
    because nothing here tells whether the file has changed.
    """
    everything = Slice(0, size, False)
    match = _RANGE.fullmatch(headers.get(b"range", b"").replace(b" ", b""))
    if match is None or b"if-range" in headers or match.groups() == (b"", b""):
        return everything
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return everything
    if start >= end:
        raise Refusal(
            416,
            f"the file has {size} bytes, and the range lies outside",
            "ask for a range within it, or leave Range out",
            headers=[(b"content-range", b"bytes */%d" % size)],
        )
    return Slice(start, end, True)


def disposition(name: str) -> str:
    """Return the Content-Disposition of a file (RFC 6266): whether it is shown or saved, and its name in any script."""
    base = PurePosixPath(name).name
    kind = "inline" if media_type(name).startswith("image/") or media_type(name) in _SHOWN else "attachment"
    plain = "".join(
        each if each.isascii() and each.isprintable() and each not in '"\\%' else "_" for each in base
    )
    if plain == base:
        return f'{kind}; filename="{plain}"'
    exact = quote(base.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), safe="")
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{exact}"


def _content_type(name: str) -> str:
    mime = media_type(name)
    return f"{mime}; charset=utf-8" if mime.startswith("text/") else mime
