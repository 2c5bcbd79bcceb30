"""An operation requires several authentication methods, or one that the host does not know.

Hosts hold one key or one OAuth login for each plugin. An operation that always needs two schemes together cannot be called. An
operation whose only scheme is unknown to the host is called without authentication, and the API answers 401
(@microsoft/m365-spec-parser 0.3.2; microsoft/kiota).

Bad:

    security: [{key: [], user: []}]
    components:
      securitySchemes:
        key: {type: apiKey, in: header, name: X-Key}
        user: {type: http, scheme: bearer}

Good:

    security: [{user: []}]
    components:
      securitySchemes:
        user: {type: http, scheme: bearer}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.authorization import Scheme, ways
from plugcli.openapi.operation import operations
from plugcli.rules import Place, Problem, Problems, Rule

_TOGETHER = "operation-security/together"
_UNSUPPORTED = "operation-security/unsupported"
_SEVERAL = "operation-security/several"
_KEY = "operation-security/key"
_MESSAGES = {
    _TOGETHER: "{title} needs {names} together",
    _UNSUPPORTED: "{title} can be called only with {names}, which few hosts know",
    _KEY: "{title} requires an API key: {names}",
    _SEVERAL: "{title} can be called in {number} ways: {names}",
}
_BEARER = "every host accepts a bearer token: {type: http, scheme: bearer}"
_HINT = "require one bearer token, one key in a header, or one OAuth code flow"


def check(openapi: Document, host: Host) -> Problems:
    asked = [(operation, *ways(openapi, operation)) for operation in operations(openapi)]
    claims = [_claim(every_way) for _, _, every_way in asked]
    if claims and all(claim == _TOGETHER for claim in claims):
        message = "every operation needs several authentication methods together: none can be called"
        yield Problem(Place(openapi, asked[0][1]), message, "operation-security/none-left", _HINT)
        return
    seen: set[str] = set()
    for (operation, where, every_way), claim in zip(asked, claims, strict=True):
        if not claim or where in seen:  # what the document requires of every operation is one finding
            continue
        seen.add(where)
        title = "every operation without security of its own" if where == "/security" else operation.title
        names = ", ".join(dict.fromkeys(scheme.name for way in every_way for scheme in way))
        message = _MESSAGES[claim].format(title=title, names=names, number=len(every_way))
        words = {"operation_id": operation.id}
        yield Problem(Place(openapi, where), message, claim, _BEARER if claim == _KEY else _HINT, words)


def _claim(every_way: tuple[tuple[Scheme, ...], ...]) -> str:
    if not every_way:
        return ""
    if all(len(way) > 1 for way in every_way):
        return _TOGETHER
    if not any(len(way) == 1 and _is_usual(way[0]) for way in every_way):
        return _UNSUPPORTED
    if len(every_way) > 1:
        return _SEVERAL
    return _KEY if every_way[0][0].data.get("type") == "apiKey" else ""


def _is_usual(scheme: Scheme) -> bool:
    """Another rule reports a scheme that is not defined."""
    flows = scheme.data.get("flows")
    match scheme.data.get("type"):
        case "http":
            return str(scheme.data.get("scheme")).lower() == "bearer"
        case "apiKey":
            return scheme.data.get("in") != "cookie"
        case "oauth2":
            return isinstance(flows, dict) and "authorizationCode" in flows
    return not scheme.data


RULE = Rule(openapi=check, is_same_for_all=True)
