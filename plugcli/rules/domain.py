"""The plugin's addresses are not those of a public plugin.

A host reaches a deployed plugin over https only, and ChatGPT takes an `api.url` only on the plugin's own domain or below it: so
it is in all approved plugins. Judged only where the plugin's address is known.

Bad:

    $ plugcli validate https://todo.plugcli.dev
    error: api.url is at api.plugcli.dev, and the plugin at todo.plugcli.dev [domain]

Good:

    $ plugcli validate https://plugcli.dev
    https://plugcli.dev: ChatGPT accepts it
"""

from urllib.parse import urljoin

from plugcli.address import address
from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule


def check(plugin: Plugin, host: Host) -> Problems:
    if plugin.url is None:
        return
    home = address(plugin.url)
    if home.kind == "http":
        hint = f"serve it at {plugin.url.replace('http', 'https', 1)}"
        yield Problem(None, "the plugin is served over http", "domain/http", hint)
    url = plugin.manifest.get("api", "url") if plugin.manifest is not None else None
    if plugin.manifest is None or not isinstance(url, str):
        return
    found = address(urljoin(plugin.url, url.strip()))
    root = home.host.removeprefix("www.")
    if found.host and found.host != root and not found.host.endswith(f".{root}"):
        message = f"api.url is at {found.host}, and the plugin at {root}"
        hint = f"a host asks only {root} and what is below it: serve the document there"
        yield Problem(Place(plugin.manifest, "/api/url"), message, "domain/api-url", hint)


RULE = Rule(plugin=check)
