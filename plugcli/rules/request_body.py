"""A request body is not one JSON object.

The model calls a function by named arguments, and the members of the body are those: a list, a text, or a choice of schemas (`oneOf`,
`anyOf`, `allOf`) has no names to give. GPT Actions then skips the whole operation, and is known to send only application/json.

Bad:

    paths: {/todos: {post: {operationId: addTodos, summary: Add entries., responses: {"200": {description: Added}},
      requestBody: {content: {application/json: {schema: {type: array, items: {type: string}}}}}}}}

Good:

    paths: {/todos: {post: {operationId: addTodos, summary: Add entries., responses: {"200": {description: Added}},
      requestBody: {content: {application/json: {schema: {type: object, properties: {
        todos: {type: array, items: {type: string}}}}}}}}}}
"""

from typing import Any

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.operation import CALLED_METHODS, Operation, follow, json_body, operations
from plugcli.rules import Place, Problem, Problems, Rule

_CHOICES = ("oneOf", "anyOf", "allOf")


def check(openapi: Document, host: Host) -> Problems:
    for operation in operations(openapi):
        if operation.method not in CALLED_METHODS or "requestBody" not in operation.data:
            continue
        if (found := json_body(openapi, operation)) is not None:
            yield from _schema(openapi, operation, *found)
            continue
        where, body = follow(openapi, f"{operation.where}/requestBody", operation.data["requestBody"])
        content = body.get("content") if isinstance(body, dict) else None
        if isinstance(content, dict) and content and "application/json" not in content:
            message = f"the body of {operation.title} is {', '.join(content)}"
            hint = "take application/json too: nothing else is known to be sent"
            yield Problem(Place(openapi, f"{where}/content"), message, "request-body/type", hint)


def _schema(openapi: Document, operation: Operation, where: str, schema: dict[str, Any]) -> Problems:
    kind = schema.get("type")
    if kind == "object" or (isinstance(kind, list) and "object" in kind):
        return
    choice = next((each for each in _CHOICES if each in schema), None)
    if kind is None and choice is None and "properties" in schema:
        message = f"the body of {operation.title} has properties and no type"
        yield Problem(
            Place(openapi, where), message, "request-body/untyped", "add type: object beside properties"
        )
        return
    is_a = f"is a choice of schemas ({choice})" if choice else f"is {kind}" if kind else "has no type"
    hint = "make it one object"
    if choice:
        hint += " with the properties of all, and require only those they share"
    elif isinstance(kind, str):
        hint += f": {{type: object, properties: {{items: {{type: {kind}}}}}}}"
    message = f"the body of {operation.title} {is_a}, and must be an object"
    yield Problem(Place(openapi, where), message, "request-body/object", hint, operation.words)


RULE = Rule(openapi=check)
