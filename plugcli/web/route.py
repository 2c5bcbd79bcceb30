"""How to reach a URL: its IP addresses, the proxy and TLS. This asks name servers and, on this machine, the other loopback address."""

import asyncio
import ssl
from dataclasses import replace
from functools import cache
from socket import SOCK_STREAM
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from plugcli.address import is_localhost, is_own_machine
from plugcli.internet import is_public, number_of
from plugcli.web.failure import Failure, Unanswered

LOOPBACKS = ("::1", "127.0.0.1")
_MOST_ADDRESSES = 4  # of one name
_WALL_SECONDS = 1.0  # on this machine


async def public_numbers(url: httpx.URL) -> list[str]:
    """The addresses of a name, IPv4 first. Raises Unanswered unless all of them are public."""
    name = url.raw_host.decode()
    found = await asyncio.get_running_loop().getaddrinfo(name, url.port or 443, type=SOCK_STREAM)
    numbers = list(dict.fromkeys(str(each[4][0]) for each in found))
    inside = [number for number in numbers if not is_public(number)]
    if inside:
        where = "is" if name == inside[0] else f"resolves to {inside[0]}, which is"
        raise Unanswered(_private(f"{name} {where}"))
    return sorted(numbers, key=lambda each: ":" in each)[:_MOST_ADDRESSES]


def check_public_name(url: httpx.URL) -> None:
    """Raise Unanswered if `url` is not public by its form; a proxy will look up its name."""
    name = url.raw_host.decode()
    is_inside = not is_public(name) if number_of(name) is not None else "." not in name.rstrip(".")
    if is_inside or is_own_machine(url.host):
        raise Unanswered(_private(f"{name} is"))


def _private(what: str) -> Failure:
    return Failure(f"{what} in a private network", "only public addresses are asked", "private")


def loopbacks(url: httpx.URL) -> list[str]:
    """The addresses to ask: for localhost both loopback addresses, as browsers do, IPv6 first; else one empty text for the name."""
    return [*LOOPBACKS] if is_localhost(url.host) else [""]


async def with_loopback(failure: Failure, text: str) -> Failure:
    """`failure`, with the other loopback address of this machine if a server listens there."""
    url = httpx.URL(text)
    if failure.kind != "nobody" or not is_own_machine(url.host):
        return failure
    if is_localhost(url.host):
        return replace(failure, message=f"{failure.message}, neither on {LOOPBACKS[1]} nor on {LOOPBACKS[0]}")
    port = url.port or (443 if url.scheme == "https" else 80)
    for number in LOOPBACKS:
        if number != url.host and await _listens(number, port):
            at = f"[{number}]:{port}" if ":" in number else f"{number}:{port}"
            hint = f"name {url.copy_with(host='localhost')}: browsers try both"
            return replace(failure, message=f"{failure.message}, and a server listens at {at}", hint=hint)
    return failure


async def _listens(number: str, port: int) -> bool:
    try:
        async with asyncio.timeout(_WALL_SECONDS):
            _, writer = await asyncio.open_connection(number, port)
    except OSError:
        return False
    writer.close()
    return True


def url_of(text: str) -> httpx.URL:
    """The URL `text`. Raises ValueError if it is not valid, also for a port that would be refused only when it is used."""
    try:
        _ = urlsplit(text).port  # httpx looks at neither its range nor at a lone bracket
        return httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from error


def has_password(url: str) -> bool:
    """Whether `url` holds a user name or a password. Raises ValueError if it is not a URL."""
    return "@" in urlsplit(url).netloc


def is_direct(url: str) -> bool:
    """Whether no proxy is between us and `url`, so that we know which machine we ask."""
    try:
        return proxy_for(url_of(url)) is None
    except (ValueError, Unanswered):
        return False


def proxy_for(url: httpx.URL) -> str | None:
    """The proxy that the environment names for `url`. Raises Unanswered for one that we cannot use."""
    # A proxy cannot reach this machine's own servers.
    if is_own_machine(url.host) or proxy_bypass(url.host):
        return None
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy:
        return None
    scheme, found, _ = proxy.partition("://")
    if not found:
        scheme, proxy = "http", f"http://{proxy}"
    if scheme not in ("http", "https"):
        raise Unanswered(
            Failure(f"the environment sets a proxy of the kind {scheme}, which is not supported")
        )
    try:
        url_of(proxy)
    except ValueError as error:  # not in the error's words, which may contain a password
        raise Unanswered(Failure("the proxy set in the environment is not a valid URL")) from error
    return proxy


@cache
def tls(is_local: bool) -> ssl.SSLContext:
    """TLS 1.2 or newer, with the trusted certificates. This reads many files."""
    context = httpx.create_ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if is_local:
        context.load_default_certs()  # an author's own certificate authority, which the author's browser knows
    return context


def peer_of(response: httpx.Response) -> str:
    """The address of the machine that answered, empty if that is not known."""
    stream = response.extensions.get("network_stream")
    peer = stream.get_extra_info("server_addr") if stream is not None else None
    return str(peer[0]) if isinstance(peer, tuple) else ""
