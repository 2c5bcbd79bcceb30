"""`servers` does not give the URL of the API.

ChatGPT calls the first of `servers` that is on the plugin's domain, over https, and otherwise the host of `api.url`. Hosts that are
given only the document have nothing else to go by. In 45 documents `servers` is inside `info`, where no host reads it.

Bad:

    info:
      title: Todo list
      version: "1"
      servers: [{url: https://todo.plugcli.dev}]
    servers: []

Good:

    servers: [{url: https://todo.plugcli.dev}]
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from plugcli.address import Address, address, protocol_of
from plugcli.dialect import openapi_dialect
from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.openapi.operation import METHODS
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule

_FILL_IN = "write the real URL, unless your server fills it in"
_HINT = "for example servers: [{url: https://your.domain}]"
_DEPLOY = (
    "the real server is not judged yet: deploy the API or expose it through a tunnel, and write that URL"
)


def check(plugin: Plugin, host: Host) -> Problems:
    openapi = plugin.openapi
    if openapi is None or openapi_dialect(openapi.data) not in ("openapi", "version-missing"):
        return
    yield from _first_of_each(openapi)
    servers = openapi.data.get("servers")
    if isinstance(openapi.get("info", "servers"), list) and not servers:
        hint = "servers belongs at the top level: remove its indentation"
        yield Problem(Place(openapi, "/info/servers"), "servers stands inside info", "servers/in-info", hint)
    elif not servers:
        # Some hosts have a message of their own for an empty list.
        is_empty = servers == [] and "servers/empty" in host.claims
        claim = "servers/empty" if is_empty else "servers/missing"
        yield Problem(Place(openapi, "/servers"), "there are no servers", claim, _HINT)
    elif isinstance(servers, list):
        yield from _each(plugin, openapi, servers)
        if len(servers) > 1:
            message = f"there are {len(servers)} servers: most hosts use the first"
            yield Problem(
                Place(openapi, "/servers/1"),
                message,
                "servers/several",
                "keep the one that hosts should call",
            )
        yield from _elsewhere(plugin, openapi, servers)


def _elsewhere(plugin: Plugin, openapi: Document, servers: list[object]) -> Problems:
    """None of the servers is on the plugin's own domain."""
    home = _home(plugin)
    urls = [url for each in servers if isinstance(url := _members(each).get("url"), str)]
    found = [address(deployed(plugin, url)) for url in urls]
    is_on_localhost = home is not None and home.kind == "localhost" and home.port is not None
    if (
        home is not None
        and is_on_localhost
        and found
        and all(each.kind in ("https", "http") for each in found)
    ):
        message = f"the server {urls[0]} is elsewhere, but the plugin is on localhost"
        hint = f"put the server http://localhost:{home.port} first while you develop it"
        yield Problem(Place(openapi, "/servers/0/url"), message, "servers/not-localhost", hint)
    if home is None or home.kind != "https" or not found or any(each.kind != "https" for each in found):
        return
    if all(each.domain != home.domain for each in found):
        message = f"the server {urls[0]} is not on the plugin's domain, {home.domain}"
        hint = f"serve the API on {home.domain}: otherwise the host calls {home.host}"
        yield Problem(Place(openapi, "/servers/0/url"), message, "servers/elsewhere", hint)


def _each(plugin: Plugin, openapi: Document, servers: list[object]) -> Problems:
    home = _home(plugin)
    for index, server in enumerate(servers):
        url = server.get("url") if isinstance(server, dict) else None
        if not isinstance(url, str):
            continue
        where = Place(openapi, f"/servers/{index}/url")
        found = address(deployed(plugin, url))
        if index == 0:
            yield from _top(plugin, where, url, found)
        if found.is_local and home is not None and not home.is_local:
            message = f"the server {url} is on your own machine"
            hint = f"write the URL where the API is served: the plugin is at {home.host}"
            yield Problem(where, message, "servers/localhost", hint)
        elif found.kind == "http":
            message = f"the server {url} is http, not https"
            hint = f"write {url.replace('http', 'https', 1)}, and serve the API there"
            yield Problem(where, message, "servers/form", hint)
        elif found.kind == "https" and found.port not in (None, 443):
            message = (
                f"the server {url} uses port {found.port}, but the host allows only 443, the port of https"
            )
            yield Problem(where, message, "servers/port", "serve the API at a URL without a port")
        elif found.kind in ("no-scheme", "path", "other", "data"):
            message, hint = not_absolute(url)
            yield Problem(where, message, "servers/form", hint)
        elif found.kind == "placeholder" and "variables" not in _members(server):
            yield Problem(
                where, f"the server {url} has a placeholder that is not filled in", "placeholder", _FILL_IN
            )


def _first_of_each(openapi: Document) -> Problems:
    """The first server of the document, of each path and of each operation: some hosts read no other."""
    has_own = bool(openapi.data.get("servers"))
    found = list(_first(openapi, ""))
    without = []
    for path, value in _members(openapi.data.get("paths")).items():
        item = _members(value)
        of_path = list(_first(openapi, pointer.join("paths", path))) if "servers" in item else []
        found += of_path
        for method in METHODS:
            operation = item.get(method)
            if not isinstance(operation, dict) or (has_own and "servers" not in operation):
                continue  # nearly always, and nothing is wrong
            where = pointer.join("paths", path, method)
            of_operation = list(_first(openapi, where))
            found += of_operation
            if not (has_own or of_path or of_operation):
                without.append((where, f"{method.upper()} {path}"))
    if not found and not has_own and not isinstance(openapi.get("info", "servers"), list):
        message = "there are no servers"
        yield Problem(Place(openapi, "/servers"), message, "servers/none", _HINT)
    elif found:
        for where, title in without:
            yield Problem(
                Place(openapi, where, of_key=True), f"{title} has no server", "servers/not-everywhere", _HINT
            )
    for where, url in found:
        yield from _absolute(Place(openapi, f"{where}/servers/0/url"), url)


def _first(openapi: Document, where: str) -> Iterator[tuple[str, str]]:
    url = openapi.get(*pointer.split(where), "servers", "0", "url")
    if isinstance(url, str):
        yield where, url


def _absolute(where: Place, url: str) -> Problems:
    protocol = protocol_of(url)
    if "${{" in url:  # Microsoft's tools fill it in
        return
    if protocol is None:
        message, hint = not_absolute(url)
        yield Problem(where, message, "servers/relative", hint)
    elif protocol not in ("http", "https"):
        message, hint = f"the server {url} has the scheme {protocol}, but hosts call https", _HINT
        if address(url).kind == "no-scheme":  # the host reads the name in localhost:5003 as a scheme
            message, hint = not_absolute(url)
        yield Problem(where, message, "servers/protocol", hint, {"protocol": protocol})


def not_absolute(url: str) -> tuple[str, str]:
    """What is wrong with a server that is not an absolute URL, and what to do: the same words for every host."""
    match address(url).kind:
        case "no-scheme":
            return f"the server {url} has no scheme", f"write {address(url).with_scheme}"
        case "relative":
            return f"the server {url} is only a path", _HINT
        case "placeholder":
            return f"the server {url} has a placeholder that is not filled in", _FILL_IN
    return f"the server {url} is not a valid URL", _HINT


def _top(plugin: Plugin, where: Place, url: str, found: Address) -> Problems:
    if found.kind == "relative":
        message, hint = not_absolute(url)
        yield Problem(where, message, "servers/path-only", hint)
    elif found.is_local:
        message = f"the server {url} is on your own machine"
        yield Problem(where, message, "servers/own-machine", not_yet(plugin))


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


def _home(plugin: Plugin) -> Address | None:
    """Where the plugin is, or is judged as if it were; None if that is not known."""
    found = address(plugin.url) if plugin.url is not None else plugin.stands_at
    return found if found is not None and found.host and found.kind != "example" else None


def _members(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


RULE = Rule(plugin=check)
