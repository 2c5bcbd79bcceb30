"""`openaiFileResponse` is declared in a form that the host takes no files from.

The host takes files from a member of that name in an answer. It is a list of at most ten files; each is the URL of a file as a string, or
an object with `name`, `mime_type` and the `content` in base64 (OpenAI, returning files from GPT Actions). To the model, any other form is
only text.

Bad:

    paths: {/report: {get: {operationId: getReport, summary: Write a report., responses: {"200": {description: The report,
      content: {application/json: {schema: {type: object, properties: {
        openaiFileResponse: {type: string}}}}}}}}}}

Good:

    paths: {/report: {get: {operationId: getReport, summary: Write a report., responses: {"200": {description: The report,
      content: {application/json: {schema: {type: object, properties: {
        openaiFileResponse: {type: array, items: {type: object, properties: {
          name: {type: string}, mime_type: {type: string}, content: {type: string}}}}}}}}}}}}}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.operation import follow
from plugcli.openapi.payload import payloads
from plugcli.rules import Place, Problem, Problems, Rule

_NAME = "openaiFileResponse"
_MEMBERS = ("name", "mime_type", "content")
_HINT = "write {type: array, items: {type: string, format: uri}}, or objects with name, mime_type and content"


def check(openapi: Document, host: Host) -> Problems:
    if _NAME not in openapi.text or "file-response" not in host.claims:
        return
    seen = set()
    for payload in payloads(openapi):
        properties = payload.schema.get("properties")
        if payload.kind != "response" or not isinstance(properties, dict) or _NAME not in properties:
            continue
        where, schema = follow(openapi, f"{payload.where}/properties/{_NAME}", properties[_NAME])
        if where not in seen and (wrong := _wrong(openapi, where, schema)):
            yield Problem(Place(openapi, where), f"{_NAME} {wrong}", "file-response", _HINT)
        seen.add(where)


def _wrong(openapi: Document, where: str, schema: object) -> str:
    """Why the host takes no files from it; empty if it does."""
    if not isinstance(schema, dict) or schema.get("type") != "array":
        return "is not a list"
    items = follow(openapi, f"{where}/items", schema.get("items"))[1]
    members = items.get("properties") if isinstance(items, dict) else None
    if (
        not isinstance(items, dict)
        or items.get("type") not in ("object", None)
        or not isinstance(members, dict)
    ):
        is_address = isinstance(items, dict) and items.get("type") == "string"
        is_choice = isinstance(items, dict) and not {"oneOf", "anyOf"}.isdisjoint(items)
        return "" if is_address or is_choice else "is a list of neither URLs nor files"
    missing = [name for name in _MEMBERS if name not in members]
    return f"has files without {' and '.join(missing)}" if missing else ""


RULE = Rule(openapi=check)
