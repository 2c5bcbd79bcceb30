"""The address of a server in an OpenAPI document: where it stands once the plugin is deployed, and what is wrong with one that is none."""

from urllib.parse import urlsplit

from plugcli.address import address
from plugcli.plugin import Plugin

FILL_IN = "unless your server fills it in, write the real address"
WRITE_SERVERS = "for example servers: [{url: https://your.domain}]"
_DEPLOY = (
    "where it will stand is not judged yet: deploy the API, or show it by a tunnel, and write that address"
)


def deployed(plugin: Plugin, url: str) -> str:
    """Where the server `url` stands when files are judged as if they were at an address: there, if it is on this machine."""
    if plugin.url is None or plugin.live is not None or not address(url).is_local:
        return url  # what was fetched is what it says
    home = urlsplit(plugin.url)
    return urlsplit(url)._replace(scheme=home.scheme, netloc=home.netloc).geturl()


def not_yet(plugin: Plugin) -> str:
    """What to do about a server on localhost, where the plugin is not deployed yet."""
    if plugin.live is not None:
        return f"{_DEPLOY}; or validate its files with --url, as if they stood there"
    return f"{_DEPLOY}; --url judges it as if it stood there"


def not_absolute(url: str) -> tuple[str, str]:
    """What is wrong with a server that is no whole address, and what to do about it: the same words for whoever minds."""
    match address(url).kind:
        case "no-scheme":
            return f"the server {url} has no scheme", f"write {address(url).with_scheme}"
        case "relative":
            return f"the server {url} is only a path", WRITE_SERVERS
        case "placeholder":
            return f"a placeholder is not filled in: {url}", FILL_IN
    return f"the server {url} is no address", WRITE_SERVERS
