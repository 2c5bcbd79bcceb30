"""The manifest or the OpenAPI document cannot be fetched from the plugin's server.

The host says only that it could not fetch it, and on localhost it blames CORS. This rule names the cause: nothing listens, the name
is unknown, the certificate is refused, an answer other than 200, a redirect to another domain, 15 seconds without an answer.

Bad:

    $ plugcli validate http://localhost:5003
    error: the manifest at http://localhost:5003/.well-known/ai-plugin.json: nothing listens at localhost:5003 [unfetched]

Good:

    $ plugcli serve --port 5003 &
    $ plugcli validate http://localhost:5003
    http://localhost:5003: ChatGPT accepts it
"""

from plugcli.address import address
from plugcli.exchange import Part
from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule

_NAMES: dict[Part, str] = {"manifest": "the manifest", "openapi": "the OpenAPI document"}

_HINT = "request this URL yourself, for example with curl -i, and look at the server's log"


def check(plugin: Plugin, host: Host) -> Problems:
    for part, name in _NAMES.items():
        last = plugin.live.last(part) if plugin.live else None
        if last is None or last.failure is None:
            continue
        where = Place(plugin.manifest, last.where) if plugin.manifest is not None else None
        failure = last.failure
        kind = (
            "redirect" if failure.kind == "refused" else "local" if address(last.url).is_local else "remote"
        )
        claim = f"unfetched/{part}/{kind}"
        # Some hosts have a message of their own for an answer that is not 200.
        if last.status not in (0, 200) and f"unfetched/{part}/status" in host.claims:
            claim = f"unfetched/{part}/status"
        hint = failure.hint or _HINT
        if plugin.nearby is not None:
            hint += f"; {plugin.nearby} is an OpenAPI document: validate it directly to judge it alone"
        yield Problem(where, f"{name} at {last.url}: {failure.message}", claim, hint)


RULE = Rule(plugin=check)
