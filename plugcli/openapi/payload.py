"""Payloads: the schemas of what is sent to operations and of what they answer. Follows local references and judges nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from plugcli.document import Document, pointer, remembered
from plugcli.openapi.operation import Operation, follow
from plugcli.openapi.signature import Body, Signature, bodies, signatures

UNIONS = ("oneOf", "anyOf", "allOf")
# The parts of a pointer. They are joined into a pointer only for a finding.
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Payload:
    """One schema of an operation and its pointer, references followed.

    A parameter has a `name`, a response has a `status`, and a body or a response has a `media_type`.
    """

    operation: Operation
    kind: Literal["body", "parameter", "response"]
    where: str
    schema: dict[str, Any]
    name: str = ""
    media_type: str = ""
    status: str = ""


@remembered
def payloads(document: Document) -> tuple[Payload, ...]:
    """The payloads of every operation, in the order of the text."""
    return tuple(each for signature in signatures(document) for each in _of(document, signature))


def _of(document: Document, signature: Signature) -> Iterator[Payload]:
    operation = signature.operation
    for each in signature.declared:
        if isinstance(each.parameter.get("schema"), dict):
            place, schema = follow(document, each.schema_where, each.schema)
            if isinstance(schema, dict):
                yield Payload(operation, "parameter", place, schema, str(each.parameter.get("name", "")))
    for place, schema, media_type in _schemas(document, signature.bodies):
        yield Payload(operation, "body", place, schema, media_type=media_type)
    responses = operation.data.get("responses")
    for code, response in responses.items() if isinstance(responses, dict) else ():
        where = operation.where + pointer.join("responses", code)
        for place, schema, media_type in _schemas(document, bodies(document, where, response)):
            yield Payload(operation, "response", place, schema, media_type=media_type, status=code)


def _schemas(document: Document, offered: tuple[Body, ...]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The pointer, the schema and the media type of each body in `offered` that has a schema."""
    for each in offered:
        place, schema = follow(document, each.where, each.schema)
        if isinstance(schema, dict):
            yield place, schema, each.media_type


def parts(document: Document, payload: Payload, seen: set[int]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The payload's schema and all schemas in it, references followed. Schemas whose `id` is in `seen` are skipped, and `seen` grows."""
    waiting: list[tuple[Path, Any]] = [(tuple(pointer.split(payload.where)), payload.schema)]
    while waiting:
        path, value = waiting.pop()
        if not isinstance(value, dict) or id(value) in seen:
            continue
        seen.add(id(value))
        if "$ref" in value:
            where, value = follow(document, pointer.join(*path), value)
            if isinstance(value, dict) and id(value) not in seen:
                waiting.append((tuple(pointer.split(where)), value))
            continue
        yield path, value
        waiting.extend(_inner(path, value))


def _inner(path: Path, schema: dict[str, Any]) -> Iterator[tuple[Path, Any]]:
    if isinstance(properties := schema.get("properties"), dict):
        yield from (((*path, "properties", key), value) for key, value in properties.items())
    for name in UNIONS:
        if isinstance(branches := schema.get(name), list):
            yield from (((*path, name, index), value) for index, value in enumerate(branches))
    for name in ("items", "additionalProperties", "not"):
        if name in schema:
            yield (*path, name), schema[name]
