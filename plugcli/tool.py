"""Tools: what the operations of a document become where a model is given a list of functions to call.

Parameters and the properties of the request body become the arguments of one object, as converters do. References are
followed inside the document only, and each once: a schema is never written out for every use of it, which for real APIs
takes hundreds of megabytes. Fetches nothing.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import quote

from plugcli.document import Document, pointer
from plugcli.hosts import Tools
from plugcli.operation import Operation, follow, operations

# The argument that holds a body which has no properties of its own, such as a list.
BODY = "body"
_PLACES = ("path", "query", "header", "cookie")
# Enough for any body that somebody wrote; a document can nest `allOf` without end.
_MOST_PARTS = 1000


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument. `place` is the parameter's `in`, or `body`; `where` the pointer to the parameter or the property.

    `schema` is as it stands in the document, references not followed, and `schema_where` its pointer.
    """

    name: str
    place: str
    where: str
    schema: Any
    schema_where: str
    is_required: bool
    description: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class Call:
    """An operation and what can be sent with it, each reference to a parameter or a body followed.

    `body` is the schema of the body that a converter takes, `body_where` its pointer, `media_types` those that are offered.
    """

    operation: Operation
    parameters: tuple[Argument, ...]
    path_parameters: tuple[Argument, ...]
    body: Mapping[str, Any] | None
    body_where: str
    body_is_required: bool
    media_types: tuple[str, ...]
    properties: tuple[Argument, ...]

    @property
    def has_whole_body(self) -> bool:
        """Whether the body is one argument, for want of properties."""
        return self.body is not None and not self.properties


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


@lru_cache(maxsize=2)
def calls(document: Document) -> tuple[Call, ...]:
    """Every operation with what can be sent with it."""
    known: dict[str, tuple[str, Any]] = {}

    def at(where: str, value: Any) -> tuple[str, Any]:
        reference = value.get("$ref") if isinstance(value, dict) else None
        if not isinstance(reference, str):
            return where, value
        if reference not in known:
            known[reference] = follow(document, where, value)
        return known[reference]

    shared: dict[str, tuple[Argument, ...]] = {}
    found = []
    for operation in operations(document):
        if operation.path not in shared:
            holder = pointer.join("paths", operation.path, "parameters")
            shared[operation.path] = tuple(
                _parameters(at, holder, document.data["paths"][operation.path].get("parameters"))
            )
        own = tuple(_parameters(at, f"{operation.where}/parameters", operation.data.get("parameters")))
        found.append(_call(at, operation, own, shared[operation.path]))
    return tuple(found)


_At = Callable[[str, Any], tuple[str, Any]]


def _parameters(at: _At, holder: str, listed: Any) -> Iterator[Argument]:
    for index, parameter in enumerate(listed if isinstance(listed, list) else ()):
        where, value = at(f"{holder}/{index}", parameter)
        if not isinstance(value, dict) or not isinstance(name := value.get("name"), str):
            continue
        place, schema_where, schema = value.get("in"), f"{where}/schema", value.get("schema")
        if place not in _PLACES:
            continue
        if not isinstance(schema, dict):
            schema_where, schema = _content(at, where, value)[:2]
        description = value.get("description")
        yield Argument(
            name,
            place,
            where,
            schema if isinstance(schema, dict) else {},
            schema_where,
            value.get("required") is True or place == "path",
            description if isinstance(description, str) else "",
        )


def _call(at: _At, operation: Operation, own: tuple[Argument, ...], inherited: tuple[Argument, ...]) -> Call:
    where, body = at(f"{operation.where}/requestBody", operation.data.get("requestBody"))
    if not isinstance(body, dict):
        return Call(operation, own, inherited, None, where, False, (), ())
    schema_where, schema, media_types = _content(at, where, body)
    properties = tuple(_properties(at, schema_where, schema)) if isinstance(schema, dict) else ()
    is_required = body.get("required") is True
    if not isinstance(schema, dict):
        schema = None
    return Call(operation, own, inherited, schema, schema_where, is_required, media_types, properties)


def _content(at: _At, where: str, holder: dict[str, Any]) -> tuple[str, Any, tuple[str, ...]]:
    """Pointer and schema of the media type that a converter takes, JSON before others, and all that are offered."""
    content = holder.get("content")
    offered = (
        [each for each in content if isinstance(content[each], dict)] if isinstance(content, dict) else []
    )
    if not offered:
        return f"{where}/content", None, ()
    chosen = next((each for each in offered if is_json(each)), offered[0])
    schema_where = where + pointer.join("content", chosen, "schema")
    return schema_where, holder["content"][chosen].get("schema"), tuple(offered)


def is_json(media_type: str) -> bool:
    """Whether a body of this media type is JSON."""
    kind = media_type.partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json") or kind == "*/*"


def _properties(at: _At, where: str, schema: Any) -> Iterator[Argument]:
    """The properties of a body, also those in the parts of an `allOf`."""
    waiting = [(where, schema)]
    seen: set[int] = set()
    names: set[str] = set()
    while waiting and len(seen) < _MOST_PARTS:
        place, value = at(*waiting.pop(0))
        if not isinstance(value, dict) or id(value) in seen:
            continue
        seen.add(id(value))
        required = value.get("required")
        wanted = {each for each in required if isinstance(each, str)} if isinstance(required, list) else set()
        properties = value.get("properties")
        for name, each in properties.items() if isinstance(properties, dict) else ():
            if name not in names:
                names.add(name)
                property_where = place + pointer.join("properties", name)
                yield Argument(
                    name,
                    BODY,
                    property_where,
                    each if isinstance(each, dict) else {},
                    property_where,
                    name in wanted,
                )
        parts = value.get("allOf")
        if isinstance(parts, list):
            waiting += [(f"{place}/allOf/{index}", part) for index, part in enumerate(parts)]


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
