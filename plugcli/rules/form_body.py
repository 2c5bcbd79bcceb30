"""A form contains a list or an object.

`application/x-www-form-urlencoded` has only names and strings, and no standard says how to write a list or an object in it. Kiota, which
Microsoft's tools use to make a plugin, leaves such values out (microsoft/kiota, UrlFormEncodedComplex).

Bad:

    paths: {/todos: {post: {operationId: addTodos, summary: Add entries., responses: {"200": {description: Added}},
      requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object, properties: {
        todos: {type: array, items: {type: string}}}}}}}}}}

Good:

    paths: {/todos: {post: {operationId: addTodos, summary: Add entries., responses: {"200": {description: Added}},
      requestBody: {content: {application/json: {schema: {type: object, properties: {
        todos: {type: array, items: {type: string}}}}}}}}}}
"""

from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.openapi.operation import follow
from plugcli.openapi.payload import Payload, payloads
from plugcli.rules import Place, Problem, Problems, Rule

_FORM = "application/x-www-form-urlencoded"
_MOST_NAMES = 3
_SHOWN = {"array": "a list", "object": "an object"}


def check(openapi: Document, host: Host) -> Problems:
    if _FORM not in openapi.text or "form-body" not in host.claims:
        return
    for payload in payloads(openapi):
        properties = payload.schema.get("properties")
        if payload.kind != "body" or payload.media_type != _FORM or not isinstance(properties, dict):
            continue
        found = {name: _kind(openapi, payload, name, schema) for name, schema in properties.items()}
        strange = [f"{name} ({kind})" for name, kind in found.items() if kind]
        if strange:
            more = f" and {len(strange) - _MOST_NAMES} more" if len(strange) > _MOST_NAMES else ""
            message = (
                f"the form of {payload.operation.title} contains {', '.join(strange[:_MOST_NAMES])}{more}"
            )
            hint = "use application/json, or strings that your API parses"
            yield Problem(Place(openapi, payload.where), message, "form-body", hint)


def _kind(openapi: Document, payload: Payload, name: str, schema: object) -> str:
    """What the value is that a form cannot hold; empty if it can."""
    schema = follow(openapi, payload.where + pointer.join("properties", name), schema)[1]
    return _SHOWN.get(str(schema.get("type")), "") if isinstance(schema, dict) else ""


RULE = Rule(openapi=check)
