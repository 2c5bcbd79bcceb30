"""Signatures: what can be sent with each operation of a document. References to parameters and bodies are followed.

This is the only place that reads an operation. What a model is shown of it is decided elsewhere: by the recipe for tools, or by a host.
Nothing is fetched.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from plugcli.document import Document, pointer, remembered
from plugcli.openapi.media_type import allows_json
from plugcli.openapi.operation import Operation, follow, operations

# The location of a property of the body, beside the four locations of parameters.
BODY = "body"
LOCATIONS = ("path", "query", "header", "cookie")
# Enough for any real body. A hostile document can nest `allOf` without end.
_MOST_PARTS = 1000


@dataclass(frozen=True, eq=False, slots=True)
class Argument:
    """One argument: a parameter, a property of the body, or the whole body.

    `location` is the parameter's `in`, or `body`. It is empty if the parameter cannot be sent, because it has no name or no valid
    `in`. `where` is the pointer to the parameter or the property. `schema` is as written in the document, references not
    followed, and `schema_where` is its pointer. `parameter` is the Parameter Object, which is empty for an argument in the body.
    `media_type` is set for a parameter that has `content` instead of a schema.
    """

    name: str
    location: str
    where: str
    schema: Mapping[str, Any]
    schema_where: str
    is_required: bool
    description: str
    parameter: Mapping[str, Any]
    media_type: str = ""

    @property
    def style(self) -> str:
        """How the value is serialized. The default depends on the location (OpenAPI, Parameter Object)."""
        style = self.parameter.get("style")
        return (
            style if isinstance(style, str) else "form" if self.location in ("query", "cookie") else "simple"
        )

    @property
    def explodes(self) -> bool:
        """Whether each item of a list or an object is sent separately, which is the default only for the style `form`."""
        explode = self.parameter.get("explode")
        return explode if isinstance(explode, bool) else self.style == "form"

    @property
    def allows_reserved(self) -> bool:
        """Whether characters that are reserved in a URL are sent without percent-encoding."""
        return self.parameter.get("allowReserved") is True


@dataclass(frozen=True, eq=False, slots=True)
class Body:
    """A body in one media type. `media` is the Media Type Object.

    `schema` is as written in the document, references not followed, or None if there is none. `where` is its pointer.
    """

    media_type: str
    media: Mapping[str, Any]
    schema: Mapping[str, Any] | None
    where: str


@dataclass(frozen=True, eq=False, slots=True)
class Signature:
    """What can be sent with one operation.

    `declared` has every parameter of the operation, then every parameter of its path, including those that cannot be sent and
    those that are declared twice. `parameters` are the operation's own parameters that can be sent, and `path_parameters` are those
    of its path that it does not override; both have each name and location once. `bodies` has every media type of the body.
    `body` is the one to send: JSON if it is offered, else the first. `properties` are the properties of that body. If it has none,
    `whole_body` is the body as a single argument.
    """

    operation: Operation
    declared: tuple[Argument, ...]
    parameters: tuple[Argument, ...]
    path_parameters: tuple[Argument, ...]
    bodies: tuple[Body, ...]
    body: Body | None
    body_is_required: bool
    properties: tuple[Argument, ...]
    whole_body: Argument | None


@remembered
def signatures(document: Document) -> tuple[Signature, ...]:
    """The signature of every operation, in the order of the text."""
    at = partial(follow, document)
    shared: dict[str, tuple[Argument, ...]] = {}
    found = []
    for operation in operations(document):
        if operation.path not in shared:
            holder = pointer.join("paths", operation.path, "parameters")
            shared[operation.path] = tuple(
                _parameters(at, holder, document.data["paths"][operation.path].get("parameters"))
            )
        found.append(_signature(at, operation, shared[operation.path]))
    return tuple(found)


def bodies(document: Document, where: str, holder: Any) -> tuple[Body, ...]:
    """The bodies in the `content` of `holder`, a request body or a response at the pointer `where`, which may be a reference."""
    return tuple(_bodies(*follow(document, where, holder)))


def json_body(document: Document, signature: Signature) -> tuple[str, Mapping[str, Any]] | None:
    """The pointer and the schema of the body in exactly `application/json`, references followed, or None if there is none."""
    body = next((each for each in signature.bodies if each.media_type == "application/json"), None)
    if body is None:
        return None
    where, schema = follow(document, body.where, body.schema)
    return (where, schema) if isinstance(schema, dict) and "$ref" not in schema else None


_At = Callable[[str, Any], tuple[str, Any]]


def _signature(at: _At, operation: Operation, of_path: tuple[Argument, ...]) -> Signature:
    own = tuple(_parameters(at, f"{operation.where}/parameters", operation.data.get("parameters")))
    parameters = _by_identity(own)
    inherited = {key: each for key, each in _by_identity(of_path).items() if key not in parameters}
    where, holder = at(f"{operation.where}/requestBody", operation.data.get("requestBody"))
    offered = tuple(_bodies(where, holder))
    body = _chosen(offered)
    is_required = isinstance(holder, dict) and holder.get("required") is True
    properties = tuple(_properties(at, body.where, body.schema)) if body is not None else ()
    whole = None
    if body is not None and body.schema is not None and not properties:
        whole = Argument(BODY, BODY, body.where, body.schema, body.where, is_required, "", {})
    return Signature(
        operation,
        (*own, *of_path),
        tuple(parameters.values()),
        tuple(inherited.values()),
        offered,
        body,
        is_required,
        properties,
        whole,
    )


def _by_identity(arguments: tuple[Argument, ...]) -> dict[tuple[str, str], Argument]:
    """The arguments that can be sent, by name and location, which identify a parameter. Of duplicates the last one counts."""
    return {(each.name, each.location): each for each in arguments if each.location}


def _parameters(at: _At, holder: str, listed: Any) -> Iterator[Argument]:
    for index, written in enumerate(listed if isinstance(listed, list) else ()):
        where, parameter = at(f"{holder}/{index}", written)
        if isinstance(parameter, dict) and "$ref" not in parameter:
            yield _parameter(where, parameter)


def _parameter(where: str, parameter: dict[str, Any]) -> Argument:
    name, location, description = parameter.get("name"), parameter.get("in"), parameter.get("description")
    schema, schema_where, media_type = parameter.get("schema"), f"{where}/schema", ""
    if not isinstance(schema, dict):
        schema_where = f"{where}/content"
        if (content := _chosen(tuple(_bodies(where, parameter)))) is not None:
            schema, schema_where, media_type = content.schema, content.where, content.media_type
    can_be_sent = isinstance(name, str) and location in LOCATIONS
    return Argument(
        name if isinstance(name, str) else "",
        str(location) if can_be_sent else "",
        where,
        schema if isinstance(schema, dict) else {},
        schema_where,
        parameter.get("required") is True or location == "path",
        description if isinstance(description, str) else "",
        parameter,
        media_type,
    )


def _bodies(where: str, holder: Any) -> Iterator[Body]:
    content = holder.get("content") if isinstance(holder, dict) else None
    for media_type, media in content.items() if isinstance(content, dict) else ():
        if isinstance(media, dict):
            schema = media.get("schema")
            yield Body(
                media_type,
                media,
                schema if isinstance(schema, dict) else None,
                where + pointer.join("content", media_type, "schema"),
            )


def _chosen(offered: tuple[Body, ...]) -> Body | None:
    """The media type to send: JSON if it is offered, else the first."""
    return next((each for each in offered if allows_json(each.media_type)), offered[0] if offered else None)


def _properties(at: _At, where: str, schema: Any) -> Iterator[Argument]:
    """The properties of a body, including those in the parts of an `allOf`. A part may require the properties of another."""
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
        yield Argument(
            name, BODY, place, each if isinstance(each, dict) else {}, place, name in wanted, "", {}
        )
