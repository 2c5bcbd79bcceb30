"""What the OpenAPI specification's own JSON Schemas say of a document, as places and plain sentences.

The schemas are openapi-spec-validator's, but for a newer one of 3.1 (`schemas`): it is the authority, and tests hold our verdict to
its verdict. They run on
jsonschema-rs, which takes milliseconds where the Python library takes seconds, and which tells the branches of a
failed `oneOf` apart, so that the fault itself can be named. References in the document are not followed here.

A host whose parser takes another set of documents has a JSON Schema of that beside its file: the same faults, by that schema.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any

from jsonschema_rs import ValidationError, ValidationErrorKind

from plugcli.document import Document, pointer
from plugcli.json_schema.sentences import hint, sentence
from plugcli.openapi.schemas import known_members, validator, validator_in

# What follows the first two numbers does not change the schema.
_FAMILY = re.compile(r"(3\.[012])(?![0-9])")
_ANOTHER_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)+")
# Members whose value says which of several forms an object has.
_TELLING = ("in", "type", "scheme", "style")
_EXTRA = (
    ValidationErrorKind.AdditionalProperties,
    ValidationErrorKind.UnevaluatedProperties,
    ValidationErrorKind.PropertyNames,
)


@dataclass(frozen=True)
class Fault:
    """One place where a document breaks the specification. `where` is a pointer, of what is missing too.

    With `of_key` the key itself does not belong there.
    """

    where: str
    message: str
    hint: str
    of_key: bool


def family(document: Document) -> str | None:
    """`3.0`, `3.1` or `3.2`, None for another version: nothing can be said of it. 3.0 where the document does not say."""
    version = str(document.data.get("openapi", "")).strip(" \"'")
    if known := _FAMILY.match(version):
        return known[1]
    return None if _ANOTHER_VERSION.match(version) else "3.0"


@lru_cache(maxsize=4)  # for every host
def faults(document: Document, version: str | None = None) -> tuple[Fault, ...]:
    """The faults of the document, in no order, one a place; with `version` what they would be if it said that one.

    None of a version that nobody knows.
    """
    version = version or family(document)
    if version is None:
        return ()
    # The version has a rule of its own, and a strange one must not hide the other faults.
    data = {**document.data, "openapi": f"{version}.0"}
    errors = _errors(validator(version), data)
    errors = errors if version == "3.0" else _without_echoes(errors, version)
    return tuple(_explained(errors, data, f"OpenAPI {version}"))


@lru_cache(maxsize=2)
def faults_for_parser(document: Document, schema: Path) -> tuple[Fault, ...]:
    """The faults of the document by the JSON Schema in the file `schema`: what a host's own parser refuses."""
    return tuple(explained(validator_in(schema), document.data, f"OpenAPI {family(document)}"))


def explained(judge: Any, data: dict[str, Any], form: str) -> Iterator[Fault]:
    """What the validator `judge` says of `data`, which should have the format called `form`: as `faults`."""
    return _explained(_errors(judge, data), data, form)


def _explained(errors: list[ValidationError], data: dict[str, Any], form: str) -> Iterator[Fault]:
    seen = set()
    for error in errors:
        for deepest in _deepest(error):
            for fault in _faults(deepest, data, form):
                if fault.where not in seen:
                    seen.add(fault.where)
                    yield fault


def _errors(judge: Any, data: dict[str, Any]) -> list[ValidationError]:
    try:
        return list(judge.iter_errors(data))
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can write and UTF-8 cannot
        return list(judge.iter_errors(_encodable(data)))


def _without_echoes(errors: list[ValidationError], version: str) -> list[ValidationError]:
    """`errors` of OpenAPI 3.1 or 3.2 without those that a plainer one at the same place, or inside it, brings along."""
    ranks = [_rank(each, version) for each in errors]
    plainest: dict[tuple[str | int, ...], int] = {}
    for error, rank in zip(errors, ranks, strict=True):
        path = tuple(error.instance_path)
        while rank < plainest.get(path, 3):
            plainest[path] = rank
            path = path[:-1]
    return [
        error
        for error, rank in zip(errors, ranks, strict=True)
        if rank == plainest[tuple(error.instance_path)]
    ]


def _rank(error: ValidationError, version: str) -> int:
    """How likely it is that another error brought this one along.

    What is missing by a condition may be so because the condition itself is broken. Where a branch fails, the members that it knows count
    as unevaluated; and responses without any status lack `default`, which says less than what is wrong with them.
    """
    match error.kind:
        case ValidationErrorKind.UnevaluatedProperties(unexpected=names):
            return 2 if known_members(version, tuple(error.schema_path[:-1])).issuperset(names) else 0
        case ValidationErrorKind.Required(property="default"):
            return 2
        case ValidationErrorKind.Required():
            return 1 if "then" in error.schema_path else 0
    return 0


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_encodable(key): _encodable(each) for key, each in value.items()}
    return [_encodable(each) for each in value] if isinstance(value, list) else value


def _deepest(error: ValidationError) -> Iterator[ValidationError]:
    """The errors that explain `error`: it itself, or those of the branch that was most likely meant."""
    branches = getattr(error.kind, "context", None)
    if not branches or isinstance(error.kind, ValidationErrorKind.OneOfMultipleValid):
        yield error
        return
    here = len(error.instance_path)
    # A branch that wants another value of the telling member was not meant; where none of them
    # has its value, that is the fault.
    meant = [branch for branch in branches if not any(_is_telling(each, here) for each in branch)]
    if not meant:
        yield next(each for each in branches[0] if _is_telling(each, here))
        return
    best = max(meant, key=lambda branch: (max(len(each.instance_path) for each in branch), -len(branch)))
    for inner in best:
        yield from _deepest(inner)


def _is_telling(error: ValidationError, here: int) -> bool:
    if not isinstance(error.kind, (ValidationErrorKind.Enum, ValidationErrorKind.Constant)):
        return False
    return len(error.instance_path) == here + 1 and error.instance_path[-1] in _TELLING


def _faults(error: ValidationError, data: Any, form: str) -> Iterator[Fault]:
    path, value = _follow(data, error.instance_path)
    if (
        isinstance(error.kind, ValidationErrorKind.Type)
        and "number" in error.kind.types
        and _is_endless(value)
    ):
        return  # jsonschema-rs takes `.inf` for null, and every parser for a number
    for member in _members(error):
        parts = [*path, member] if member is not None else path
        yield Fault(
            pointer.join(*parts),
            sentence(error.kind, parts, value, form),
            hint(error.kind, parts, value),
            of_key=isinstance(error.kind, _EXTRA),
        )


def _is_endless(value: Any) -> bool:
    """Whether it is a number that JSON does not have: YAML's `.inf` and `.nan`."""
    return isinstance(value, float) and not isfinite(value)


def _follow(data: Any, instance_path: list[str | int]) -> tuple[list[str | int], Any]:
    """The keys and indices that an error's path means, and the value there, or as near to it as can be told.

    jsonschema-rs gives the keys "200" and "007" as numbers and leaves out empty ones.
    """
    path: list[str | int] = []
    value = data
    for part in instance_path:
        if isinstance(value, list) and isinstance(part, int) and part < len(value):
            path.append(part)
        elif isinstance(value, dict):
            if "" in value and str(part) not in value and isinstance(value[""], dict):
                path.append("")
                value = value[""]
            key = str(part)
            if key not in value and isinstance(part, int):
                key = next(
                    (each for each in value if each.isdecimal() and each.lstrip("0") == key.lstrip("0")), key
                )
            if key not in value:
                break
            path.append(key)
        else:
            break
        value = value[path[-1]]
    return path, value


def _members(error: ValidationError) -> list[str | None]:
    """The members that an error is about, None for the value itself."""
    match error.kind:
        case ValidationErrorKind.Required(property=name):
            return [str(name)]
        case ValidationErrorKind.PropertyNames(error=inner):
            return [str(inner.instance)]
        case (
            ValidationErrorKind.AdditionalProperties(unexpected=names)
            | ValidationErrorKind.UnevaluatedProperties(unexpected=names)
        ):
            return [*names]
    return [None]
