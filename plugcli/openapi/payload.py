"""Payloads: the schemas of what operations are sent and what they answer. Follows local references, judges nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from plugcli.document import Document, pointer, remembered
from plugcli.openapi.operation import Operation, follow, operations, parameters

UNIONS = ("oneOf", "anyOf", "allOf")
# The parts that lead to a value, as a pointer would; it is made into one only where there is something to say.
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Payload:
    """One schema of an operation, and the pointer that leads to it, references followed.

    `name` is that of a parameter, `status` that of a response; `media_type` a body and a response have.
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
    return tuple(each for operation in operations(document) for each in _of(document, operation))


def _of(document: Document, operation: Operation) -> Iterator[Payload]:
    for where, parameter in parameters(document, operation):
        place, schema = follow(document, f"{where}/schema", parameter.get("schema"))
        if isinstance(schema, dict):
            yield Payload(operation, "parameter", place, schema, str(parameter.get("name", "")))
    for place, schema, media_type in _contents(
        document, f"{operation.where}/requestBody", operation.data.get("requestBody")
    ):
        yield Payload(operation, "body", place, schema, media_type=media_type)
    responses = operation.data.get("responses")
    for code, response in responses.items() if isinstance(responses, dict) else ():
        where = operation.where + pointer.join("responses", code)
        for place, schema, media_type in _contents(document, where, response):
            yield Payload(operation, "response", place, schema, media_type=media_type, status=code)


def _contents(document: Document, where: str, holder: Any) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The schemas of a body or a response, one a media type, which comes last."""
    where, holder = follow(document, where, holder)
    content = holder.get("content") if isinstance(holder, dict) else None
    for media_type, media in content.items() if isinstance(content, dict) else ():
        if isinstance(media, dict):
            place = where + pointer.join("content", media_type, "schema")
            place, schema = follow(document, place, media.get("schema"))
            if isinstance(schema, dict):
                yield place, schema, media_type


def parts(document: Document, payload: Payload, seen: set[int]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The payload's schema and all schemas in it, references followed; none that is in `seen` (by `id`), which grows."""
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
