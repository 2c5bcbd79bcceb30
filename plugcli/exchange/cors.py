"""Why a browser does not give a page the answer of another origin: the checks of the Fetch Standard.

CORS check, CORS-preflight fetch and Private Network Access, for requests without credentials. Sends nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from plugcli.exchange import Exchange

# CORS-safelisted methods are always allowed.
_FREE_METHODS = ("GET", "HEAD", "POST")
_ALL = (
    "answer OPTIONS with 204, Access-Control-Allow-Origin, -Methods, -Headers and -Private-Network, and "
    "every GET with Access-Control-Allow-Origin; plugcli serve does"
)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True)
class Obstacle:
    """Why a browser stops. `off` means that the server does not seem to support CORS at all."""

    kind: Literal["off", "wrong", "private-network"]
    message: str
    hint: str


def obstacles(exchange: Exchange) -> Iterator[Obstacle]:
    """What stops the browser at this answer: the first fault of CORS, else of Private Network Access."""
    if not exchange.origin or exchange.status == 0:
        return
    if exchange.method == "GET":
        found = _of_origin(exchange)
    else:
        found = (
            _of_status(exchange)
            or _of_origin(exchange)
            or _of_method(exchange)
            or _of_headers(exchange)
            or _of_private_network(exchange)
        )
    if found is not None:
        yield found


def closed(why: str) -> Obstacle:
    """The obstacle of a preflight that got no answer at all."""
    return Obstacle("off", f"the preflight (OPTIONS) fails: {why}", _ALL)


def _of_status(exchange: Exchange) -> Obstacle | None:
    if 200 <= exchange.status < 300:
        return None
    if exchange.is_redirect:
        return Obstacle("off", "the preflight is redirected, which browsers do not follow", _ALL)
    return Obstacle("off", f"the preflight (OPTIONS) is answered with {exchange.status_line}", _ALL)


def _of_origin(exchange: Exchange) -> Obstacle | None:
    allowed, origin = exchange.headers.get("access-control-allow-origin"), exchange.origin
    if allowed is None:
        return Obstacle("off", f"the answer to {exchange.method} has no Access-Control-Allow-Origin", _ALL)
    if allowed in ("*", origin):
        return None
    if origin == "null":
        message = f"after a redirect to another origin the browser sends Origin: null, and only {allowed} is allowed"
        return Obstacle("wrong", message, "answer here, without the redirect")
    hint = f"send {origin}, once and without a slash at the end"
    if "," in allowed:
        return Obstacle("wrong", f"Access-Control-Allow-Origin has several values: {allowed}", hint)
    return Obstacle("wrong", f"Access-Control-Allow-Origin is {allowed}, not {origin}", hint)


def _of_method(exchange: Exchange) -> Obstacle | None:
    name, method = "Access-Control-Allow-Methods", exchange.wants_method
    allowed = _names(exchange.headers.get(name.lower(), ""))
    if allowed is None:
        return _no_list(name, exchange)
    if method in _FREE_METHODS or {method, "*"} & set(allowed):
        return None
    hint = f"add {method}, in capitals"
    return Obstacle("wrong", f"{name} does not allow {method}", hint)


def _of_headers(exchange: Exchange) -> Obstacle | None:
    name, wanted = "Access-Control-Allow-Headers", exchange.wants_headers
    allowed = _names(exchange.headers.get(name.lower(), ""))
    if allowed is None:
        return _no_list(name, exchange)
    known = {each.lower() for each in allowed}
    # The wildcard covers every header except this one (CORS non-wildcard request-header name).
    covered = (known | set(wanted)) - {"authorization"} | known if "*" in known else known
    missing = [each for each in wanted if each not in covered]
    if not missing:
        return None
    beside = ", which * does not cover" if "*" in known else ""
    message = f"{name} does not allow {', '.join(missing)}{beside}"
    return Obstacle("wrong", message, f"send {name}: {', '.join(wanted)}")


def _of_private_network(exchange: Exchange) -> Obstacle | None:
    allowed = exchange.headers.get("access-control-allow-private-network")
    if allowed == "true":
        return None
    message = "the preflight lacks Access-Control-Allow-Private-Network: true"
    hint = "send it where the request has Access-Control-Request-Private-Network; plugcli serve does"
    return Obstacle("private-network", message, hint)


def _names(value: str) -> list[str] | None:
    """The names that a header lists; None if it is not a list of names, in which case a browser ignores all of it."""
    names = [each.strip() for each in value.split(",") if each.strip()]
    return names if all(_NAME.fullmatch(each) for each in names) else None


def _no_list(name: str, exchange: Exchange) -> Obstacle:
    message = f"{name} is not a comma-separated list of names: {exchange.headers[name.lower()]}"
    return Obstacle("wrong", message, "separate the names with commas")
