"""There are several security schemes, or one that the host cannot use.

A host sets up one kind of authentication: none, a key (`http` with basic or bearer, or an `apiKey` in a header), or OAuth with a code that
is exchanged for a token. It ignores a second scheme, and does not send a key in the query or a cookie. A document may mix operations with
and without a key.

Bad:

    components: {schemas: {}, securitySchemes: {a: {type: http, scheme: bearer}, b: {type: apiKey, in: header, name: X-Key}}}

Good:

    components: {schemas: {}, securitySchemes: {a: {type: http, scheme: bearer}}}
"""

from typing import Any

from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule

_KEY = (
    "use a key that the host can send: {type: http, scheme: bearer}, or {type: apiKey, in: header, name: ...}"
)
_LOGIN = "describe authorizationCode, with its authorizationUrl and tokenUrl"


def check(openapi: Document, host: Host) -> Problems:
    schemes = openapi.get("components", "securitySchemes")
    if not isinstance(schemes, dict):
        return
    for index, (name, scheme) in enumerate(schemes.items()):
        where = Place(openapi, pointer.join("components", "securitySchemes", name))
        if index == 1:
            message = (
                f"there are {len(schemes)} security schemes, but the host uses only one; {name} is the second"
            )
            yield Problem(where, message, "security-schemes/several", "keep the one that the API needs")
        elif index == 0 and isinstance(scheme, dict) and (strange := _strange(scheme)):
            hint = _LOGIN if scheme["type"] in ("oauth2", "openIdConnect") else _KEY
            yield Problem(where, f"the security scheme {name} {strange}", "security-schemes/kind", hint)


def _strange(scheme: dict[str, Any]) -> str:
    """What a host cannot do with `scheme`; empty if it can use it."""
    match scheme:
        case {"type": "apiKey", "in": "query" | "cookie" as place}:
            return f"is a key in the {place}"
        case {"type": "http", "scheme": str(scheme_name)} if scheme_name.lower() not in ("basic", "bearer"):
            return f"is http {scheme_name}"
        case {"type": "oauth2", "flows": dict(flows)} if flows and "authorizationCode" not in flows:
            return f"is OAuth without authorizationCode: {', '.join(flows)}"
        case {"type": "openIdConnect" | "mutualTLS" as kind}:
            return f"is {kind}"
    return ""


RULE = Rule(openapi=check)
