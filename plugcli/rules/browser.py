"""Not every browser lets a host's page reach the user's own machine.

The browser sends the requests to a plugin on localhost. Safari blocks http on localhost as mixed content, and Brave's shields block it too,
whatever the server answers (openai/plugins-quickstart#11). Chrome asks the user for permission since version 142. In each case the host
blames CORS.

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
    message = (
        "only some browsers let a page on https reach localhost: "
        "Safari and Brave do not, and Chrome asks the user for permission"
    )
    yield Problem(None, message, "browser", "try it in Chrome or Firefox")


RULE = Rule(plugin=check)
