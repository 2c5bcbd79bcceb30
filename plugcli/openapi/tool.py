"""Tools: what the operations of a document become where a model is given a list of functions to call.

Parameters and the properties of the request body become the arguments of one object, as converters do. A schema is never written out
for every use of it, which for real APIs takes hundreds of megabytes. Fetches nothing.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import quote

from plugcli.document import Document, pointer
from plugcli.openapi.call import BODY, Argument, Call, calls
from plugcli.openapi.operation import Operation, follow
from plugcli.openapi.recipe import Tools


@dataclass(frozen=True, eq=False)
class Tool:
    """A function that the model can call. `index` is its place in the list, `text` the member that describes it."""

    index: int
    name: str
    description: str
    text: str
    call: Call
    arguments: tuple[Argument, ...]
    _document: Document = field(repr=False)

    @property
    def operation(self) -> Operation:
        return self.call.operation

    @cached_property
    def input_schema(self) -> dict[str, Any]:
        """A JSON Schema of an object that has the arguments, complete in itself: what it refers to stands in `$defs`.

        Of two arguments with the same name the one in the body keeps it, and the other gets its place as an ending.
        """
        names = [each.name for each in self.arguments]
        properties: dict[str, Any] = {}
        required: list[str] = []
        needed: list[str] = []
        for argument in self.arguments:
            is_alone = names.count(argument.name) == 1 or argument.place == BODY
            name = argument.name if is_alone else f"{argument.name}__{argument.place}"
            properties[name] = _described(
                _led_to_definitions(self._document, argument.schema, needed), argument
            )
            if argument.is_required:
                required.append(name)
        schema: dict[str, Any] = {"type": "object", "properties": properties}
        if required:
            schema["required"] = required
        if not properties:
            schema["additionalProperties"] = False
        if definitions := _definitions(self._document, needed):
            schema["$defs"] = definitions
        return schema


@lru_cache(maxsize=8)
def tools(document: Document, how: Tools) -> tuple[Tool, ...]:
    """The tools that a host which makes them like `how` gets from the document, in the order of the text."""
    found: list[Tool] = []
    for call in calls(document):
        operation = call.operation
        name = operation.id or unnamed(operation, how)
        if not name:
            continue
        texts = {member: operation.data.get(member) for member in how.texts}
        text = next((member for member, value in texts.items() if isinstance(value, str) and value), "")
        own = {(each.name, each.place) for each in call.parameters}
        inherited = call.path_parameters if how.path_parameters else ()
        arguments = [each for each in inherited if (each.name, each.place) not in own]
        arguments += [*call.parameters, *call.properties]
        if call.has_whole_body:
            required = call.body_is_required
            arguments.append(Argument(BODY, BODY, call.body_where, call.body, call.body_where, required))
        described = str(texts.get(text, ""))
        found.append(Tool(len(found), name, described, text, call, tuple(arguments), document))
    return tuple(found)


def unnamed(operation: Operation, how: Tools) -> str:
    """The name that the operation gets without an operationId, empty where it becomes no tool."""
    name = how.unnamed.format(
        method=operation.method, METHOD=operation.method.upper(), path=operation.path.removeprefix("/")
    )
    return re.sub(how.unnamed_drops, "", name) if how.unnamed_drops else name


def _described(schema: Any, argument: Argument) -> Any:
    if argument.description and isinstance(schema, dict) and "description" not in schema:
        return {**schema, "description": argument.description}
    return schema


def _led_to_definitions(document: Document, schema: Any, needed: list[str]) -> Any:
    """`schema`, its local references led to `$defs`; the pointers of what they name join `needed`. Others are left out."""
    if isinstance(schema, list):
        return [_led_to_definitions(document, each, needed) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if not isinstance(schema.get("$ref"), str):
        return _modern({key: _led_to_definitions(document, each, needed) for key, each in schema.items()})
    where = follow(document, "", schema)[0]
    if not where:
        return {}
    needed.append(where)
    return {"$ref": "#" + quote(pointer.join("$defs", _name(where)), safe="/$~")}


def _modern(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` without what OpenAPI 3.0 writes otherwise than JSON Schema 2020-12, and without `required: true`."""
    for bound, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(schema.get(bound), bool) and schema.pop(bound) and limit in schema:
            schema[bound] = schema.pop(limit)
    if isinstance(schema.get("required"), bool):
        del schema["required"]
    if schema.get("nullable") is True and isinstance(schema.get("type"), str):
        del schema["nullable"]
        schema["type"] = [schema["type"], "null"]
        if isinstance(schema.get("enum"), list):
            schema["enum"] = [*schema["enum"], None]
    return schema


def _definitions(document: Document, needed: list[str]) -> dict[str, Any]:
    definitions: dict[str, Any] = {}
    while needed:
        where = needed.pop()
        if _name(where) not in definitions:
            schema = document.get(*pointer.split(where))
            definitions[_name(where)] = _led_to_definitions(document, schema, needed)
    return definitions


def _name(where: str) -> str:
    parts = pointer.split(where)
    return parts[2] if parts[:2] == ["components", "schemas"] and len(parts) == 3 else where
