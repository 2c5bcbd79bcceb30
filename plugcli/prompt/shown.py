"""The arguments of an operation as a chat host shows them to the model: path, query and body in one flat list.

This imitates ChatGPT, with all that ChatGPT overlooks: references to parameters, parameters of the path, other media types than JSON.
It is therefore kept apart from `plugcli.openapi.signature`, which reads the document correctly. Whatever the host skips is named,
with the reason. Nothing is judged here; rules do that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plugcli.document import Document
from plugcli.openapi.operation import Operation, follow

JSON = "application/json"
# The host sets headers and cookies itself: it lets the model fill in neither.
_LOCATIONS = ("path", "query")


@dataclass(frozen=True)
class ShownArgument:
    """One argument that the model fills in."""

    name: str
    schema: Any
    description: str
    is_required: bool


@dataclass(frozen=True)
class LeftOut:
    """Something that the author wrote but the model does not read, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class Arguments:
    """The arguments of an operation that the model sees, and what it does not see.

    `trouble` says why the host skips the whole operation; it is empty if the host does not skip it.
    """

    shown: tuple[ShownArgument, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    trouble: str = ""


def arguments(document: Document, operation: Operation) -> Arguments:
    """What the model gives to call `operation`."""
    left_out: list[LeftOut] = []
    found = operation.data.get("parameters")
    written = found if isinstance(found, list) else []
    for parameter in written:
        if not isinstance(parameter, dict) or "$ref" in parameter:
            return Arguments(trouble="a parameter is a $ref, which the host does not follow")
        if not isinstance(parameter.get("name"), str):
            return Arguments(trouble="a parameter has no name")
    shown = [*_parameters(written, left_out), *_body(document, operation, left_out)]
    seen = set[str]()
    for each in shown:
        if each.name in seen:
            return Arguments(trouble=f"two arguments have the name {each.name}")
        seen.add(each.name)
    return Arguments(tuple(shown), tuple(left_out))


def json_schema(document: Document, holder: Any) -> Any:
    """The schema of the JSON in a request body or a response, or None if it has no JSON."""
    value = follow(document, "", holder)[1]
    content = value.get("content") if isinstance(value, dict) else None
    media = content.get(JSON) if isinstance(content, dict) else None
    return media.get("schema") if isinstance(media, dict) else None


def resolved(document: Document, schema: Any) -> dict[str, Any]:
    """The schema that the references in `schema` lead to, or an empty one if they lead nowhere."""
    value = follow(document, "", schema)[1]
    return value if isinstance(value, dict) and not isinstance(value.get("$ref"), str) else {}


def properties(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of an object's schema, empty if it has none or has another type."""
    found = schema.get("properties")
    is_object = schema.get("type") in (None, "object")
    return found if is_object and isinstance(found, dict) else {}


def stripped(value: Any) -> str:
    """`value` without surrounding whitespace, or an empty string if it is not a string."""
    return value.strip() if isinstance(value, str) else ""


def _parameters(written: list[dict[str, Any]], left_out: list[LeftOut]) -> Iterator[ShownArgument]:
    for parameter in written:
        name, location = parameter["name"], parameter.get("in")
        if location in _LOCATIONS:
            description = stripped(parameter.get("description"))
            yield ShownArgument(name, parameter.get("schema"), description, parameter.get("required") is True)
        else:
            left_out.append(
                LeftOut(
                    f"the parameter {name}", f"it is in {location}; the host shows only path, query and body"
                )
            )


def _body(document: Document, operation: Operation, left_out: list[LeftOut]) -> Iterator[ShownArgument]:
    body = operation.data.get("requestBody")
    if body is None:
        return
    schema = resolved(document, json_schema(document, body))
    members = properties(schema)
    if not schema:
        left_out.append(LeftOut("the request body", f"it is not {JSON}, or has no schema"))
    elif not members and schema.get("type") != "object":
        left_out.append(LeftOut("the request body", "its schema is not an object"))
    listed = schema.get("required")
    required = {each for each in listed if isinstance(each, str)} if isinstance(listed, list) else set()
    for name, member in members.items():
        description = stripped(resolved(document, member).get("description"))
        yield ShownArgument(name, member, description, name in required)
