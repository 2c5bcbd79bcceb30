"""The faults of any value against any JSON Schema, each at its place and in a plain sentence.

The schemas run on jsonschema-rs, which keeps the branches of a failed `oneOf` apart: the branch that was most likely meant explains the
fault. A caller that knows more about the format than its schema says passes `Words` of its own. Nothing here fetches anything.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationError, ValidationErrorKind

from plugcli.document import pointer
from plugcli.json_schema.sentences import PLAIN, Words

# Members whose value says which of several forms an object has.
_TELLING = ("in", "type", "scheme", "style")
_EXTRA = (
    ValidationErrorKind.AdditionalProperties,
    ValidationErrorKind.UnevaluatedProperties,
    ValidationErrorKind.PropertyNames,
)


@dataclass(frozen=True)
class Fault:
    """One place where a value breaks a schema. `where` is a JSON pointer, also to a member that is missing.

    With `of_key`, the key itself does not belong there.
    """

    where: str
    message: str
    hint: str
    of_key: bool


@cache
def validator_in(path: Path) -> Any:
    """The validator for the JSON Schema in the file `path`."""
    return jsonschema_rs.validator_for(json.loads(path.read_text(encoding="utf-8")), offline=True)


def faults(judge: Any, data: Any, form: str, words: Words = PLAIN) -> Iterator[Fault]:
    """The faults that the validator `judge` finds in `data`, in no order, one for each place.

    `form` is the name of the format in sentences, for example `OpenAPI 3.0`.
    """
    return explain(errors_of(judge, data), data, form, words)


def explain(errors: Iterable[ValidationError], data: Any, form: str, words: Words = PLAIN) -> Iterator[Fault]:
    """The faults behind the `errors` in `data`, one for each place; `form` and `words` as in `faults`."""
    seen = set()
    for error in errors:
        for deepest in _deepest(error):
            for fault in _faults(deepest, data, form, words):
                if fault.where not in seen:
                    seen.add(fault.where)
                    yield fault


def errors_of(judge: Any, data: Any) -> list[ValidationError]:
    """The errors that the validator `judge` finds in `data`."""
    try:
        return list(judge.iter_errors(data))
    except UnicodeEncodeError:  # a lone surrogate, which JSON can write and UTF-8 cannot
        return list(judge.iter_errors(_encodable(data)))


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_encodable(key): _encodable(each) for key, each in value.items()}
    return [_encodable(each) for each in value] if isinstance(value, list) else value


def _deepest(error: ValidationError) -> Iterator[ValidationError]:
    """The errors that explain `error`: the error itself, or those of the branch that was most likely meant."""
    branches = getattr(error.kind, "context", None)
    if not branches or isinstance(error.kind, ValidationErrorKind.OneOfMultipleValid):
        yield error
        return
    here = len(error.instance_path)
    # A branch that requires another value for the telling member was not meant. If no branch accepts its
    # value, that value is the fault.
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


def _faults(error: ValidationError, data: Any, form: str, words: Words) -> Iterator[Fault]:
    path, value = _follow(data, error.instance_path)
    if (
        isinstance(error.kind, ValidationErrorKind.Type)
        and "number" in error.kind.types
        and _is_endless(value)
    ):
        return  # jsonschema-rs reads `.inf` as null, but every parser as a number
    for member in _members(error):
        parts = [*path, member] if member is not None else path
        yield Fault(
            pointer.join(*parts),
            words.sentence(error.kind, parts, value, form),
            words.hint(error.kind, parts, value),
            of_key=isinstance(error.kind, _EXTRA),
        )


def _is_endless(value: Any) -> bool:
    """Whether `value` is a number that JSON does not have: YAML's `.inf` or `.nan`."""
    return isinstance(value, float) and not isfinite(value)


def _follow(data: Any, instance_path: list[str | int]) -> tuple[list[str | int], Any]:
    """The keys and indices that an error's path stands for, and the value there, or the nearest one to it.

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
