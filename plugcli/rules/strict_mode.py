"""A tool cannot be used in OpenAI's strict mode.

Strict mode makes the model follow the schema exactly. It is optional, and supports only a part of JSON Schema: no `allOf`, no `not`, no
conditions, ten levels, a thousand values of an `enum`, 5,000 properties, 120,000 characters of names and values (the structured outputs
guide). Because it is optional, this is a note.

Bad:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries
          parameters: [{name: done, in: query, schema: {allOf: [{type: boolean}]}}]
          responses: {"200": {description: The list}}

Good:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries
          parameters: [{name: done, in: query, schema: {type: boolean}}]
          responses: {"200": {description: The list}}
"""

from collections.abc import Callable
from typing import Any

from plugcli.document import Document
from plugcli.hosts import Host, Tools
from plugcli.openapi.tool import Tool, tools
from plugcli.openapi.tool_schema import parts, parts_of
from plugcli.rules import Place, Problem, Problems, Rule, measured

_UNKNOWN = ("allOf", "not", "dependentRequired", "dependentSchemas", "if", "then", "else")
# From this number of values on, the characters of an enum count too.
_LONG_ENUM = 250
_TEXT = "accept a string, and list its values in the description"
_PLAIN = "write the schema without it, or leave strict mode off"


def check(openapi: Document, host: Host) -> Problems:
    most_levels = host.limits.get("strict.depth", ())
    most_values = host.limits.get("strict.enum", ())
    if host.tools is None or "strict-mode" not in host.claims:
        return
    for part in parts(openapi, host.tools):
        title = part.tool.operation.title
        for key in _UNKNOWN:
            if key in part.schema:
                message = f"strict mode does not support {key}: {title} cannot be strict"
                yield Problem(
                    Place(openapi, f"{part.where}/{key}", of_key=True), message, "strict-mode", _PLAIN
                )
        for limit in most_levels:
            if part.depth == limit.most + 1:
                message = (
                    f"the arguments of {title} are more than {limit.most} levels deep: it cannot be strict"
                )
                yield Problem(
                    Place(openapi, part.where),
                    message,
                    limit.claim,
                    "ask for less at once, or make it flatter",
                )
        values = part.schema.get("enum")
        for limit in most_values:
            if isinstance(values, list) and len(values) > limit.most:
                message = (
                    f"the enum has {len(values):,} values, more than {limit.most:,}: {title} cannot be strict"
                )
                yield Problem(Place(openapi, f"{part.where}/enum"), message, limit.claim, _TEXT)
        for limit in host.limits.get("strict.enum-text", ()):
            if isinstance(values, list) and len(values) > _LONG_ENUM and _length(values) > limit.most:
                message = (
                    f"the enum of {len(values):,} values has {_length(values):,} characters, more than {limit.most:,}: "
                    f"{title} cannot be strict"
                )
                yield Problem(Place(openapi, f"{part.where}/enum"), message, limit.claim, _TEXT)
    yield from _sizes(openapi, host, host.tools)


def _sizes(openapi: Document, host: Host, how: Tools) -> Problems:
    """Tools that exceed a limit in total."""
    limits = [
        (measure, noun, limit)
        for name, (measure, noun) in _MEASURES.items()
        for limit in host.limits.get(name, ())
    ]
    # If all tools together are below the limit, so is each of them; most documents are far below it.
    whole = [part.schema for part in parts(openapi, how)]
    whole += (_properties(tool) for tool in tools(openapi, how))
    limits = [each for each in limits if sum(map(each[0], whole)) > each[2].most]
    for tool in tools(openapi, how) if limits else ():
        schemas = [part.schema for part in parts_of(openapi, tool, set())]
        for measure, noun, limit in limits:
            total = sum(map(measure, schemas)) + measure(_properties(tool))
            if total > limit.most:
                message = f"{tool.operation.title} has {total:,} {noun}, more than {limit.most:,}: it cannot be strict"
                place = Place(openapi, tool.operation.where, of_key=True)
                yield Problem(place, message, limit.claim, "ask for less at once")


def _properties(tool: Tool) -> dict[str, Any]:
    return {"properties": {argument.name: None for argument in tool.arguments}}


def _number(schema: dict[str, Any]) -> int:
    properties = schema.get("properties")
    return len(properties) if isinstance(properties, dict) else 0


def _text(schema: dict[str, Any]) -> int:
    """The characters of the names and values in the schema itself, without those inside it."""
    properties, values = schema.get("properties"), schema.get("enum")
    names = list(properties) if isinstance(properties, dict) else []
    return (
        _length(names) + _length(values if isinstance(values, list) else []) + _length([schema.get("const")])
    )


def _length(values: list[Any]) -> int:
    return sum(len(each) for each in values if isinstance(each, str))


# What is counted in a schema, and what it is called.
_MEASURES: dict[str, tuple[Callable[[dict[str, Any]], int], str]] = {
    "strict.properties": (_number, "properties"),
    "strict.text": (_text, "characters of names and values"),
}


RULE = Rule(openapi=check, asks=measured("strict.depth", "strict.enum", "strict.enum-text", *_MEASURES))
