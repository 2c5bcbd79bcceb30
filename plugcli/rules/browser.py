"""Not every browser lets a host's page ask the user's own machine.

A plugin on localhost is asked by the browser. Safari takes http on localhost for mixed content, Brave's shields block it, whatever the
server answers (openai/plugins-quickstart#11); Chrome asks the user for leave since version 142. The host says "CORS" then too.

Bad:

    $ plugcli validate http://localhost:5003

Good:

    $ plugcli validate https://shop.example.com
"""

from plugcli.exchange import Exchanges
from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Problem, Problems, Rule


def check(plugin: Plugin, host: Host) -> Problems:
    manifest = (plugin.live or Exchanges()).last("manifest")
    if (
        manifest is None
        or not manifest.origin
        or not manifest.url.startswith("http:")
        or manifest.failure is not None
    ):
        return
    message = "only some browsers ask localhost for a page on https: Safari and Brave do not, Chrome asks the user first"
    yield Problem(None, message, "browser", "try it in Chrome or Firefox")


RULE = Rule(plugin=check)
