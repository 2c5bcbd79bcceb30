"""The schemas in the arguments of tools, each once, with the keys that lead to it from a tool's input schema.

Real APIs use one schema in hundreds of operations, so each schema is visited only once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from plugcli.document import Document, pointer, remembered
from plugcli.openapi.operation import follow
from plugcli.openapi.recipe import Tools
from plugcli.openapi.tool import Tool, tools

_ONE = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")
_MANY = ("allOf", "anyOf", "oneOf", "prefixItems")
_NAMED = ("properties", "patternProperties")


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """A schema, its pointer, the first tool that uses it, and the keys that lead to it there. `depth` counts objects and lists."""

    where: str
    schema: dict[str, Any]
    tool: Tool
    context: tuple[str, ...]
    depth: int


@remembered
def parts(document: Document, how: Tools) -> tuple[Part, ...]:
    """Every schema in the arguments of the tools."""
    return tuple(_parts(document, how))


def _parts(document: Document, how: Tools) -> Iterator[Part]:
    seen: set[int] = set()
    for tool in tools(document, how):
        yield from parts_of(document, tool, seen)


def parts_of(document: Document, tool: Tool, seen: set[int]) -> Iterator[Part]:
    """Every schema in the arguments of `tool`. Schemas whose `id` is in `seen` are skipped, and `seen` grows."""
    waiting: list[tuple[str, Any, tuple[str, ...], int]] = [
        (each.schema_where, each.schema, ("properties", each.name), 1) for each in tool.arguments
    ]
    while waiting:
        where, schema, context, depth = waiting.pop()
        where, schema = follow(document, where, schema)
        if not isinstance(schema, dict) or id(schema) in seen:
            continue
        seen.add(id(schema))
        yield Part(where, schema, tool, context, depth)
        waiting += _children(where, schema, context, depth + 1)


def _children(
    where: str, schema: dict[str, Any], context: tuple[str, ...], depth: int
) -> Iterator[tuple[str, Any, tuple[str, ...], int]]:
    for key, value in schema.items():
        if key in _NAMED:
            for name, each in value.items() if isinstance(value, dict) else ():
                yield where + pointer.join(key, name), each, (*context, key, name), depth
        elif key in _MANY:
            for index, each in enumerate(value if isinstance(value, list) else ()):
                yield f"{where}/{key}/{index}", each, (*context, key, str(index)), depth - 1
        elif key in _ONE:
            yield f"{where}/{key}", value, (*context, key), depth
