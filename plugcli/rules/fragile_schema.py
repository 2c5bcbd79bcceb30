"""The schema of a parameter or a body has a form that some hosts get wrong.

The host describes a parameter or a body to the model from its schema. Authors of GPT Actions report that some schemas come out wrong:
choices (`anyOf`, `oneOf`, and so the `X or null` that FastAPI writes for an optional value), an array whose items are `{}`, and a schema
with nothing but a title. They also report that `explode: false` is ignored (community.openai.com/t/732623). A plain type works everywhere.

Bad:

    paths: {/todos: {get: {operationId: getTodos, summary: List them., responses: {"200": {description: The list}}, parameters: [
      {name: day, in: query, schema: {anyOf: [{type: string}, {type: "null"}]}}]}}}

Good:

    paths: {/todos: {get: {operationId: getTodos, summary: List them., responses: {"200": {description: The list}}, parameters: [
      {name: day, in: query, schema: {type: string}}]}}}
"""

from collections.abc import Iterator
from typing import Any

from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.openapi.operation import CALLED_METHODS, follow
from plugcli.openapi.signature import json_body, signatures
from plugcli.rules import Place, Problem, Problems, Rule

_CLAIMS = ("fragile-schema/choice", "fragile-schema/untyped", "fragile-schema/explode")
_TEXTS = {"title", "description"}


def check(openapi: Document, host: Host) -> Problems:
    if host.claims.keys().isdisjoint(_CLAIMS):
        return
    seen: set[str] = set()
    for title, where, schema in _filled_in(openapi):
        for place, found in _schemas(openapi, where, schema, seen):
            choice = next((each for each in ("anyOf", "oneOf") if isinstance(found.get(each), list)), None)
            if choice is not None:
                message = f"a schema in the request of {title} uses {choice}"
                hint = "use one type without null: a value that is not required may be left out"
                yield Problem(Place(openapi, f"{place}/{choice}"), message, "fragile-schema/choice", hint)
            elif found.keys() <= _TEXTS:
                message = f"the schema has {'a ' + ' and a '.join(found) + ' and ' if found else ''}no type"
                yield Problem(
                    Place(openapi, place),
                    message,
                    "fragile-schema/untyped",
                    "add type: string, or the type that it has",
                )
    yield from _explode(openapi)


def _explode(openapi: Document) -> Problems:
    for signature in signatures(openapi):
        for each in signature.declared:
            if each.parameter.get("explode") is False and each.location == "query":
                message = f"the host ignores explode: false of the parameter {each.name}"
                hint = "accept a list as a=1&a=2, or one string with commas in it: schema: {type: string}"
                yield Problem(
                    Place(openapi, f"{each.where}/explode"), message, "fragile-schema/explode", hint
                )


def _filled_in(openapi: Document) -> Iterator[tuple[str, str, Any]]:
    """The schemas of parameters and bodies, with their operations and places in the document."""
    for signature in signatures(openapi):
        operation = signature.operation
        if operation.method not in CALLED_METHODS:
            continue
        for declared in signature.declared:
            if "schema" in declared.parameter:
                yield operation.title, f"{declared.where}/schema", declared.parameter["schema"]
        if (body := json_body(openapi, signature)) is not None:
            where, schema = body
            properties = schema.get("properties")
            # The rule request-body reports the body itself.
            for name, each in properties.items() if isinstance(properties, dict) else ():
                yield operation.title, where + pointer.join("properties", name), each


def _schemas(
    openapi: Document, where: str, schema: Any, seen: set[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """`schema` and the schemas inside it, each once."""
    waiting = [(where, schema)]
    while waiting:
        where, schema = follow(openapi, *waiting.pop())
        if where in seen or not isinstance(schema, dict) or "$ref" in schema:
            continue
        seen.add(where)
        yield where, schema
        waiting.append((f"{where}/items", schema.get("items")))
        properties = schema.get("properties")
        for name, each in properties.items() if isinstance(properties, dict) else ():
            waiting.append((where + pointer.join("properties", name), each))


RULE = Rule(openapi=check)
