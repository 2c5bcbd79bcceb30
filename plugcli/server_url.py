"""The URL of a server in an OpenAPI document: where it is once the plugin is deployed, and what is wrong with an invalid URL."""

from urllib.parse import urlsplit

from plugcli.address import address
from plugcli.plugin import Plugin

FILL_IN = "write the real URL, unless your server fills it in"
WRITE_SERVERS = "for example servers: [{url: https://your.domain}]"
_DEPLOY = (
    "the real server is not judged yet: deploy the API or expose it through a tunnel, and write that URL"
)


def deployed(plugin: Plugin, url: str) -> str:
    """The URL of the server `url` for files that are judged as if deployed: if it is on this machine, the address they are judged at."""
    if plugin.url is None or plugin.live is not None or not address(url).is_local:
        return url  # a fetched document means what it says
    home = urlsplit(plugin.url)
    return urlsplit(url)._replace(scheme=home.scheme, netloc=home.netloc).geturl()


def not_yet(plugin: Plugin) -> str:
    """What to do about a server on localhost if the plugin is not deployed yet."""
    if plugin.live is not None:
        return f"{_DEPLOY}; or validate its files with --url, as if they were there"
    return f"{_DEPLOY}; --url judges it as if it were there"


def not_absolute(url: str) -> tuple[str, str]:
    """What is wrong with a server that is not an absolute URL, and what to do: the same words for every host."""
    match address(url).kind:
        case "no-scheme":
            return f"the server {url} has no scheme", f"write {address(url).with_scheme}"
        case "relative":
            return f"the server {url} is only a path", WRITE_SERVERS
        case "placeholder":
            return f"the server {url} has a placeholder that is not filled in", FILL_IN
    return f"the server {url} is not a valid URL", WRITE_SERVERS
