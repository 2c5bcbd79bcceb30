"""The server takes longer to send the manifest or the OpenAPI document than the host waits.

ChatGPT waits 15 seconds for each (OpenAI's documentation, production), including all redirects; Dify waits 5 for the document. A server
that sleeps when it is idle is often slow only for the first request, which is when the plugin is installed.

Bad:

    $ curl -so openapi.yaml -w '%{time_total}' https://shop.example.com/openapi.yaml
    16.2

Good:

    $ curl -so openapi.yaml -w '%{time_total}' https://shop.example.com/openapi.yaml
    0.2
"""

from collections.abc import Iterator

from plugcli.exchange import Exchanges, Part
from plugcli.hosts import Claim, Host, Limit
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule

_NAMES: dict[Part, str] = {"manifest": "the manifest", "openapi": "the OpenAPI document"}


def check(plugin: Plugin, host: Host) -> Problems:
    live = plugin.live or Exchanges()
    for part, name in _NAMES.items():
        last = live.last(part)
        if last is None or last.failure is not None:
            continue
        seconds = sum(each.seconds for each in live.of(part))
        for limit in _limits(host, part):
            if seconds > limit.most:
                where = Place(plugin.manifest, last.where) if plugin.manifest is not None else None
                message = f"{name} took {seconds:.1f} seconds, but the host waits only {limit.most}"
                yield Problem(where, message, limit.claim, "answer faster, or keep the server awake")
                break


def _limits(host: Host, part: Part) -> tuple[Limit, ...]:
    """How long the host waits for `part`: `answer` is either of them."""
    return host.limits.get(f"{part}.seconds", host.limits.get("answer.seconds", ()))


def asks(host: Host) -> Iterator[tuple[str, Claim]]:
    for name in ("answer", *_NAMES):
        for limit in host.limits.get(f"{name}.seconds", ()):
            yield f"{name} over {limit.most} seconds", limit.claim


RULE = Rule(plugin=check, asks=asks)
