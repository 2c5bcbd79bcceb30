"""Listening sockets, and a plain sentence for each reason why this machine does not give one."""

import errno
import ipaddress
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from plugcli.errors import PlugcliError

BACKLOG = 128
_WHICH_HOST = "127.0.0.1 is this machine alone, 0.0.0.0 is every network that it is on"
# `localhost` is ::1 as well as 127.0.0.1, and a machine may have no IPv6. So one of several addresses may be missing.
_MAY_BE_MISSING = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


@dataclass(frozen=True)
class Listener:
    """Listening sockets: one for every address of `host`, all on `port`."""

    host: str
    port: int
    sockets: tuple[socket.socket, ...]

    @property
    def addresses(self) -> list[str]:
        """The IP addresses, without ports."""
        return [each.getsockname()[0] for each in self.sockets]

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the sockets."""
        return all(ipaddress.ip_address(address).is_loopback for address in self.addresses)

    @property
    def urls(self) -> list[str]:
        return [f"http://{with_port(address, self.port)}" for address in self.addresses]

    @property
    def paste(self) -> str:
        """What to type into the form of a chat host, which knows this machine only as `localhost:PORT`."""
        reached_as_localhost = ("127.0.0.1", "::1", "0.0.0.0", "::")  # noqa: S104 (compared, not bound)
        if any(address in reached_as_localhost for address in self.addresses):
            return f"localhost:{self.port}"
        return with_port(self.host, self.port)


@contextmanager
def listen(host: str, port: int) -> Iterator[Listener]:
    """Listen on every address of `host`; port 0 takes a free one. Raises PlugcliError where that fails."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not a valid host name"
        raise PlugcliError(f"--host {host!r} has no address: {said}", hint=_WHICH_HOST) from None
    with ExitStack() as stack:
        sockets: list[socket.socket] = []
        places = dict.fromkeys((family, address) for family, _, _, _, address in found)
        for family, address in places:
            # The protocol by name: only then does asyncio turn off Nagle's algorithm, which costs 40 ms a call.
            listening = stack.enter_context(socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP))
            # A restart need not wait for closed connections of the last server. Linux still refuses a second
            # listener on the port.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6 and len(places) > 1:  # `::` would take 0.0.0.0's port as well
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            wanted = sockets[0].getsockname()[1] if sockets else port
            try:
                listening.bind((address[0], wanted, *address[2:]))
                listening.listen(BACKLOG)
            except OSError as error:
                if error.errno in _MAY_BE_MISSING and len(places) > 1:
                    continue
                raise cannot_listen(error, host, wanted) from None
            sockets.append(listening)
        if not sockets:
            raise cannot_listen(OSError(errno.EADDRNOTAVAIL, ""), host, port)
        yield Listener(host, sockets[0].getsockname()[1], tuple(sockets))


def cannot_listen(error: OSError, host: str, port: int) -> PlugcliError:
    """Return the error that says why this machine does not give a socket for `host` and `port`."""
    where = with_port(host, port)
    if error.errno == errno.EADDRINUSE:
        return PlugcliError(
            f"another program is already listening on {where}",
            hint=f"stop it (ss -ltnp 'sport = :{port}' shows it), or use another port, such as "
            f"--port {_next(port)}, or --port 0 for any free one",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return PlugcliError(
            f"this user may not listen on {where}", hint="ports below 1024 are for root: try --port 5003"
        )
    if error.errno in _MAY_BE_MISSING:
        return PlugcliError(
            f"{host} is not an address of this machine",
            hint=_WHICH_HOST,
        )
    return PlugcliError(f"cannot listen on {where}: {error.strerror}", hint="try another --host or --port")


def with_port(host: str, port: int) -> str:
    """Return `host:port`, with the brackets that an IPv6 address needs."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _next(port: int) -> int:
    return port + 1 if port < 65535 else port - 1
