"""The document does not say at which address the API stands.

ChatGPT calls the first of `servers` that is under the plugin's domain, over https, and else the host of `api.url`; hosts that are
given the document alone have nothing else to go by. In 45 documents `servers` stands inside `info`, where nobody reads it.

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
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule

_HINT = "for example servers: [{url: https://your.domain}]"


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
        # Some hosts say something of their own about a list that is empty.
        is_empty = servers == [] and "servers/empty" in host.claims
        claim = "servers/empty" if is_empty else "servers/missing"
        yield Problem(Place(openapi, "/servers"), "there are no servers", claim, _HINT)
    elif isinstance(servers, list):
        yield from _each(plugin, openapi, servers)
        if len(servers) > 1:
            message = f"there are {len(servers)} servers: most hosts take the first"
            yield Problem(Place(openapi, "/servers/1"), message, "servers/several")
        yield from _elsewhere(plugin, openapi, servers)


def _elsewhere(plugin: Plugin, openapi: Document, servers: list[object]) -> Problems:
    """None of the servers is on the plugin's own domain."""
    home = _home(plugin)
    urls = [url for each in servers if isinstance(url := _members(each).get("url"), str)]
    found = [address(url) for url in urls]
    if home is None or home.kind != "https" or not found or any(each.kind != "https" for each in found):
        return
    if all(each.domain != home.domain for each in found):
        message = f"the server {urls[0]} is not on the plugin's domain, {home.domain}"
        hint = f"serve the API below {home.domain}: else calls go to {home.host}"
        yield Problem(Place(openapi, "/servers/0/url"), message, "servers/elsewhere", hint)


def _each(plugin: Plugin, openapi: Document, servers: list[object]) -> Problems:
    home = _home(plugin)
    for index, server in enumerate(servers):
        url = server.get("url") if isinstance(server, dict) else None
        if not isinstance(url, str):
            continue
        where = Place(openapi, f"/servers/{index}/url")
        found = address(url)
        if index == 0:
            yield from _top(where, url, found)
        if found.is_local and home is not None and not home.is_local:
            message = f"the server {url} is your own machine, and the plugin stands at {home.host}"
            yield Problem(where, message, "servers/localhost", "write the address where the API stands")
        elif found.kind == "http":
            message = f"the server {url} is http, not https"
            yield Problem(where, message, "servers/form", f"write {url.replace('http', 'https', 1)}")
        elif found.kind == "no-scheme":
            yield Problem(
                where, f"the server {url} has no scheme", "servers/form", f"write {found.with_scheme}"
            )
        elif found.kind in ("path", "other", "data"):
            yield Problem(where, f"the server {url} is no address", "servers/form", _HINT)
        elif found.kind == "placeholder" and "variables" not in _members(server):
            message = f"a placeholder is not filled in: {url}"
            yield Problem(
                where, message, "placeholder", "unless your server fills it in, write the real address"
            )


def _first_of_each(openapi: Document) -> Problems:
    """The first server of the document, of a path or of an operation: all that some hosts read."""
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
                continue  # nearly always, and nothing to say
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
        is_bare, is_path = address(url).kind == "no-scheme", address(url).kind == "relative"
        what = "has no scheme" if is_bare else "is relative" if is_path else "is no address"
        hint = f"write {address(url).with_scheme}" if is_bare else _HINT
        yield Problem(where, f"the server {url} {what}", "servers/relative", hint)
    elif protocol not in ("http", "https"):
        message = f"the server {url} has the scheme {protocol}: a host calls https"
        yield Problem(where, message, "servers/protocol", _HINT, {"protocol": protocol})


def _top(where: Place, url: str, found: Address) -> Problems:
    if found.kind == "relative":
        message = f"the server {url} is only a path"
        yield Problem(where, message, "servers/path-only", "write the whole address: https://...")
    elif found.is_local:
        message = f"the server {url} is your own machine"
        yield Problem(where, message, "servers/own-machine", "write the address where the API stands")


def _home(plugin: Plugin) -> Address | None:
    """Where the plugin stands, None where that is not known."""
    url = plugin.url or (plugin.manifest.get("api", "url") if plugin.manifest else None)
    found = address(url) if isinstance(url, str) else None
    return found if found is not None and found.host and found.kind != "example" else None


def _members(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


RULE = Rule(plugin=check)
