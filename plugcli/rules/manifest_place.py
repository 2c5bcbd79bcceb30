"""The manifest is not where the host looks for it.

ChatGPT is given a domain and requests only `/.well-known/ai-plugin.json` from it. It finds no manifest in another folder, and no plugin
below a path of the domain (OpenAI's documentation, getting started). Other hosts are given the URL of the manifest itself.

Bad:

    $ plugcli validate https://shop.example.com/plugins/todo/ai-plugin.json
    error: the host looks for the manifest at https://shop.example.com/.well-known/ai-plugin.json [manifest-place]

Good:

    $ plugcli validate https://shop.example.com
    https://shop.example.com: ChatGPT accepts it
"""

from urllib.parse import urlsplit

from plugcli.hosts import Host
from plugcli.plugin import MANIFEST_PATHS, Plugin
from plugcli.rules import Problem, Problems, Rule

_PATHS = ("", "/", f"/{MANIFEST_PATHS[0]}")


def check(plugin: Plugin, host: Host) -> Problems:
    url, last = plugin.url, None
    if plugin.live is not None:
        last = plugin.live.last("manifest")
        url = next(
            (each.url for each in plugin.live.of("manifest")), None
        )  # a redirect may lead anywhere below
    if plugin.scope != "plugin" or url is None or (last is not None and last.failure is not None):
        return
    parts = urlsplit(url)
    if parts.path not in _PATHS:
        wanted = parts._replace(path=_PATHS[-1], query="", fragment="").geturl()
        message = f"the host looks for the manifest at {wanted}, not at {parts.path}"
        yield Problem(
            None, message, "manifest-place", "serve it there, or give the plugin a domain of its own"
        )


RULE = Rule(plugin=check)
