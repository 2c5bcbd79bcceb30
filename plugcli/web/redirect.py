"""Where a redirect leads, and which parts of a request are sent there."""

from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

from plugcli.web.failure import Failure, Unanswered

MOST_REDIRECTS = 5
STATUSES = (301, 302, 303, 307, 308)
Follow = Callable[[str, str], bool]
"""Whether to go from one address to another. The guard against private addresses holds in any case."""

# Headers that say nothing about the caller. Any other may be a secret that is meant for one origin.
_HARMLESS = ("accept", "accept-language", "content-type", "user-agent")
Headers = tuple[tuple[str, str], ...]


def same_origin(old: str, new: str) -> bool:
    """Whether both addresses have the same scheme, host and port."""
    return _origin(old) == _origin(new)


def anywhere(old: str, new: str) -> bool:
    """Follow every redirect that the guard lets through."""
    return True


def target_of(url: str, location: str, follow: Follow) -> str:
    """The address that `url` redirects to. Raises Unanswered if there is none, if it leaves https for http, or if `follow` says no."""
    try:
        target = urljoin(url, location)
        new = urlsplit(target)
        host, _ = new.hostname or "", new.port
    except ValueError:
        host = ""
    if not location or not host or new.scheme not in ("http", "https"):
        raise Unanswered(Failure(f"the server redirects to {location!r}, which is not a valid URL"))
    if urlsplit(url).scheme == "https" and new.scheme == "http":
        raise Unanswered(
            Failure(f"the server redirects from https to http, at {new.netloc}", kind="redirect")
        )
    if not follow(url, target):
        raise Unanswered(Failure(f"the server redirects to {target}, which is not followed", kind="redirect"))
    return target


def after_redirect(
    status: int, method: str, headers: Headers, body: bytes | None, *, is_same_origin: bool
) -> tuple[str, Headers, bytes | None]:
    """The request that follows an answer with `status` (Fetch Standard, HTTP-redirect fetch, steps 12 and 13)."""
    if (status in (301, 302) and method == "POST") or (status == 303 and method not in ("GET", "HEAD")):
        method, body = "GET", None
        headers = tuple(each for each in headers if not each[0].lower().startswith("content-"))
    if not is_same_origin:
        headers = tuple(each for each in headers if each[0].lower() in _HARMLESS)
    return method, headers, body


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)
