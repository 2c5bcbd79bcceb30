"""The plugin's URLs do not meet the requirements for a public plugin.

A host reaches a deployed plugin only over https. ChatGPT accepts an `api.url` only on the plugin's own domain or a subdomain of it,
as all approved plugins have it. This is checked only if the plugin's address is known.

Bad:

    $ plugcli validate https://todo.plugcli.dev
    error: api.url is at api.plugcli.dev, but the plugin is at todo.plugcli.dev [domain]

Good:

    $ plugcli validate https://plugcli.dev
    https://plugcli.dev: ChatGPT accepts it
"""

from urllib.parse import urljoin, urlsplit

from plugcli.address import Address, address
from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule, named


def check(plugin: Plugin, host: Host) -> Problems:
    if plugin.url is None:
        return
    home = address(plugin.url)
    if home.kind == "http":
        hint = f"serve it at {plugin.url.replace('http', 'https', 1)}"
        yield Problem(None, "the plugin is served over http", "domain/http", hint)
    if home.kind == "https" and home.port not in (None, 443):
        hint = f"serve it at https://{home.host}"
        yield Problem(
            None,
            f"the plugin is served on port {home.port}, but the host allows only 443",
            "domain/port",
            hint,
        )
    url = plugin.manifest.get("api", "url") if plugin.manifest is not None else None
    if _is_elsewhere(home) and not (isinstance(url, str) and _is_elsewhere(address(url))):
        hint = "write http://localhost with its port: then the browser sends the requests, and plugcli checks them as it does"
        named = home.host if home.kind == "loopback" else "localhost without a port"
        yield Problem(
            None, f"ChatGPT does not recognize {named} as the developer's own machine", "loopback", hint
        )
    if plugin.manifest is None or not isinstance(url, str):
        return
    try:
        found = address(urljoin(plugin.url, url.strip()))
    except ValueError:  # http://[, which another rule reports
        return
    root = home.host.removeprefix("www.")
    if found.host and found.host != root and not found.host.endswith(f".{root}"):
        message = f"api.url is at {found.host}, but the plugin is at {root}"
        if found.is_local and plugin.live is None:
            hint = f"write {urljoin(plugin.url, urlsplit(url.strip()).path)} before you deploy it"
            yield Problem(Place(plugin.manifest, "/api/url"), message, "domain/not-deployed", hint)
            return
        hint = f"serve the document at {root} or a subdomain of it: the host requests no other domain"
        yield Problem(Place(plugin.manifest, "/api/url"), message, "domain/api-url", hint)


def _is_elsewhere(found: Address) -> bool:
    """Whether `found` looks like the author's own machine, but not to the host, which knows only localhost with a port."""
    return found.kind == "loopback" or (found.kind == "localhost" and found.port is None)


RULE = Rule(plugin=check, asks=named("loopback"))
