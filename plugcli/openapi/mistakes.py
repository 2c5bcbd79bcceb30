"""Common mistakes in OpenAPI documents: a sentence and a hint for each. All other faults have the plain words of JSON Schema."""

from difflib import get_close_matches
from typing import Any

from jsonschema_rs import ValidationErrorKind

from plugcli.json_schema.sentences import PLAIN, Words, name_of, shown

_AFTER_INFO = ("servers", "paths", "tags", "components", "security")
_PLACES = ("query", "path", "header", "cookie")
_MISSING_HINTS = {
    "schema": "a parameter has schema: {type: ...}",
    "version": 'the version of your API, for example version: "1.0"',
    "responses": "for example responses: {'200': {description: The result}}",
}
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
    """What is wrong with the value that `parts` lead to, or with the member that is missing or extra there."""
    match kind:
        case ValidationErrorKind.AdditionalProperties() | ValidationErrorKind.UnevaluatedProperties():
            if _is_misplaced(parts):
                return f"{parts[-1]} is inside info"
            if len(parts) == 2 and parts[0] == "paths":
                return f"the path {parts[-1]} does not start with a slash"
            if len(parts) == 3 and parts[0] == "paths" and str(parts[-1]).startswith("/"):
                return f"the path {parts[-1]} is inside the path {parts[1]}"
        case ValidationErrorKind.Enum() if parts[-1] == "in":  # the schema has one option in each branch
            return f"{name_of(parts)} is {shown(value)}, and must be one of {', '.join(_PLACES)}"
    return PLAIN.sentence(kind, parts, value, form)


def hint(kind: ValidationErrorKind, parts: list[str | int], value: Any) -> str:
    """What to do about it if the mistake is a common one; otherwise empty."""
    last = str(parts[-1]) if parts else ""
    match kind:
        case ValidationErrorKind.Type(types=["string"]) if last == "type" and isinstance(value, list):
            return _of_types(value)
        case ValidationErrorKind.Type() if last == "scopes" and isinstance(value, list):
            return "say what each scope allows: scopes: {read: Read the entries}"
        case ValidationErrorKind.PropertyNames() if parts[:1] == ["components"]:
            return "use only letters, digits, ., _ and -"
        case ValidationErrorKind.Enum() if last == "type" and value == "null":
            return (
                "OpenAPI 3.0 has no type null: leave it out, and write nullable: true beside the other type"
            )
        case ValidationErrorKind.Enum() if last == "in" and value in ("body", "formData"):
            return "that is Swagger 2.0: OpenAPI 3 has requestBody, beside parameters"
        case ValidationErrorKind.Required() if last == "description" and "responses" in parts[-3:]:
            return "describe the answer in a few words"
        case ValidationErrorKind.Required() if last in _MISSING_HINTS:
            return _MISSING_HINTS[last]
        case ValidationErrorKind.AdditionalProperties() | ValidationErrorKind.UnevaluatedProperties():
            return _of_unknown(last, parts, value)
    return PLAIN.hint(kind, parts, value)


WORDS = Words(sentence, hint)


def _of_types(types: list[Any]) -> str:
    """What to write instead of a list of types."""
    one = [each for each in types if each != "null"]
    if not one:
        return "a list of types needs openapi: 3.1.0"
    nullable = ", and nullable: true" if "null" in types else ""
    return f"a list of types needs openapi: 3.1.0; in 3.0 write type: {one[0]}{nullable}"


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
    """Whether it is a member of the top level, but written inside info."""
    return len(parts) == 2 and parts[0] == "info" and parts[1] in _AFTER_INFO
