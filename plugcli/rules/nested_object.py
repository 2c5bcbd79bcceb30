"""An operation takes an object inside another object.

The host asks the model for a flat list of values, which cannot hold an object: neither a parameter that is an object, nor a property of
the body that is an object or a list of objects (MicrosoftDocs/m365copilot-docs, known issues).

Bad:

    paths:
      /todos:
        post:
          operationId: addTodo
          description: Add a todo.
          requestBody:
            content:
              application/json:
                schema: {type: object, properties: {todo: {type: object, properties: {text: {type: string}}}}}
          responses: {"200": {description: The todo.}}

Good:

    paths:
      /todos:
        post:
          operationId: addTodo
          description: Add a todo.
          requestBody:
            content:
              application/json:
                schema: {type: object, properties: {text: {type: string}}}
          responses: {"200": {description: The todo.}}
"""

from typing import Any

from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.openapi.operation import follow
from plugcli.openapi.payload import Payload, payloads
from plugcli.rules import Place, Problem, Problems, Rule

_HINT = "put its properties beside the others: text and day in place of todo: {text, day}"


def check(openapi: Document, host: Host) -> Problems:
    seen: set[str] = set()
    for payload in payloads(openapi):
        if payload.where in seen or payload.kind == "response":
            continue
        seen.add(payload.where)
        if payload.kind == "parameter":
            if _is_object(openapi, payload.where, payload.schema):
                message = f"the parameter {payload.name} of {payload.operation.title} is an object"
                yield Problem(Place(openapi, payload.where), message, "nested-object", _HINT)
        else:
            yield from _properties(openapi, payload)


def _properties(openapi: Document, payload: Payload) -> Problems:
    properties = payload.schema.get("properties")
    for name, schema in properties.items() if isinstance(properties, dict) else ():
        where = payload.where + pointer.join("properties", name)
        if _is_object(openapi, where, schema):
            is_list = follow(openapi, where, schema)[1].get("type") == "array"
            what = "a list of objects" if is_list else "an object"
            message = f"the property {name} in the body of {payload.operation.title} is {what}"
            yield Problem(Place(openapi, where, of_key=True), message, "nested-object", _HINT)


def _is_object(openapi: Document, where: str, schema: Any) -> bool:
    """Whether it is an object or a list of objects, also inside as many lists as a reasonable document nests."""
    for _ in range(5):
        where, schema = follow(openapi, where, schema)
        if not isinstance(schema, dict) or schema.get("type") != "array":
            break
        where, schema = f"{where}/items", schema.get("items")
    return isinstance(schema, dict) and (
        schema.get("type") == "object" or isinstance(schema.get("properties"), dict)
    )


RULE = Rule(openapi=check, is_same_for_all=True)
