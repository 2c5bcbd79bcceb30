"""`api.type` is not "openapi".

Hosts read no other description of an API than OpenAPI. They treat a missing type as "openapi": OpenAI's first example has no type,
and neither have three approved plugins.

Bad:

    "api": {"type": "mcp", "url": "https://todo.plugcli.dev/openapi.yaml"}

Good:

    "api": {"type": "openapi", "url": "https://todo.plugcli.dev/openapi.yaml"}
"""

from collections.abc import Iterator

from plugcli.document import Document
from plugcli.hosts import Claim, Host
from plugcli.rules import Place, Problem, Problems, Rule


def check(manifest: Document, host: Host) -> Problems:
    api = manifest.data.get("api")
    if not isinstance(api, dict) or host.api_type is None:
        return
    kind = api.get("type")
    if kind is None:
        hint = 'write "type": "openapi"'
        yield Problem(Place(manifest, "/api/type"), "api has no type", "api-type/missing", hint)
    elif kind not in host.api_type.values:
        shown = f'"{kind}"' if isinstance(kind, str) else "not a string"
        message = f"api.type is {shown}: the host reads only {host.api_type.words}"
        hint = f'write "type": {host.api_type.words}'
        yield Problem(Place(manifest, "/api/type"), message, host.api_type.otherwise, hint)


def asks(host: Host) -> Iterator[tuple[str, Claim]]:
    if host.api_type is not None:
        yield f"not {host.api_type.words}", host.api_type.otherwise


RULE = Rule(manifest=check, asks=asks)
