"""What the OpenAPI specification's own JSON Schemas say of a document, as places and plain sentences.

The schemas are openapi-spec-validator's: it is the authority, and tests hold our verdict to its verdict.
They run on jsonschema-rs, which takes milliseconds for documents that keep the Python library busy for
seconds, and which tells the branches of a failed `oneOf` apart, so that the fault itself can be named.
Nothing is fetched: references in the document are not followed here.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationError, ValidationErrorKind

from plugcli.document import Document, pointer
from plugcli.specification_words import hint, sentence

# A host reads "3.0" and "3.1"; what follows does not change the schema.
_FAMILIES = ("3.0", "3.1")


@dataclass(frozen=True)
class Fault:
    """One place where a document breaks the specification. `where` is a pointer, of what is missing too.

    With `of_key` the key itself does not belong there.
    """

    where: str
    message: str
    hint: str
    of_key: bool


def family(document: Document) -> str:
    """`3.0` or `3.1`, whichever the document is nearest to; 3.0 where it does not say."""
    version = str(document.data.get("openapi", "")).strip(" \"'")
    return next((each for each in _FAMILIES if version.startswith(each)), "3.0")


def faults(document: Document) -> Iterator[Fault]:
    """The faults of the document, in no order, one a place."""
    # The version has a rule of its own, and a strange one must not hide the other faults.
    version = family(document)
    data = {**document.data, "openapi": f"{version}.0"}
    seen = set()
    for error in _validator(version).iter_errors(data):
        for deepest in _deepest(error):
            for fault in _faults(deepest, data, version):
                if fault.where not in seen:
                    seen.add(fault.where)
                    yield fault


def _deepest(error: ValidationError) -> Iterator[ValidationError]:
    """The errors that explain `error`: it itself, or those of the branch that was most likely meant."""
    branches = getattr(error.kind, "context", None)
    if not branches or isinstance(error.kind, ValidationErrorKind.OneOfMultipleValid):
        yield error
        return
    here = len(error.instance_path)
    # A branch that wants something else at this very place was not meant: a reference where there is none,
    # another type, another value of the member that tells the branches apart.
    meant = [branch for branch in branches if not any(_tells_apart(each, here) for each in branch)]
    if not meant and (options := _options(branches)) is not None:
        yield options
        return
    best = max(meant or branches, key=lambda branch: (_depth(branch), -len(branch)))
    for inner in best:
        yield from _deepest(inner)


def _tells_apart(error: ValidationError, here: int) -> bool:
    depth = len(error.instance_path) - here
    match error.kind:
        case ValidationErrorKind.Required(property="$ref"):
            return depth == 0
        case ValidationErrorKind.Type():
            return depth == 0
        case ValidationErrorKind.Enum() | ValidationErrorKind.Constant():
            return depth == 1 and error.instance_path[-1] in ("in", "type", "scheme", "style")
    return False


def _options(branches: list[list[ValidationError]]) -> ValidationError | None:
    """The one error that lists the most options, where all branches stumble over the same member."""
    stumbles = [
        each for branch in branches for each in branch if isinstance(each.kind, ValidationErrorKind.Enum)
    ]
    places = {tuple(each.instance_path) for each in stumbles}
    if len(places) != 1 or len(stumbles) < len(branches):
        return None
    return stumbles[0]


def _depth(branch: list[ValidationError]) -> int:
    return max((len(inner.instance_path) for error in branch for inner in _deepest(error)), default=0)


def _faults(error: ValidationError, data: Any, version: str) -> Iterator[Fault]:
    path: list[str | int] = []
    value = data
    for part in error.instance_path:  # the key "200" comes as the number 200
        path.append(str(part) if isinstance(value, dict) else part)
        value = value[path[-1]]
    for member in _members(error):
        parts = [*path, member] if member is not None else path
        yield Fault(
            pointer.join(*parts),
            sentence(error.kind, parts, value, version),
            hint(error.kind, parts, value),
            of_key=isinstance(
                error.kind,
                (ValidationErrorKind.AdditionalProperties, ValidationErrorKind.UnevaluatedProperties),
            ),
        )


def _members(error: ValidationError) -> list[str | None]:
    """The members that an error is about, None for the value itself."""
    match error.kind:
        case ValidationErrorKind.Required(property=name):
            return [str(name)]
        case (
            ValidationErrorKind.AdditionalProperties(unexpected=names)
            | ValidationErrorKind.UnevaluatedProperties(unexpected=names)
        ):
            return [*names]
    return [None]


@cache
def _validator(version: str) -> Any:
    schema = _read("openapi_spec_validator", f"resources/schemas/v{version}/schema.json")
    if version != "3.1":
        return jsonschema_rs.validator_for(schema, offline=True)
    # The schema of 3.1 leaves Schema Objects to whichever dialect takes the place of its anchor `meta`.
    dialect = _read("openapi_schema_validator", "schemas/oas3.1/metaschema.json")
    base = _read("openapi_schema_validator", "schemas/oas3.1/vocabularies/base")
    registry = jsonschema_rs.Registry([(each["$id"], each) for each in (schema, dialect, base)])
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:plugcli:openapi-3.1",
        "$ref": schema["$id"],
        "$defs": {"schema": {"$dynamicAnchor": "meta", "$ref": dialect["$id"]}},
    }
    return jsonschema_rs.validator_for(whole, registry=registry, offline=True)


def _read(package: str, path: str) -> Any:
    # Importing the package takes 200 ms and is not needed: these are files beside it.
    found = find_spec(package)
    locations = (found.submodule_search_locations if found else None) or []
    return json.loads((Path(locations[0]) / path).read_text(encoding="utf-8"))
