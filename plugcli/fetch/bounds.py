"""Where a run may go: a stranger's manifest must not make us ask the user's own machine or network.

The plugin that the user names may stand anywhere. Once it has answered from a public address, every further name is
looked up here, once, and asked at just that address: a name that changes its mind (DNS rebinding) gains nothing.
"""

from urllib.parse import urljoin, urlsplit

from plugcli.address import is_own_machine, is_shared
from plugcli.exchange import Failure


def root_domain(host: str) -> str:
    """The domain under which a host wants the plugin's addresses (docs, production)."""
    rest = host.removeprefix("www.")
    return host if is_shared(rest) else rest  # www.dev is a domain like another


def is_under(host: str, root: str) -> bool:
    return bool(host and root) and (host == root or host.endswith(f".{root}"))


def may_ask(home: str, other: str) -> bool:
    """Whether a plugin at the address `home` may send us to `other`: its own domain or below it.

    Their hosts decide, never what the rest looks like: `{{x}}` anywhere would make a placeholder of an address.
    """
    root, host = _host(home), _host(other)
    if is_own_machine(root) and not is_own_machine(host):
        return False
    return is_under(host, root_domain(root))


class NotFollowed(Exception):
    """A redirect that no host follows."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def redirected(url: str, location: str, what: str) -> str:
    """The address that `url` redirects to. Raises NotFollowed where a host would not go: only downwards, never off https."""
    try:
        target = urljoin(url, location)
        old, new = urlsplit(url), urlsplit(target)
        host, _ = new.hostname or "", new.port
    except ValueError:
        host = ""
    if not location or not host or new.scheme not in ("http", "https"):
        raise NotFollowed(Failure(f"the server redirects to {location!r}, which is no address"))
    if old.scheme == "https" and new.scheme == "http":
        message = f"{what} redirects from https to http, where no host follows"
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
