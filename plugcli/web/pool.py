"""Connections that stay open between exchanges, so that two exchanges with one server need one connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from plugcli.address import is_own_machine
from plugcli.web.route import tls

_MOST_ORIGINS = 16
# Servers close an idle connection after 5 seconds (uvicorn, Node, Apache), and a request must not meet that.
_IDLE_SECONDS = 4.0


@dataclass
class _Kept:
    transport: httpx.AsyncHTTPTransport
    users: int = 0


class Pool:
    """Transports, one for each origin and proxy.

    Requests go to IP addresses, not to names. A connection is never used for another name at the same address: its
    certificate was checked for one name only.
    """

    def __init__(self, *, keeps_connections: bool) -> None:
        most = 8 if keeps_connections else 0
        self._limits = httpx.Limits(max_keepalive_connections=most, keepalive_expiry=_IDLE_SECONDS)
        self._kept: dict[tuple[str, bytes, str | None], _Kept] = {}

    @asynccontextmanager
    async def transport(self, url: httpx.URL, proxy: str | None) -> AsyncIterator[httpx.AsyncHTTPTransport]:
        """The transport for the origin of `url`. It is not closed while it is in use."""
        key = (url.scheme, url.netloc, proxy)
        context = await asyncio.to_thread(tls, is_own_machine(url.host))
        kept = self._kept.pop(key, None)
        if kept is None:
            kept = _Kept(httpx.AsyncHTTPTransport(verify=context, proxy=proxy, limits=self._limits))
        self._kept[key] = kept  # last, as the one used most recently
        kept.users += 1
        try:
            await self._close_idle()
            yield kept.transport
        finally:
            kept.users -= 1

    async def aclose(self) -> None:
        """Close all connections."""
        kept, self._kept = self._kept, {}
        for each in kept.values():
            await each.transport.aclose()

    async def _close_idle(self) -> None:
        """Close the transports that have been unused for longest, down to the number of origins that are kept."""
        for key in [key for key, each in self._kept.items() if not each.users]:
            if len(self._kept) <= _MOST_ORIGINS:
                return
            await self._kept.pop(key).transport.aclose()
