"""Plain sentences for what a JSON Schema complains about, and the hints that go with common mistakes."""

import json
from difflib import get_close_matches
from typing import Any

from jsonschema_rs import ValidationErrorKind

from plugcli.document.number import number_in, written
from plugcli.json_schema.schema_type import TYPES, meant

_TYPES = {
    "array": "a list", "object": "an object", "string": "text", "integer": "a whole number",
    "number": "a number", "boolean": "true or false", "null": "null",
}  # fmt: skip
_AFTER_INFO = ("servers", "paths", "tags", "components", "security")
_PLACES = ("query", "path", "header", "cookie")
_MISSING_HINTS = {
    "schema": "a parameter has schema: {type: ...}",
    "version": 'the version of your API, for example version: "1.0"',
    "responses": "for example responses: {'200': {description: The result}}",
}
_WORDS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
_SWAGGER_HINTS = {
    "host": "servers",
    "basePath": "servers",
    "schemes": "servers",
    "consumes": "content, in each requestBody",
    "produces": "content, in each response",
    "definitions": "components.schemas",
    "parameters": "components.parameters",
    "responses": "components.responses",
    "securityDefinitions": "components.securitySchemes",
}


def sentence(kind: ValidationErrorKind, parts: list[str | int], value: Any, form: str) -> str:
    """What is wrong with the value that `parts` lead to, in a document of the format called `form`.

    For a missing or an extra member, `parts` lead to that and `value` is the object around it.
    """
    name = _name(parts)
    match kind:
        case ValidationErrorKind.Required():
            return f"{_name(parts[:-1])} lacks {parts[-1]}"
        case ValidationErrorKind.AdditionalProperties() | ValidationErrorKind.UnevaluatedProperties():
            if _is_misplaced(parts):
                return f"{parts[-1]} stands inside info"
            if len(parts) == 2 and parts[0] == "paths":
                return f"the path {parts[-1]} does not start with a slash"
            if len(parts) == 3 and parts[0] == "paths" and str(parts[-1]).startswith("/"):
                return f"the path {parts[-1]} stands inside the path {parts[1]}"
            place = f"in {_name(parts[:-1])}" if len(parts) > 1 else "at the top level"
            return f"{form} has no {parts[-1]} {place}"
        case ValidationErrorKind.Type(types=types):
            wanted = " or ".join(_TYPES.get(each, each) for each in _meant(types))
            return f"{name} is {_shown(value)}, and must be {wanted}"
        case ValidationErrorKind.ExclusiveMinimum(limit=limit):
            return f"{name} is {_shown(value)}, and must be more than {_shown(limit)}"
        case ValidationErrorKind.Minimum(limit=limit):
            return f"{name} is {_shown(value)}, and must be at least {_shown(limit)}"
        case ValidationErrorKind.Enum(options=options):
            if parts[-1] == "in":
                options = [*_PLACES]  # the schema has one option a branch
            elif parts[-1] == "type" and {*TYPES} <= {*map(str, options)}:
                options = [*TYPES]
            return f"{name} is {_shown(value)}: one of {', '.join(map(str, options))}"
        case ValidationErrorKind.Constant(expected_value=expected):
            return f"{name} is {_shown(value)}, and must be {_shown(expected)}"
        case ValidationErrorKind.Pattern(pattern=pattern):
            return f"{name} is {_shown(value)}, which does not match {pattern}"
        case ValidationErrorKind.Format(format=form):
            return f"{name} is {_shown(value)}, which is no {form}"
        case ValidationErrorKind.MinItems() | ValidationErrorKind.MinProperties():
            return f"{name} is empty"
        case ValidationErrorKind.UniqueItems():
            return f"{name} has the same entry twice"
        case ValidationErrorKind.FalseSchema():
            return f"{name} does not belong here"
        case ValidationErrorKind.OneOfNotValid() | ValidationErrorKind.AnyOf():
            return f"{name} has none of the forms that {form} has for it"
        case ValidationErrorKind.PropertyNames():
            return f"{parts[-1]} cannot be a name in {_name(parts[:-1])}"
        case ValidationErrorKind.Not(schema={"required": [*members]}):
            return f"{name} has members that exclude each other: {', '.join(map(str, members))}"
        case ValidationErrorKind.OneOfMultipleValid() | ValidationErrorKind.Not() if isinstance(value, dict):
            return f"{name} has members that exclude each other: {', '.join(map(str, value))}"
    return f"{name} is {_shown(value)}, which breaks the rule {kind.name}"


def hint(kind: ValidationErrorKind, parts: list[str | int], value: Any) -> str:
    """What to do about it, where the mistake is a common one; else empty."""
    last = str(parts[-1]) if parts else ""
    match kind:
        case ValidationErrorKind.Type(types=types):
            return _of_type(_meant(types), last, value)
        case ValidationErrorKind.PropertyNames() if parts[:1] == ["components"]:
            return "take letters, digits, ., _ and - only"
        case ValidationErrorKind.Not(schema={"required": [*_]}):
            return "keep one of them"
        case ValidationErrorKind.Enum() if last == "type" and value == "null":
            return (
                "OpenAPI 3.0 has no type null: leave it out, and write nullable: true beside the other type"
            )
        case ValidationErrorKind.Enum() if last == "type" and isinstance(value, str):
            return meant(value) or _near(value, kind.options)
        case ValidationErrorKind.Enum() if last == "in" and value in ("body", "formData"):
            return "that is Swagger 2.0: OpenAPI 3 has requestBody, beside parameters"
        case ValidationErrorKind.Required() if last == "description" and "responses" in parts[-3:]:
            return "say in a few words what the answer is"
        case ValidationErrorKind.Required() if last in _MISSING_HINTS:
            return _MISSING_HINTS[last]
        case ValidationErrorKind.Required():
            return f"add {last}"
        case ValidationErrorKind.Enum(options=options):
            return _near(value, options)
        case ValidationErrorKind.MinItems() if last == "enum":
            return "list its values, or leave enum out"
        case ValidationErrorKind.MinItems() if last == "required":
            return "name the required properties, or leave required out"
        case ValidationErrorKind.AdditionalProperties() | ValidationErrorKind.UnevaluatedProperties():
            return _of_unknown(last, parts, value)
    return ""


def _meant(types: list[str]) -> list[str]:
    """`types` without null: who writes something else than text does not want to hear that null is allowed too."""
    return [each for each in types if each != "null"] or types


def _of_type(types: list[str], last: str, value: Any) -> str:
    if types == ["array"] and last == "required" and isinstance(value, bool):
        return "list the required names once, beside properties: required: [name, ...]"
    if types == ["string"] and last == "type" and isinstance(value, list):
        if one := [each for each in value if each != "null"]:
            nullable = ", and nullable: true" if "null" in value else ""
            return f"a list of types needs openapi: 3.1.0; in 3.0 write type: {one[0]}{nullable}"
        return "a list of types needs openapi: 3.1.0"
    if types == ["string"] and isinstance(value, (bool, int, float)):
        return f"put quotes around it: without them it is {'true or false' if isinstance(value, bool) else 'a number'}"
    if last == "scopes" and isinstance(value, list):
        return "say of each scope what it allows: scopes: {read: Read the entries}"
    if "object" in types and value is None:
        return "nothing stands below it: write {} if there is nothing to say"
    if types == ["array"] and isinstance(value, str):
        return f"write [{value}]"
    if types == ["array"] and isinstance(value, dict):
        return "put it into a list: [...]"
    return f"write {unquoted}" if isinstance(value, str) and (unquoted := _unquoted(value, types)) else ""


def _unquoted(text: str, types: list[str]) -> str:
    """How to write `text` so that every reader has a value of one of `types`, empty where it is none: YAML 1.1 takes no `1e-3`."""
    word = text.strip().lower()
    if "boolean" in types and word in _WORDS:
        return f"{_WORDS[word]} without quotes"
    number = number_in(text)
    if number is None or not {"number", "integer"} & set(types):
        return ""
    return f"{written(number)} without quotes"


def _near(value: Any, options: list[Any]) -> str:
    """The option that was most likely meant, empty where none is near."""
    known = {str(each).lower(): str(each) for each in options}
    close = get_close_matches(str(value).lower(), known, n=1, cutoff=0.7)
    return f"did you mean {known[close[0]]}?" if close else ""


def _of_unknown(name: str, parts: list[str | int], parent: Any) -> str:
    if _is_misplaced(parts):
        return f"{name} belongs at the top level: remove its indentation"
    if len(parts) == 1 and name.startswith("/"):
        return "a path belongs below paths: indent it"
    if len(parts) == 2 and parts[0] == "paths":
        return f"write /{name}" if name[:1].isalnum() or name[:1] == "{" else "for example /search"
    if len(parts) == 3 and parts[0] == "paths" and name.startswith("/"):
        return "remove its indentation"
    if len(parts) == 1 and name in _SWAGGER_HINTS:
        return f"that is Swagger 2.0: OpenAPI 3 has {_SWAGGER_HINTS[name]}"
    if (
        len(parts) > 2
        and parts[-3] == "content"
        and name in ("type", "properties", "items", "required", "$ref")
    ):
        return f"{name} belongs below schema"
    if len(parts) > 2 and parts[-3] == "examples":
        return "the example itself belongs below value"
    known = ["description", "operationId", "parameters", "requestBody", "responses", "required", "properties"]
    known += [
        "summary",
        "content",
        "schema",
        "items",
        "example",
        "examples",
        "format",
        "enum",
        "default",
        "title",
    ]
    close = get_close_matches(name, known, n=1, cutoff=0.8)
    if close and close[0] != name:
        return f"did you mean {close[0]}?"
    is_schema = isinstance(parent, dict) and ("properties" in parent or parent.get("type") == "object")
    is_property = is_schema and isinstance(parent[name], dict)
    if is_property:
        return f"if {name} is a property, it belongs below properties"
    return f"remove it, or call it x-{name}: extensions start with x-"


def _is_misplaced(parts: list[str | int]) -> bool:
    """Whether it is a member of the top level that stands inside info."""
    return len(parts) == 2 and parts[0] == "info" and parts[1] in _AFTER_INFO


def _name(parts: list[str | int]) -> str:
    """How to name a place: its last parts, as many as tell something."""
    if not parts:
        return "the top level"
    last = parts[-1]
    if isinstance(last, int) and len(parts) > 1:
        return f"{parts[-2]}[{last}]"
    if len(parts) > 1 and (str(last).isdecimal() or str(parts[-2]) in ("paths", "schemas", "properties")):
        return f"{parts[-2]}.{last}"
    return str(last)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:60]}..."
