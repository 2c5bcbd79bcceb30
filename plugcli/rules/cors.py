"""A server on localhost does not let the host's page read its answers.

The user's browser sends the requests of the page https://chat.openai.com to a plugin on localhost, always with `Content-Type:
application/json`. So it first sends a preflight: OPTIONS, with the method and the headers that it wants to send. The Fetch Standard
defines what the answer must say; Chrome adds `Access-Control-Allow-Private-Network`. Whatever is missing, the host says only "CORS"
(openai/plugins-quickstart#11, #22). The preflights of operations carry the headers of calls; one operation of each method is tried.

Bad:

    $ curl -si -X OPTIONS localhost:5003/.well-known/ai-plugin.json
    HTTP/1.1 405 Method Not Allowed

Good:

    $ curl -si -X OPTIONS localhost:5003/.well-known/ai-plugin.json
    HTTP/1.1 204 No Content
    Access-Control-Allow-Origin: https://chat.openai.com
    Access-Control-Allow-Methods: GET, POST, PUT, PATCH, DELETE
    Access-Control-Allow-Headers: content-type, openai-conversation-id, openai-ephemeral-user-id
    Access-Control-Allow-Private-Network: true
"""

from plugcli.exchange import Exchange, Exchanges, Part
from plugcli.exchange.cors import Obstacle, closed, obstacles
from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule

_CLAIMS: dict[Part, str] = {
    "manifest": "cors/manifest",
    "openapi": "cors/openapi",
    "operation": "cors/operation",
}
_NAMES: dict[Part, str] = {"manifest": "the manifest", "openapi": "the OpenAPI document"}


def check(plugin: Plugin, host: Host) -> Problems:
    for found, exchanges in _grouped(plugin.live or Exchanges()).items():
        first = exchanges[0]
        claim = "cors/private-network" if found.kind == "private-network" else _CLAIMS[first.part]
        names = list(dict.fromkeys(_name(each) for each in exchanges))
        listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
        message = f"the browser blocks {listed} for the host's page: {found.message}"
        yield Problem(_place(plugin, first), message, claim, found.hint)


def _grouped(live: Exchanges) -> dict[Obstacle, list[Exchange]]:
    """Each problem and the requests that have it: a server usually sets CORS in one place."""
    found: dict[Obstacle, list[Exchange]] = {}
    for part in _CLAIMS:
        exchanges = live.of(part)
        if part != "operation" and exchanges and exchanges[-1].failure is not None:
            continue  # there is no answer that the page could read
        is_off = False
        for exchange in exchanges:
            for obstacle in _closed(exchange) or obstacles(exchange):
                if obstacle.kind != "off" or part == "operation" or not is_off:
                    found.setdefault(obstacle, []).append(exchange)
                is_off |= obstacle.kind == "off"
    return found


def _closed(exchange: Exchange) -> list[Obstacle]:
    """A preflight that got no answer, although the request itself got one."""
    if exchange.method != "OPTIONS" or exchange.failure is None:
        return []
    return [closed(exchange.failure.message)]


def _name(exchange: Exchange) -> str:
    return _NAMES.get(exchange.part) or f"{exchange.wants_method} calls"


def _place(plugin: Plugin, exchange: Exchange) -> Place | None:
    document = plugin.openapi if exchange.part == "operation" else plugin.manifest
    return (
        Place(document, exchange.where, of_key=exchange.part == "operation")
        if document and exchange.where
        else None
    )


RULE = Rule(plugin=check)
