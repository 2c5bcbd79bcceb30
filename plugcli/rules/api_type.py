"""`api.type` is not "openapi".

The host knows one kind of API description. An absent type is taken as "openapi": OpenAI's first example
has none.
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule


def check(manifest: Document, host: Host) -> Problems:
    api = manifest.data.get("api")
    if not isinstance(api, dict) or host.api_type is None:
        return
    kind = api.get("type")
    wanted = " or ".join(f'"{each}"' for each in host.api_type.values)
    if kind is None:
        hint = 'write "type": "openapi"'
        yield Problem(Place(manifest, "/api/type"), "api has no type", "api-type/missing", hint)
    elif kind not in host.api_type.values:
        shown = f'"{kind}"' if isinstance(kind, str) else "no text"
        message = f"api.type is {shown}, and the host reads only {wanted}"
        yield Problem(Place(manifest, "/api/type"), message, host.api_type.otherwise)


RULE = Rule(manifest=check)
