"""A request body is not a JSON object with properties.

The model calls a function with named arguments, which are the properties of the body. A list, a string, free-form data or a choice of
schemas has no such names. GPT Actions skips the whole operation, other hosts leave out the body, and models' APIs refuse a tool with
such an input. Hosts send a form or a file as JSON, or not at all.

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

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.media_type import allows_json
from plugcli.openapi.operation import CALLED_METHODS, follow
from plugcli.openapi.signature import Signature, signatures
from plugcli.openapi.tool import tools
from plugcli.rules import Place, Problem, Problems, Rule

_CHOICES = ("oneOf", "anyOf")


@dataclass(frozen=True)
class _Found:
    """`claims` are ordered from those for this kind of body to those for all bodies. The first that the host makes counts."""

    where: str
    message: str
    hint: str
    claims: tuple[str, ...]
    type: str = "object"


def check(openapi: Document, host: Host) -> Problems:
    if not any(claim.startswith("request-body/") for claim in host.claims):
        return
    made = tools(openapi, host.tools) if host.tools is not None else ()
    places = {tool.operation.where: tool.index for tool in made}
    for signature in signatures(openapi):
        operation = signature.operation
        if operation.method not in CALLED_METHODS:
            continue
        for found in _of(openapi, signature):
            claim = next((each for each in found.claims if each in host.claims), None)
            if claim is None:
                continue
            words = {
                "path": operation.path,
                "method": operation.method,
                "operation_id": operation.id,
                "index": places.get(operation.where, 0),
                "name": operation.id,
                "type": found.type,
            }
            yield Problem(Place(openapi, found.where), found.message, claim, found.hint, words)


def _of(openapi: Document, signature: Signature) -> Iterator[_Found]:
    title, data = signature.operation.title, signature.operation.data
    written = data.get("requestBody")
    if isinstance(written, dict) and "$ref" in written:
        message, hint = f"the body of {title} is a $ref", "write the body itself in the operation"
        yield _Found(f"{signature.operation.where}/requestBody", message, hint, ("request-body/reference",))
    body = signature.body
    if body is None:
        return
    if not allows_json(body.media_type):
        message = f"the body of {title} is {', '.join(each.media_type for each in signature.bodies)}"
        hint = "accept application/json too: hosts are not known to send anything else"
        content = body.where.rsplit("/", 2)[0]
        yield _Found(content, message, hint, ("request-body/type",))
    elif body.schema is not None:
        where, schema = follow(openapi, body.where, body.schema)
        if (
            isinstance(schema, dict) and "$ref" not in schema
        ):  # otherwise it leads to nothing, which the rule references reports
            yield from _shape(where, schema, signature)


def _shape(where: str, schema: dict[str, Any], signature: Signature) -> Iterator[_Found]:
    title = signature.operation.title
    kind = schema.get("type")
    others: tuple[str, ...] = () if kind == "object" else ("request-body/object",)
    others += () if "properties" in schema else ("request-body/no-properties",)
    choice = next((key for key in _CHOICES if isinstance(schema.get(key), list)), None)
    if choice is not None:
        message = f"the body of {title} is a choice of schemas ({choice})"
        hint = "make it one object with the properties of all, and require only those that all have"
        yield _Found(where, message, hint, ("request-body/choice", *others))
    elif isinstance(schema.get("allOf"), list):
        message = f"the body of {title} combines several schemas (allOf)"
        hint = "write the properties of all in one object"
        yield _Found(where, message, hint, ("request-body/all-of", *others))
    elif isinstance(kind, str) and kind != "object":
        message = f"the body of {title} is of type {kind} but must be an object"
        hint = f"make it one object: {{type: object, properties: {{items: {{type: {kind}}}}}}}"
        yield _Found(where, message, hint, ("request-body/list", *others), kind)
    elif not signature.properties and "properties" not in schema:
        message = f"the body of {title} has no properties: the model does not know what to send"
        hint = "list the properties that the API accepts"
        yield _Found(where, message, hint, ("request-body/free-form", *others))
    elif kind is None:
        message = f"the body of {title} has properties but no type"
        yield _Found(where, message, "add type: object beside properties", ("request-body/untyped",))


RULE = Rule(openapi=check)
