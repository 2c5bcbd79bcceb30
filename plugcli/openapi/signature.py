"""Calls: what can be sent with each operation of a document, references to parameters and bodies followed. Fetches nothing.

What a host makes of it is not known here: that is a tool, or the host's own.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from plugcli.document import Document, pointer, remembered
from plugcli.openapi.operation import Operation, follow, operations

# Where a property of the body has its place, beside those of parameters.
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


@remembered
def calls(document: Document) -> tuple[Call, ...]:
    """Every operation with what can be sent with it."""
    at = partial(follow, document)
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
    """The properties of a body, also those in the parts of an `allOf`, each of which may require those of another."""
    waiting = [(where, schema)]
    seen: set[int] = set()
    wanted: set[str] = set()
    found: dict[str, tuple[str, Any]] = {}
    while waiting and len(seen) < _MOST_PARTS:
        place, value = at(*waiting.pop(0))
        if not isinstance(value, dict) or id(value) in seen:
            continue
        seen.add(id(value))
        required, properties, parts = value.get("required"), value.get("properties"), value.get("allOf")
        if isinstance(required, list):
            wanted.update(each for each in required if isinstance(each, str))
        for name, each in properties.items() if isinstance(properties, dict) else ():
            found.setdefault(name, (place + pointer.join("properties", name), each))
        if isinstance(parts, list):
            waiting += [(f"{place}/allOf/{index}", part) for index, part in enumerate(parts)]
    for name, (place, each) in found.items():
        yield Argument(name, BODY, place, each if isinstance(each, dict) else {}, place, name in wanted)
