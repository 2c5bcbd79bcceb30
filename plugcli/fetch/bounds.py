"""Which addresses a plugin may send us to: an untrusted manifest must not make us send requests into the user's own network.

These are the rules of the hosts. `web` adds its own: once a plugin has answered from a public address, it only sends requests
to public addresses.
"""

from urllib.parse import urljoin, urlsplit

from plugcli.address import is_own_machine, is_shared
from plugcli.exchange import Failure


def root_domain(host: str) -> str:
    """The domain under which a host requires the plugin's addresses to be (docs, production)."""
    rest = host.removeprefix("www.")
    return host if is_shared(rest) else rest  # www.dev is an ordinary domain


def is_under(host: str, root: str) -> bool:
    return bool(host and root) and (host == root or host.endswith(f".{root}"))


def may_ask(home: str, other: str) -> bool:
    """Whether a plugin at the address `home` may send us to `other`: its own domain or below it.

    Only the host names count: with `{{x}}` anywhere in it, the whole address would pass for a placeholder.
    """
    root, host = _host(home), _host(other)
    if is_own_machine(root) and not is_own_machine(host):
        return False
    return is_under(host, root_domain(root))


class NotFollowed(Exception):
    """Hosts do not follow this redirect."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def redirected(url: str, location: str, what: str) -> str:
    """The address that `url` redirects to. Raises NotFollowed unless it is on the same domain or below it, and on https if `url` is."""
    try:
        target = urljoin(url, location)
        old, new = urlsplit(url), urlsplit(target)
        host, _ = new.hostname or "", new.port
    except ValueError:
        host = ""
    if not location or not host or new.scheme not in ("http", "https"):
        raise NotFollowed(Failure(f"the server redirects to {location!r}, which is not a valid URL"))
    if old.scheme == "https" and new.scheme == "http":
        message = f"{what} redirects from https to http, which hosts do not follow"
        raise NotFollowed(Failure(message, f"redirect to https://{new.netloc}", "refused"))
    if not is_under(host, root_domain(old.hostname or "")):
        message = f"{what} redirects to {host}: only the same domain and its subdomains are allowed"
        hint = f"serve it at {old.hostname} itself, or install the plugin from {host}"
        raise NotFollowed(Failure(message, hint, "refused"))
    return target


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # http://[
        return ""
