"""The plugin's server does not give the manifest or the OpenAPI document.

The host says only that it could not fetch it, and blames CORS on localhost. Here is the cause: nobody listens, the name is
unknown, the certificate is refused, an answer other than 200, a redirect to another domain, 15 seconds without an answer.

Bad:

    $ plugcli validate http://localhost:5003
    error: the manifest at http://localhost:5003/.well-known/ai-plugin.json: nobody listens there [unfetched]

Good:

    $ plugcli serve --port 5003 &
    $ plugcli validate http://localhost:5003
    http://localhost:5003: ChatGPT accepts it
"""

from plugcli.address import address
from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule


def check(plugin: Plugin, host: Host) -> Problems:
    unfetched = plugin.unfetched
    if unfetched is None:
        return
    where = Place(plugin.manifest, "/api/url") if plugin.manifest is not None else None
    kind = "redirect" if unfetched.is_refused else "local" if address(unfetched.url).is_local else "remote"
    claim = f"unfetched/{unfetched.document}/{kind}"
    what = "the manifest" if unfetched.document == "manifest" else "the OpenAPI document"
    yield Problem(where, f"{what} at {unfetched.url}: {unfetched.message}", claim, unfetched.hint)


RULE = Rule(plugin=check)
