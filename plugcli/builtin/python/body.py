"""The body of an upload, read as it arrives, with a limit on its size and on how long it may take."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping

from starlette.types import Receive

from plugcli.respond import ClientGone, Refusal
from plugcli.sandbox.amounts import spell_bytes

STALLED_SECONDS = 30.0  # without a byte
UPLOAD_SECONDS = 900.0  # in all: 100 MiB at 1 Mbit/s


class Body:
    """The chunks of a request's body, at most `bytes_max` bytes in all. They can be read once.

    Raises Refusal: 413 for more bytes, 408 if they stop arriving. Raises ClientGone if the client disconnects.
    """

    def __init__(self, receive: Receive, headers: Mapping[bytes, bytes], bytes_max: int) -> None:
        self.is_over = False
        self._receive = receive
        self._left = bytes_max
        self._bytes_max = bytes_max
        self._deadline = time.monotonic() + UPLOAD_SECONDS
        if int(headers.get(b"content-length", b"0")) > bytes_max:
            raise self._too_large()

    async def chunks(self) -> AsyncIterator[bytes]:
        while not self.is_over:
            yield await self._next()

    async def _next(self) -> bytes:
        seconds = min(STALLED_SECONDS, self._deadline - time.monotonic())
        try:
            async with asyncio.timeout(seconds):
                message = await self._receive()
        except TimeoutError:
            raise Refusal(408, "the upload stopped arriving, or took too long", "send it again") from None
        if message["type"] == "http.disconnect":
            self.is_over = True
            raise ClientGone
        self.is_over = not message.get("more_body")
        chunk: bytes = message.get("body", b"")
        self._left -= len(chunk)
        if self._left < 0:
            raise self._too_large()
        return chunk

    def _too_large(self) -> Refusal:
        return Refusal(
            413,
            f"the upload is larger than {spell_bytes(self._bytes_max)}, which is all that fits",
            "send less, or compress it",
        )
