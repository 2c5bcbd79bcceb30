"""A schema says `type: object` but not which properties the object has.

The model sees an object without members: it can send nothing in a request, and does not know what to expect of an answer. GPT Actions
shows the message in red but works (three independent reports); OpenAI's API refuses such a function. `properties: {}` says explicitly
that there are none.

Bad:

    paths: {/todos: {get: {operationId: getTodos, summary: List them., responses: {"200": {description: The list,
      content: {application/json: {schema: {type: object}}}}}}}}

Good:

    paths: {/todos: {get: {operationId: getTodos, summary: List them., responses: {"200": {description: The list,
      content: {application/json: {schema: {type: object, properties: {todos: {type: string}}}}}}}}}}
"""

from collections.abc import Iterator
from typing import Any

from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.openapi.operation import CALLED_METHODS, operations
from plugcli.rules import Place, Problem, Problems, Rule

_JSON = ("content", "application/json", "schema")
# The path to a schema, the host's name for its place, the claim, and the schema.
_Found = tuple[tuple[str, ...], tuple[str, ...], str, Any]


def check(openapi: Document, host: Host) -> Problems:
    for parts, context, claim, schema in (*_components(openapi), *_of_operations(openapi)):
        if isinstance(schema, dict) and schema.get("type") == "object" and "properties" not in schema:
            what = context[-1] if context[0] == "components" else f"of the {claim.rpartition('/')[2]}"
            message = f"the schema {what} is an object without properties"
            hint = "list its properties, or write properties: {} if it has none"
            where = Place(openapi, pointer.join(*parts))
            yield Problem(where, message, claim, hint, {"context": context})


def _components(openapi: Document) -> Iterator[_Found]:
    schemas = openapi.get("components", "schemas")
    for name, schema in schemas.items() if isinstance(schemas, dict) else ():
        context = ("components", "schemas", name)
        yield context, context, "object-properties/component", schema


def _of_operations(openapi: Document) -> Iterator[_Found]:
    """The schemas of bodies and answers that the operation itself contains, with the host's names for their places."""
    for operation in operations(openapi):
        if operation.method not in CALLED_METHODS:
            continue
        start = ("paths", operation.path, operation.method)
        body = (*start, "requestBody", *_JSON)
        yield body, body, "object-properties/request", _schema(operation.data.get("requestBody"))
        responses = operation.data.get("responses")
        for status, response in responses.items() if isinstance(responses, dict) else ():
            # The host's message has no method here, and has the status before the word.
            context = ("paths", operation.path, status, "response", *_JSON)
            yield (
                (*start, "responses", status, *_JSON),
                context,
                "object-properties/response",
                _schema(response),
            )


def _schema(holder: Any) -> Any:
    for part in _JSON:
        holder = holder.get(part) if isinstance(holder, dict) else None
    return holder


RULE = Rule(openapi=check, is_same_for_all=True)
