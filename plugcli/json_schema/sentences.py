"""Plain sentences for the errors of a JSON Schema, and hints for mistakes that people make in any format."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from jsonschema_rs import ValidationErrorKind

from plugcli.document.number import number_in, written
from plugcli.json_schema.schema_type import TYPES, meant

_TYPES = {
    "array": "a list", "object": "an object", "string": "text", "integer": "a whole number",
    "number": "a number", "boolean": "true or false", "null": "null",
}  # fmt: skip
_WORDS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}

Sentence = Callable[[ValidationErrorKind, list[str | int], Any, str], str]
Hint = Callable[[ValidationErrorKind, list[str | int], Any], str]


@dataclass(frozen=True)
class Words:
    """The words for a fault: `sentence` says what is wrong, `hint` what to do about it."""

    sentence: Sentence
    hint: Hint


def sentence(kind: ValidationErrorKind, parts: list[str | int], value: Any, form: str) -> str:
    """What is wrong with the value that `parts` lead to, in a document of the format called `form`.

    For a missing or an extra member, `parts` lead to that member, and `value` is the object around it.
    """
    name = name_of(parts)
    match kind:
        case ValidationErrorKind.Required():
            return f"{name_of(parts[:-1])} lacks {parts[-1]}"
        case ValidationErrorKind.AdditionalProperties() | ValidationErrorKind.UnevaluatedProperties():
            place = f"in {name_of(parts[:-1])}" if len(parts) > 1 else "at the top level"
            return f"{form} has no {parts[-1]} {place}"
        case ValidationErrorKind.Type(types=types):
            wanted = " or ".join(_TYPES.get(each, each) for each in _meant(types))
            return f"{name} is {shown(value)}, and must be {wanted}"
        case ValidationErrorKind.ExclusiveMinimum(limit=limit):
            return f"{name} is {shown(value)}, and must be more than {shown(limit)}"
        case ValidationErrorKind.Minimum(limit=limit):
            return f"{name} is {shown(value)}, and must be at least {shown(limit)}"
        case ValidationErrorKind.Enum(options=options):
            if parts[-1] == "type" and {*TYPES} <= {*map(str, options)}:
                options = [*TYPES]
            return f"{name} is {shown(value)}, and must be one of {', '.join(map(str, options))}"
        case ValidationErrorKind.Constant(expected_value=expected):
            return f"{name} is {shown(value)}, and must be {shown(expected)}"
        case ValidationErrorKind.Pattern(pattern=pattern):
            return f"{name} is {shown(value)}, which does not match {pattern}"
        case ValidationErrorKind.Format(format=form):
            return f"{name} is {shown(value)}, which is not a valid {form}"
        case ValidationErrorKind.MinItems() | ValidationErrorKind.MinProperties():
            return f"{name} is empty"
        case ValidationErrorKind.UniqueItems():
            return f"{name} has the same entry twice"
        case ValidationErrorKind.FalseSchema():
            return f"{name} does not belong here"
        case ValidationErrorKind.OneOfNotValid() | ValidationErrorKind.AnyOf():
            return f"{name} has none of the forms that {form} has for it"
        case ValidationErrorKind.PropertyNames():
            return f"{parts[-1]} cannot be a name in {name_of(parts[:-1])}"
        case ValidationErrorKind.Not(schema={"required": [*members]}):
            return f"{name} has members that exclude each other: {', '.join(map(str, members))}"
        case ValidationErrorKind.OneOfMultipleValid() | ValidationErrorKind.Not() if isinstance(value, dict):
            return f"{name} has members that exclude each other: {', '.join(map(str, value))}"
    return f"{name} is {shown(value)}, which breaks the rule {kind.name}"


def hint(kind: ValidationErrorKind, parts: list[str | int], value: Any) -> str:
    """What to do about it if the mistake is a common one; otherwise empty."""
    last = str(parts[-1]) if parts else ""
    match kind:
        case ValidationErrorKind.Type(types=types):
            return _of_type(_meant(types), last, value)
        case ValidationErrorKind.Not(schema={"required": [*_]}):
            return "keep one of them"
        case ValidationErrorKind.Enum(options=options) if last == "type" and isinstance(value, str):
            return meant(value) or near(value, options)
        case ValidationErrorKind.Required():
            return f"add {last}"
        case ValidationErrorKind.Enum(options=options):
            return near(value, options)
        case ValidationErrorKind.MinItems() if last == "enum":
            return "list its values, or leave enum out"
        case ValidationErrorKind.MinItems() if last == "required":
            return "name the required properties, or leave required out"
        case ValidationErrorKind.AdditionalProperties() | ValidationErrorKind.UnevaluatedProperties():
            return "remove it"
    return ""


PLAIN = Words(sentence, hint)


def _meant(types: list[str]) -> list[str]:
    """`types` without null: an author who wrote the wrong type does not need to read that null is allowed too."""
    return [each for each in types if each != "null"] or types


def _of_type(types: list[str], last: str, value: Any) -> str:
    if types == ["array"] and last == "required" and isinstance(value, bool):
        return "list the required names once, beside properties: required: [name, ...]"
    if types == ["string"] and isinstance(value, (bool, int, float)):
        return f"put quotes around it: without them it is {'true or false' if isinstance(value, bool) else 'a number'}"
    if "object" in types and value is None:
        return "there is nothing below it: write {} if that is what you mean"
    if types == ["array"] and isinstance(value, str):
        return f"write [{value}]"
    if types == ["array"] and isinstance(value, dict):
        return "put it into a list: [...]"
    return f"write {unquoted}" if isinstance(value, str) and (unquoted := _unquoted(value, types)) else ""


def _unquoted(text: str, types: list[str]) -> str:
    """How to write `text` as a value of one of `types` for every parser; empty if it is not one. YAML 1.1 does not accept `1e-3`."""
    word = text.strip().lower()
    if "boolean" in types and word in _WORDS:
        return f"{_WORDS[word]} without quotes"
    number = number_in(text)
    if number is None or not {"number", "integer"} & set(types):
        return ""
    return f"{written(number)} without quotes"


def near(value: Any, options: list[Any]) -> str:
    """The option that was most likely meant; empty if none is close."""
    known = {str(each).lower(): str(each) for each in options}
    close = get_close_matches(str(value).lower(), known, n=1, cutoff=0.7)
    return f"did you mean {known[close[0]]}?" if close else ""


def name_of(parts: list[str | int]) -> str:
    """How to name a place: its last parts, as many as are needed."""
    if not parts:
        return "the top level"
    last = parts[-1]
    if isinstance(last, int) and len(parts) > 1:
        return f"{parts[-2]}[{last}]"
    if len(parts) > 1 and (str(last).isdecimal() or str(parts[-2]) in ("paths", "schemas", "properties")):
        return f"{parts[-2]}.{last}"
    return str(last)


def shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:60]}..."
