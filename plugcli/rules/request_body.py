"""A request body is not one JSON object with properties.

The model calls a function by named arguments, and the properties of the body are those: a list, a text, free-form data or a choice of
schemas has no names to give. GPT Actions skips the whole operation, other hosts leave out the body, and APIs of models refuse a
tool whose input is one of these. A form or a file is sent as JSON all the same, or not at all.

Bad:

    paths: {/todos: {post: {operationId: addTodos, summary: Add entries., responses: {"200": {description: Added}},
      requestBody: {content: {application/json: {schema: {type: array, items: {type: string}}}}}}}}

Good:

    paths: {/todos: {post: {operationId: addTodos, summary: Add entries., responses: {"200": {description: Added}},
      requestBody: {content: {application/json: {schema: {type: object, properties: {
        todos: {type: array, items: {type: string}}}}}}}}}}
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from plugcli.call import Call, calls, is_json
from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.operation import CALLED_METHODS, follow
from plugcli.rules import Place, Problem, Problems, Rule
from plugcli.tool import tools

_CHOICES = ("oneOf", "anyOf")
_NO_OBJECT = {"request-body/choice", "request-body/all-of", "request-body/list", "request-body/properties"}


@dataclass(frozen=True)
class _Found:
    where: str
    message: str
    claim: str
    hint: str
    kind: str = ""


def check(openapi: Document, host: Host) -> Problems:
    if not any(claim.startswith("request-body/") for claim in host.claims):
        return
    made = tools(openapi, host.tools) if host.tools is not None else ()
    places = {tool.operation.where: tool.index for tool in made}
    for call in calls(openapi):
        operation = call.operation
        if operation.method not in CALLED_METHODS:
            continue
        for found in _of(openapi, call):
            words = {
                "path": operation.path,
                "method": operation.method,
                "operation_id": operation.id,
                "index": places.get(operation.where, 0),
                "name": operation.id,
                "type": found.kind,
            }
            # Some hosts tell these bodies apart, to others each of them is simply no object.
            claim = "request-body/object" if found.claim in _NO_OBJECT - host.claims.keys() else found.claim
            yield Problem(Place(openapi, found.where), found.message, claim, found.hint, words)


def _of(openapi: Document, call: Call) -> Iterator[_Found]:
    title, data = call.operation.title, call.operation.data
    written = data.get("requestBody")
    if isinstance(written, dict) and "$ref" in written:
        message, hint = f"the body of {title} is a $ref", "write it out in the operation"
        yield _Found(f"{call.operation.where}/requestBody", message, "request-body/reference", hint)
    if not call.media_types:
        return
    if not any(is_json(each) for each in call.media_types):
        message = f"the body of {title} is {', '.join(call.media_types)}"
        hint = "take application/json too: nothing else is known to be sent"
        content = call.body_where.rsplit("/", 2)[0]
        yield _Found(content, message, "request-body/type", hint)
    elif call.body is not None:
        where, schema = follow(openapi, call.body_where, call.body)
        if (
            isinstance(schema, dict) and "$ref" not in schema
        ):  # else it leads to nothing, which references says
            yield from _shape(where, schema, call)


def _shape(where: str, schema: dict[str, Any], call: Call) -> Iterator[_Found]:
    title = call.operation.title
    kind = schema.get("type")
    choice = next((key for key in _CHOICES if isinstance(schema.get(key), list)), None)
    if choice is not None:
        message = f"the body of {title} is a choice of schemas ({choice})"
        hint = "make it one object with the properties of all, and require only those they share"
        yield _Found(where, message, "request-body/choice", hint, "object")
    elif isinstance(schema.get("allOf"), list):
        message = f"the body of {title} is put together of several schemas (allOf)"
        hint = "write the properties of all into one object"
        yield _Found(where, message, "request-body/all-of", hint, "object")
    elif isinstance(kind, str) and kind != "object":
        message = f"the body of {title} is of type {kind}, and must be an object"
        hint = f"make it one object: {{type: object, properties: {{items: {{type: {kind}}}}}}}"
        yield _Found(where, message, "request-body/list", hint, kind)
    elif not call.properties:
        message = f"the body of {title} has no properties: the model does not know what to send"
        yield _Found(
            where,
            message,
            "request-body/properties",
            "name the properties that the API understands",
            "object",
        )
    elif kind is None:
        message = f"the body of {title} has properties and no type"
        yield _Found(where, message, "request-body/untyped", "add type: object beside properties")


RULE = Rule(openapi=check)
