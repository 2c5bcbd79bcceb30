"""Tools: the operations of a document as functions that a model is given to call.

The parameters and the properties of the request body become the properties of one object, as in other converters. A schema is written
out once and then referred to; writing it out for every use takes hundreds of megabytes for real APIs. Fetches nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

from plugcli.document import Document, pointer, remembered
from plugcli.openapi.argument_name import shown_names
from plugcli.openapi.operation import Operation, follow
from plugcli.openapi.recipe import Tools
from plugcli.openapi.signature import Argument, Signature, signatures


@dataclass(frozen=True, eq=False)
class Tool:
    """A function that the model can call. `index` is its position in the list, and `text` the member with its description."""

    index: int
    name: str
    description: str
    text: str
    signature: Signature
    arguments: tuple[Argument, ...]
    _document: Document = field(repr=False)

    @property
    def operation(self) -> Operation:
        return self.signature.operation

    @cached_property
    def by_name(self) -> Mapping[str, Argument]:
        """The arguments by the name that the model is shown, in their order."""
        return shown_names(self.arguments)

    def shown_name(self, argument: Argument) -> str:
        """The name that the model is shown for `argument`, which is one of the tool's."""
        return self._names[argument]

    @cached_property
    def _names(self) -> Mapping[Argument, str]:
        return {argument: name for name, argument in self.by_name.items()}

    @cached_property
    def input_schema(self) -> dict[str, Any]:
        """A JSON Schema of an object that has the arguments by their shown names. What it refers to stands in its `$defs`."""
        properties: dict[str, Any] = {}
        required: list[str] = []
        needed: list[str] = []
        for name, argument in self.by_name.items():
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


@remembered
def tools(document: Document, how: Tools) -> tuple[Tool, ...]:
    """The tools that the recipe `how` makes of the document, in the order of the text."""
    found: list[Tool] = []
    for signature in signatures(document):
        operation = signature.operation
        name = operation.id or unnamed(operation, how)
        if not name:
            continue
        texts = {member: operation.data.get(member) for member in how.texts}
        text = next((member for member, value in texts.items() if isinstance(value, str) and value), "")
        inherited = signature.path_parameters if how.path_parameters else ()
        arguments = (*inherited, *signature.parameters, *signature.properties)
        if signature.whole_body is not None:
            arguments += (signature.whole_body,)
        described = str(texts.get(text, ""))
        found.append(Tool(len(found), name, described, text, signature, arguments, document))
    return tuple(found)


def unnamed(operation: Operation, how: Tools) -> str:
    """The name of an operation that has no operationId, empty if the operation does not become a tool."""
    name = how.unnamed.format(
        method=operation.method, METHOD=operation.method.upper(), path=operation.path.removeprefix("/")
    )
    return re.sub(how.unnamed_drops, "", name) if how.unnamed_drops else name


def _described(schema: Any, argument: Argument) -> Any:
    if argument.description and isinstance(schema, dict) and "description" not in schema:
        return {**schema, "description": argument.description}
    return schema


def _led_to_definitions(document: Document, schema: Any, needed: list[str]) -> Any:
    """`schema` with its local references pointing into `$defs`; their targets are added to `needed`. Other references are dropped."""
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
    """`schema` with what OpenAPI 3.0 writes differently turned into JSON Schema 2020-12, and without `required: true`."""
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
