"""The servers do not share one public https origin, so the host uses another server, or none.

GPT Actions takes the host name of the first server and accepts only servers whose URL starts with `https://` and that name: no http, no
port, no capital letters, no localhost. It drops servers with other names, uses only the first of several, and refuses the document if
none is left. A document whose servers are all on localhost is not deployed yet, so it gets no verdict unless `--url` says where it will
be deployed.

Bad:

    servers: [{url: "http://localhost:3000"}, {url: "https://todo.plugcli.dev"}]

Good:

    servers: [{url: "https://todo.plugcli.dev"}]
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from plugcli.address import address, is_placeholder
from plugcli.dialect import openapi_dialect
from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.servers import servers
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule
from plugcli.server_url import FILL_IN, deployed, not_absolute, not_yet


@dataclass(frozen=True)
class _Server:
    """A server with a host name. `wrong` says why it is not at its root origin; empty if it is."""

    index: int
    url: str
    name: str
    wrong: str

    @property
    def origin(self) -> str:
        return f"https://{self.name}"


def check(plugin: Plugin, host: Host) -> Problems:
    openapi = plugin.openapi
    if openapi is None or openapi_dialect(openapi.data) not in ("openapi", "version-missing"):
        return
    found = servers(openapi)
    if not found or len(found) < len(
        openapi.data["servers"]
    ):  # another rule says that there are none, or what they are
        return
    if is_placeholder(found[0].url) and not found[0].has_variables:
        message = f"the server {found[0].url} has a placeholder that is not filled in"
        yield Problem(_place(openapi, 0), message, "server-origin/placeholder", FILL_IN)
        return
    standing = [
        server for each in found if (server := _server(each.index, deployed(plugin, each.url))) is not None
    ]
    if not standing:
        message, hint = not_absolute(found[0].url)
        yield Problem(_place(openapi, 0), message, "server-origin/no-url", hint)
        return
    used = next((each for each in standing if each.origin == standing[0].origin and not each.wrong), None)
    if used is None:
        yield _refused(plugin, openapi, standing)
        return
    for server in standing:
        if server is not used:
            yield _unused(openapi, server, used)


def _server(index: int, url: str) -> _Server | None:
    try:
        parts = urlsplit(url)
        name, port = parts.hostname, parts.port
    except ValueError:  # a port that is not a number, an open bracket
        return None
    if name is None or parts.scheme not in ("http", "https"):
        return None
    wrong = ""
    if address(url).is_local:
        wrong = "is on your own machine"
    elif parts.scheme == "http":
        wrong = "is http, not https"
    elif port is not None:
        wrong = f"uses port {port}"
    elif name not in parts.netloc:
        wrong = "has capital letters in its host name"
    return _Server(index, url, name, wrong)


def _refused(plugin: Plugin, openapi: Document, found: list[_Server]) -> Problem:
    first = found[0]
    better = next((each for each in found if not each.wrong), None)
    words = {"root": first.origin, "url": first.url}
    if address(first.url).is_local and better is None:
        message, claim = f"the server {first.url} is on your own machine", "server-origin/none"
        if plugin.url is None or address(plugin.url).is_local:
            claim = "server-origin/not-yet"
        return Problem(_place(openapi, first.index), message, claim, not_yet(plugin), words)
    message = f"the server {first.url} {first.wrong}"
    hint = f"write {first.origin}{urlsplit(first.url).path}, and serve the API there"
    if better is not None:
        hint = f"put {better.url} first, and remove the others"
    return Problem(_place(openapi, first.index), message, "server-origin/none", hint, words)


def _unused(openapi: Document, server: _Server, used: _Server) -> Problem:
    message = f"the server {server.url} {server.wrong or f'is not used: {used.url} is'}"
    claim = "server-origin/several"
    if server.origin != used.origin:
        claim = "server-origin/dropped"
    elif server.wrong:
        claim = "server-origin/ignored"
    words = {"root": used.origin, "url": server.url, "used": used.url}
    hint = f"keep one server: {used.url} is used"
    return Problem(_place(openapi, server.index), message, claim, hint, words)


def _place(openapi: Document, index: int) -> Place:
    return Place(openapi, f"/servers/{index}/url")


RULE = Rule(plugin=check, is_same_for_all=True)
