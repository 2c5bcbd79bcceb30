"""Which requests this server accepts, by their headers Host, Origin and Sec-Fetch-Site.

A page in the user's browser can reach a server on loopback. It must neither read nor run anything here unless its origin
is that of a chat host, this server's own, or allowed by name. Everything else is refused.
"""

import ipaddress
import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from starlette.types import Scope

from plugcli.errors import UsageError
from plugcli.respond import Refusal

CHAT_HOSTS = ("https://chat.openai.com", "https://chatgpt.com")
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
DEFAULT_PORT = {"http": 80, "https": 443}

_AUTHORITY = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?")
_ORIGIN = re.compile(r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?")
_KNOWN_MAX = 64  # spellings of our own address that are remembered


@dataclass(frozen=True)
class Site:
    """The names this server answers to and the origins whose pages may call it."""

    names: frozenset[str]
    takes_any_ip: bool
    origins: frozenset[str]
    _known: dict[bytes, str] = field(default_factory=dict, compare=False, repr=False)

    def here(self, headers: Mapping[bytes, bytes]) -> str:
        """Return this server's origin as the client sees it: `http://` and the Host. Raises Refusal for a foreign Host.

        DNS rebinding points an attacker's name at our address, so that the browser takes us for a part of the attacker's
        site. Only the Host header shows it. The port may differ, because ports can be forwarded. 421 is the status for a
        request that has reached a server that it is not meant for (RFC 9110, 15.5.20).
        """
        host = headers.get(b"host", b"")
        origin = self._known.get(host)
        if origin is None:
            text = host.decode("ascii", "replace").lower()
            if not self._answers_to(text):
                error = (
                    f"this server does not answer for the host {text!r}"
                    if host
                    else "the request has no Host header"
                )
                raise Refusal(421, error, f"use one of: {', '.join(sorted(self.names))}")
            origin = f"http://{text}"
            if len(self._known) < _KNOWN_MAX:
                self._known[host] = origin
        return origin

    def origin(self, scope: Scope) -> str:
        """Return `here` for the request of `scope`."""
        return self.here(dict(scope["headers"]))

    def _answers_to(self, authority: str) -> bool:
        match = _AUTHORITY.fullmatch(authority)
        if match is None:
            return False
        name = match[1] or match[2]
        # An address, unlike a name, cannot be rebound.
        return name in self.names or (self.takes_any_ip and _is_ip(name))

    def may_only_look(self, headers: Mapping[bytes, bytes], here: str) -> bool:
        """Whether the request comes from a link or a picture on another site: it may get documents and run nothing.

        Raises Refusal for a request from a page of a foreign origin. A request that no page sends (curl, a host's own
        server) has neither Origin nor Sec-Fetch-Site and counts as the user's own.
        """
        origin = headers.get(b"origin")
        if origin is not None:
            text = origin.decode("ascii", "replace")
            if text == here or text in self.origins:
                return False
            raise Refusal(
                403,
                f"pages of {text!r} may not call this server",
                "to allow them: plugcli serve --allow-origin ORIGIN",
            )
        if headers.get(b"sec-fetch-site") not in (b"cross-site", b"same-site"):
            return False
        # The host shows the logo with <img> and the legal page with a link; neither carries an Origin.
        shown_as = headers.get(b"sec-fetch-mode"), headers.get(b"sec-fetch-dest")
        if shown_as in ((b"navigate", b"document"), (b"no-cors", b"image")):
            return True
        raise other_site()


def site(host: str, port: int, *, is_loopback: bool, allowed: Iterable[str] = ()) -> Site:
    """Return the Site of a server that listens on `host` and `port`.

    `allowed` are further origins, as given with `--allow-origin`. Raises UsageError for a text that is not an origin.
    """
    names = LOOPBACK_NAMES if is_loopback else LOOPBACK_NAMES | {socket.gethostname().lower()}
    if not _is_wildcard(host):
        names |= {host.lower()}
    own = {f"http://{_bracketed(name)}:{port}" for name in names}
    return Site(names, not is_loopback, frozenset({*CHAT_HOSTS, *own, *map(exact_origin, allowed)}))


def other_site() -> Refusal:
    """Return the refusal of a request that a browser sends for a page of another site."""
    return Refusal(403, "pages of another site may not call this server", "see plugcli serve --allow-origin")


def exact_origin(text: str) -> str:
    """Return `text` as a browser writes it in an Origin header. Raises UsageError unless it is one origin."""
    if text.strip() == "*":
        raise UsageError(
            "--allow-origin * would let every page on the web run code here",
            hint="name each origin, such as --allow-origin https://chat.example.com",
        )
    match = _ORIGIN.fullmatch(text.strip().lower().removesuffix("/"))
    if match is None:
        raise UsageError(
            f"--allow-origin {text!r} is not an origin",
            hint="an origin is scheme, host and port with no path, such as https://chat.example.com:8443",
        )
    scheme, host, port = match.groups()
    # Browsers leave the default port out.
    return (
        f"{scheme}://{host}"
        if port is None or int(port) == DEFAULT_PORT[scheme]
        else f"{scheme}://{host}:{port}"
    )


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _is_ip(name: str) -> bool:
    try:
        return not ipaddress.ip_address(name).is_unspecified
    except ValueError:
        return False


def _is_wildcard(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False
