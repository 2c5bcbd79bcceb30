"""The values in a schema do not fit its type.

A value in `enum` or `default` that does not have the schema's `type` can never be sent. In YAML, `yes`, `no`, `on` and `off` without
quotes are true and false: three approved plugins lost options of a list that way.

Bad:

    components:
      schemas:
        Answer: {type: string, enum: [yes, no]}

Good:

    components:
      schemas:
        Answer: {type: string, enum: ["yes", "no"]}
"""

from typing import Any

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.survey import find
from plugcli.rules import Place, Problem, Problems, Rule

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def check(openapi: Document, host: Host) -> Problems:
    for found in find(openapi, ("enum", "default"), _has_strange_values):
        if found.has_names:
            continue
        schema, kind = found.value, found.value["type"]
        if "default" in schema and not _fits(schema["default"], kind):
            message = f"the default {_shown(schema['default'])} is not of type {kind}"
            hint = _quotes([schema["default"]]) if kind == "string" else ""
            yield Problem(Place(openapi, found.pointer("default")), message, "schema-values", hint)
        if strange := _strange(schema, kind):
            message = f"the enum has {', '.join(map(_shown, strange[:3]))}, but its type is {kind}"
            hint = _quotes(strange) if kind == "string" else ""
            yield Problem(Place(openapi, found.pointer("enum")), message, "schema-values", hint)


def _has_strange_values(schema: dict[str, Any]) -> bool:
    kind = schema.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        return False
    return bool(_strange(schema, kind)) or ("default" in schema and not _fits(schema["default"], kind))


def _strange(schema: dict[str, Any], kind: str) -> list[Any]:
    """The values in the enum that do not have the type."""
    options = schema.get("enum")
    return [each for each in options if not _fits(each, kind)] if isinstance(options, list) else []


def _quotes(strange: list[Any]) -> str:
    if any(isinstance(each, bool) for each in strange):
        return "YAML reads yes, no, on and off as true and false: put them in quotes"
    return "put quotes around it" if all(isinstance(each, (int, float)) for each in strange) else ""


def _fits(value: Any, kind: str) -> bool:
    if value is None:
        return True  # `nullable` is often forgotten, and null misleads nobody
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[kind])


def _shown(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 30 else f"{text[:30]}..."


RULE = Rule(openapi=check, is_same_for_all=True)
