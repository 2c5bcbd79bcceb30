"""The servers are not at one public https address, so the host uses another one, or none.

GPT Actions takes the host name of the first server, and then only servers whose address starts with `https://` and that name: not http,
not a port, not capital letters, not localhost. Servers of other names are dropped, of several only the first is used, and with none
left the document is refused.

Bad:

    servers: [{url: "http://localhost:3000"}, {url: "https://todo.plugcli.dev"}]

Good:

    servers: [{url: "https://todo.plugcli.dev"}]
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from plugcli.address import address, is_placeholder
from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule


@dataclass(frozen=True)
class _Server:
    """A server with a host name. `wrong` says what keeps it from being at its root origin, empty where nothing does."""

    index: int
    url: str
    name: str
    wrong: str

    @property
    def origin(self) -> str:
        return f"https://{self.name}"


def check(openapi: Document, host: Host) -> Problems:
    servers = openapi.data.get("servers")
    urls = (
        [each.get("url") if isinstance(each, dict) else None for each in servers or ()]
        if isinstance(servers, list)
        else []
    )
    found = [server for index, url in enumerate(urls) if (server := _server(index, url)) is not None]
    if not found:
        if any(isinstance(url, str) for url in urls):  # else another rule says that there are none
            message = f"the server {urls[0]} is no absolute address"
            hint = "write https:// and the host name"
            yield Problem(_place(openapi, 0), message, "server-origin/no-url", hint)
        return
    root = found[0].origin
    used = next((each for each in found if each.origin == root and not each.wrong), None)
    if used is None:
        yield _refused(openapi, found)
        return
    if is_placeholder(used.url):
        message = f"a placeholder is not filled in: {used.url}"
        yield Problem(
            _place(openapi, used.index), message, "server-origin/placeholder", "write the real address"
        )
    for server in found:
        if server is not used:
            yield _unused(openapi, server, used)


def _server(index: int, url: object) -> _Server | None:
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        name, port = (parts.hostname, parts.port) if parts else (None, None)
    except ValueError:  # a port that is no number, an open bracket
        return None
    if parts is None or name is None or parts.scheme not in ("http", "https"):
        return None
    wrong = []
    if address(str(url)).is_local:
        wrong.append("is your own machine")
    elif parts.scheme == "http":
        wrong.append("is http")
    if port is not None and not wrong:
        wrong.append(f"names the port {port}")
    if name != parts.netloc.rpartition("@")[2].partition(":")[0] and not wrong:
        wrong.append("has capital letters in its host name")
    return _Server(index, str(url), name, " and ".join(wrong))


def _refused(openapi: Document, found: list[_Server]) -> Problem:
    first = found[0]
    better = next((each for each in found if not each.wrong), None)
    message = f"the server {first.url} {first.wrong}: it must be at a public https address without a port"
    if better is not None:
        hint = f"put {better.url} first, and remove the others"
    elif address(first.url).is_local:
        hint = "deploy the API, or show it to the host by a tunnel, and write that address"
    else:
        hint = f"write {first.origin}{urlsplit(first.url).path}, and serve the API there"
    words = {"root": first.origin, "url": first.url}
    return Problem(_place(openapi, first.index), message, "server-origin/none", hint, words)


def _unused(openapi: Document, server: _Server, used: _Server) -> Problem:
    message = f"the server {server.url} is not used: {used.url} is"
    claim = "server-origin/several"
    if server.origin != used.origin:
        claim = "server-origin/dropped"
    elif server.wrong:
        claim = "server-origin/ignored"
        message = f"the server {server.url} {server.wrong}, and is not used: {used.url} is"
    words = {"root": used.origin, "url": server.url, "used": used.url}
    return Problem(_place(openapi, server.index), message, claim, "keep one server", words)


def _place(openapi: Document, index: int) -> Place:
    return Place(openapi, f"/servers/{index}/url")


RULE = Rule(openapi=check)
