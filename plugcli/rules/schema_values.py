"""A schema's own values do not fit its type.

An `enum` or `default` of another type than `type` says can never be sent. In YAML, `yes`, `no`, `on`
and `off` without quotes are true and false: three approved plugins lost options of a list that way.
"""

from collections.abc import Iterator
from typing import Any

from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
_VALUES = ("example", "examples", "default", "enum", "const")


def check(openapi: Document, host: Host) -> Problems:
    for path, schema in _schemas(openapi):
        kind = schema["type"]
        if "default" in schema and not _fits(schema["default"], kind):
            message = f"the default {_shown(schema['default'])} is no {kind}"
            hint = _quotes([schema["default"]]) if kind == "string" else ""
            yield Problem(Place(openapi, pointer.join(*path, "default")), message, "schema-values", hint)
        options = schema.get("enum")
        strange = [each for each in options if not _fits(each, kind)] if isinstance(options, list) else []
        if strange:
            message = f"the enum has {', '.join(map(_shown, strange[:3]))}, and its type is {kind}"
            hint = _quotes(strange) if kind == "string" else ""
            yield Problem(Place(openapi, pointer.join(*path, "enum")), message, "schema-values", hint)


def _quotes(strange: list[Any]) -> str:
    if any(isinstance(each, bool) for each in strange):
        return "YAML reads yes, no, on and off as true and false: put them in quotes"
    return "put quotes around it" if all(isinstance(each, (int, float)) for each in strange) else ""


def _fits(value: Any, kind: str) -> bool:
    if value is None:
        return True  # `nullable` is often forgotten, and nobody is misled
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[kind])


def _shown(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 30 else f"{text[:30]}..."


def _schemas(openapi: Document) -> Iterator[tuple[list[str], dict[str, Any]]]:
    """Every object that looks like a schema with a type and values, and the parts that lead to it."""
    waiting: list[tuple[list[str], Any]] = [([], openapi.data)]
    seen = set()
    while waiting:
        path, value = waiting.pop()
        if not isinstance(value, (dict, list)) or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, list):
            waiting.extend(([*path, str(index)], each) for index, each in enumerate(value))
            continue
        in_properties = bool(path) and path[-1] == "properties"
        kind = value.get("type")
        has_values = "enum" in value or "default" in value
        if has_values and not in_properties and isinstance(kind, str) and kind in _TYPES:
            yield path, value
        skipped = () if in_properties else _VALUES
        waiting.extend(([*path, key], each) for key, each in value.items() if key not in skipped)


RULE = Rule(openapi=check)
