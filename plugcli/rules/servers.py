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

from plugcli.address import Address, address
from plugcli.dialect import openapi_dialect
from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule

_HINT = "for example servers: [{url: https://your.domain}]"


def check(plugin: Plugin, host: Host) -> Problems:
    openapi = plugin.openapi
    if openapi is None or openapi_dialect(openapi.data) not in ("openapi", "version-missing"):
        return
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


def _each(plugin: Plugin, openapi: Document, servers: list[object]) -> Problems:
    home = _home(plugin)
    if len(servers) > 1:
        message = f"there are {len(servers)} servers: only the first is called"
        yield Problem(Place(openapi, "/servers/1"), message, "servers/first-only")
    for index, server in enumerate(servers):
        url = server.get("url") if isinstance(server, dict) else None
        if not isinstance(url, str):
            continue
        where = Place(openapi, f"/servers/{index}/url")
        found = address(url)
        if index == 0:
            yield from _first(where, url, found)
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


def _first(where: Place, url: str, found: Address) -> Problems:
    if found.kind == "relative":
        message = f"the server {url} is only a path"
        yield Problem(where, message, "servers/relative", "write the whole address: https://...")
    elif found.is_local:
        message = f"the server {url} is your own machine"
        yield Problem(where, message, "servers/own-machine", "write the address where the API stands")


def _home(plugin: Plugin) -> Address | None:
    """Where the plugin stands, None where that is not known."""
    url = plugin.url or (plugin.manifest.get("api", "url") if plugin.manifest else None)
    found = address(url) if isinstance(url, str) else None
    return found if found is not None and found.host and found.kind != "example" else None


def _members(server: object) -> dict[str, object]:
    return server if isinstance(server, dict) else {}


RULE = Rule(plugin=check)
