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

from plugcli.address import Address, address, protocol_of
from plugcli.dialect import openapi_dialect
from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.openapi.operation import METHODS
from plugcli.openapi.servers import ApiServer, servers
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule
from plugcli.server_url import FILL_IN, WRITE_SERVERS, deployed, not_absolute, not_yet


def check(plugin: Plugin, host: Host) -> Problems:
    openapi = plugin.openapi
    if openapi is None or openapi_dialect(openapi.data) not in ("openapi", "version-missing"):
        return
    yield from _first_of_each(openapi)
    written = openapi.data.get("servers")
    if isinstance(openapi.get("info", "servers"), list) and not written:
        hint = "move servers to the top level: remove its indentation"
        yield Problem(Place(openapi, "/info/servers"), "servers is inside info", "servers/in-info", hint)
    elif not written:
        # Some hosts have a message of their own for an empty list.
        is_empty = written == [] and "servers/empty" in host.claims
        claim = "servers/empty" if is_empty else "servers/missing"
        yield Problem(Place(openapi, "/servers"), "there are no servers", claim, WRITE_SERVERS)
    elif isinstance(written, list):
        yield from _each(plugin, openapi)
        if len(written) > 1:
            message = f"there are {len(written)} servers: most hosts use the first"
            yield Problem(
                Place(openapi, "/servers/1"),
                message,
                "servers/several",
                "keep the one that hosts should call",
            )
        yield from _elsewhere(plugin, openapi)


def _elsewhere(plugin: Plugin, openapi: Document) -> Problems:
    """None of the servers is on the plugin's own domain."""
    home = _home(plugin)
    urls = [each.url for each in servers(openapi)]
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
    if not any(each.shares_domain(home) for each in found):
        message = f"the server {urls[0]} is not on the plugin's domain, {home.domain}"
        hint = f"serve the API at {home.domain} or a subdomain of it: otherwise the host calls {home.host}"
        yield Problem(Place(openapi, "/servers/0/url"), message, "servers/elsewhere", hint)


def _each(plugin: Plugin, openapi: Document) -> Problems:
    home = _home(plugin)
    for server in servers(openapi):
        url = server.url
        where = Place(openapi, f"{server.where}/url")
        found = address(deployed(plugin, url))
        if server.index == 0:
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
        elif found.kind == "placeholder" and not server.has_variables:
            yield Problem(
                where, f"the server {url} has a placeholder that is not filled in", "placeholder", FILL_IN
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
        yield Problem(Place(openapi, "/servers"), message, "servers/none", WRITE_SERVERS)
    elif found:
        for where, title in without:
            yield Problem(
                Place(openapi, where, of_key=True),
                f"{title} has no server",
                "servers/not-everywhere",
                WRITE_SERVERS,
            )
    for server in found:
        yield from _absolute(Place(openapi, f"{server.where}/url"), server.url)


def _first(openapi: Document, where: str) -> Iterator[ApiServer]:
    return (each for each in servers(openapi, where) if each.index == 0)


def _absolute(where: Place, url: str) -> Problems:
    protocol = protocol_of(url)
    if "${{" in url:  # Microsoft's tools fill it in
        return
    if protocol is None:
        message, hint = not_absolute(url)
        yield Problem(where, message, "servers/relative", hint)
    elif protocol not in ("http", "https"):
        message, hint = f"the server {url} has the scheme {protocol}, but hosts call https", WRITE_SERVERS
        if address(url).kind == "no-scheme":  # the host reads the name in localhost:5003 as a scheme
            message, hint = not_absolute(url)
        yield Problem(where, message, "servers/protocol", hint, {"protocol": protocol})


def _top(plugin: Plugin, where: Place, url: str, found: Address) -> Problems:
    if found.kind == "relative":
        message, hint = not_absolute(url)
        yield Problem(where, message, "servers/path-only", hint)
    elif found.is_local:
        message = f"the server {url} is on your own machine"
        yield Problem(where, message, "servers/own-machine", not_yet(plugin))


def _home(plugin: Plugin) -> Address | None:
    """Where the plugin stands, or is judged as if it stood; None where that is not known."""
    found = address(plugin.url) if plugin.url is not None else plugin.stands_at
    return found if found is not None and found.host and found.kind != "example" else None


def _members(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


RULE = Rule(plugin=check)
