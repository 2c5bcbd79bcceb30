"""The server sends the manifest or the OpenAPI document with the wrong Content-Type.

No chat host is known to refuse a document for its Content-Type. But a browser shows it wrongly, and programs that go by the type (a
proxy, a tool, the `json()` of many HTTP clients) fail. An HTML page in place of the document is a different problem, and an error.

Bad:

    $ curl -sI https://shop.example.com/.well-known/ai-plugin.json
    HTTP/1.1 200 OK
    Content-Type: text/html

Good:

    $ curl -sI https://shop.example.com/.well-known/ai-plugin.json
    HTTP/1.1 200 OK
    Content-Type: application/json
"""

from plugcli.document import Document
from plugcli.exchange import Exchange, Exchanges
from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule

# Static servers know no type for .yaml: text/plain and application/octet-stream are not wrong.
_VAGUE = ("", "text/plain", "application/octet-stream", "binary/octet-stream")


def check(plugin: Plugin, host: Host) -> Problems:
    live = plugin.live or Exchanges()
    for name, exchange, document, wanted in (
        ("the manifest", live.last("manifest"), plugin.manifest, ("json",)),
        ("the OpenAPI document", live.last("openapi"), plugin.openapi, ("json", "yaml", "openapi")),
    ):
        if exchange is None or document is None:
            continue
        given = exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
        if given in _VAGUE or any(each in given for each in wanted):
            continue
        better = "application/json" if document.text.lstrip()[:1] == "{" else "application/yaml"
        yield Problem(
            _place(plugin.manifest, exchange), f"{name} is sent as {given}", "content-type", f"send {better}"
        )


def _place(manifest: Document | None, exchange: Exchange) -> Place | None:
    return Place(manifest, exchange.where) if manifest is not None else None


RULE = Rule(plugin=check)
