"""Addresses in a plugin's documents: which form a text has, of those that hosts distinguish. Opens none of them."""

import re
from dataclasses import dataclass
from functools import cache
from posixpath import normpath
from typing import TYPE_CHECKING, Literal
from urllib.parse import urljoin, urlsplit

from plugcli.internet import is_own, number_of
from plugcli.placeholder import TEMPLATE

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

Kind = Literal[
    "https", "http", "localhost", "loopback", "relative", "path", "no-scheme", "data", "placeholder",
    "example", "other",
]  # fmt: skip

# Seen in 45 plugins: PLUGIN_HOSTNAME/openapi.yaml, THEURL/, {APPNAME}.fly.dev, your-app-url.com, <your-host>.
_UNFILLED = re.compile(
    r"\b(?i:your)[-_]?(?i:app|api|company|domain|host|name|plugin|server|site|url|user)|\bYOUR\b|\bTHEURL\b"
    r"|^[A-Z][A-Z0-9]*_[A-Z0-9_]+|\{[A-Z][A-Z0-9_]*\}|<[\w -]+>"
)
_EXAMPLE = re.compile(r"(?:^|\.)(?:example(?:\.(?:com|org|net))?|test|invalid)$", re.IGNORECASE)

_BLANK = "".join(map(chr, range(33)))
_SCHEMES_OF_HOSTS = ("http", "https", "ws", "wss", "ftp")
_NOT_IN_HOSTS = re.compile(r"[\x00-\x20#<>@\[\]^|%\x7f]")


@dataclass(frozen=True)
class Address:
    """A text that should be an address. `host` is in lower case; it is empty if there is none."""

    text: str
    kind: Kind
    host: str = ""
    port: int | None = None

    @property
    def with_scheme(self) -> str:
        """The text with the scheme that a host assumes, for a text without one."""
        rest = self.text.removeprefix("//")
        host = urlsplit(f"//{rest}").hostname or ""
        return f"{'http' if is_own_machine(host) else 'https'}://{rest}"

    @property
    def domain(self) -> str:
        """The part of `host` that somebody registered: `shop.co.uk` of `api.shop.co.uk`, `mine.fly.dev` of `api.mine.fly.dev`."""
        labels = self.host.rstrip(".").split(".")
        if len(labels) < 3 or labels[-1].isdecimal():
            return self.host
        return _registered(".".join(labels)) or self.host

    def shares_domain(self, other: "Address") -> bool:
        """Whether the same person registered the domain of both."""
        return self.host == other.host or self.domain == other.domain

    @property
    def is_local(self) -> bool:
        """Whether only the author's own machine answers there."""
        return self.kind in ("localhost", "loopback")


def address(text: str) -> Address:
    """The address `text`, with the form that it has."""
    if is_placeholder(text):
        return Address(text, "placeholder")
    if text.startswith("/") and not text.startswith("//"):
        return Address(text, "relative")
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:  # http://[ or a port that is not a number
        return Address(text, "other")
    if parts.scheme == "data":
        return Address(text, "data")
    if not parts.scheme and host and not re.search(r"\s", text):  # //shop.example/openapi.yaml
        return Address(text, "no-scheme", host, port)
    if parts.scheme not in ("http", "https"):
        return Address(text, _without_scheme(text, parts.scheme))
    if not host or re.search(r"\s", text):
        return Address(text, "other")
    return Address(text, _of_host(host) or ("https" if parts.scheme == "https" else "http"), host, port)


def whole(home: Address | None, text: str) -> str:
    """The whole address of a path such as `./logo.png` at `home`; `https://...` if that is unknown."""
    if home is None or not home.host or address(text.strip()).kind not in ("path", "relative"):
        return "https://..."
    return urljoin(home.text, from_root(text))


def from_root(path: str) -> str:
    """The path from the top of a domain that the author of `openapi.yaml`, `./openapi.yaml` or `../openapi.yaml` means."""
    return normpath(f"/{path.strip()}").replace("//", "/", 1)


def protocol_of(text: str) -> str | None:
    """The scheme of `text` as JavaScript's `new URL(text)` reads it, None if that refuses it (URL Standard, 4.4)."""
    found = re.fullmatch(r"([a-z][a-z0-9+.-]*):(.*)", text.strip(_BLANK), re.IGNORECASE | re.DOTALL)
    if not found:
        return None
    scheme = found[1].lower()
    if scheme not in _SCHEMES_OF_HOSTS:
        return scheme
    host = re.match(
        r"[\\/]*(?:[^\\/?#@]*@)?(?P<host>\[[^\]]*\]|[^\\/?#:]*)(?::(?P<port>[^\\/?#]*))?", found[2]
    )
    is_host = host is not None and bool(host["host"]) and not _NOT_IN_HOSTS.search(host["host"].strip("[]"))
    port = (host["port"] or "").lstrip("0") or "0" if host is not None else ""
    return scheme if is_host and re.fullmatch("[0-9]{1,5}", port) and int(port) <= 65535 else None


def is_placeholder(text: str) -> bool:
    """Whether `text` still has to be filled in, such as `{{BASE}}/openapi.yaml` or `https://your-domain.com`."""
    return bool(TEMPLATE.search(text) or _unfilled(text))


def is_shared(host: str) -> bool:
    """Whether strangers register below `host`, such as `dev`, `co.uk` or `fly.dev`."""
    name = host.rstrip(".")
    return "." not in name or _registered(name.lower()) is None


def is_own_machine(host: str) -> bool:
    """Whether `host` is the author's own machine, whatever the rest of the address looks like."""
    return _of_host(host.lower()) in ("localhost", "loopback")


def is_localhost(host: str) -> bool:
    """Whether `host` is a name that browsers resolve to both loopback addresses, whatever a name server says (RFC 6761, 6.3)."""
    name = host.lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost")


def is_example(host: str) -> bool:
    """Whether `host` is one that RFC 2606 reserves for examples."""
    return bool(_EXAMPLE.search(host))


def _registered(name: str) -> str | None:
    """The registered domain at the end of `name`, by the Public Suffix List; None where `name` is itself a suffix."""
    found: str | None = _suffixes().privatesuffix(name)
    return found


@cache
def _suffixes() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList  # 70 ms, which few plugins need

    return PublicSuffixList()


def _unfilled(text: str) -> bool:
    host = re.sub(r"^\w+://", "", text).split("/")[0]
    return bool(_UNFILLED.search(host))


def _of_host(host: str) -> Kind | None:
    if host == "localhost":
        return "localhost"
    if f".{host.removesuffix('.')}".endswith(".localhost"):
        return "loopback"
    if is_example(host):
        return "example"
    number = number_of(host.partition("%")[0])
    return "loopback" if number is not None and is_own(number) else None


def _without_scheme(text: str, scheme: str) -> Kind:
    if re.match(r"(localhost|\[[\da-f:.]+\]|[\w-]+(\.[\w-]+)+)(:\d+)?(/|$)", text):
        # `openapi.yaml` is a file, `shop.example/openapi.yaml` is a host and a file.
        has_host = "/" in text or ":" in text or not re.search(r"\.(ya?ml|json|png|svg|jpe?g|gif|ico)$", text)
        return "no-scheme" if has_host else "path"
    if scheme or not text or re.search(r"\s", text):
        return "other"
    return "path"
