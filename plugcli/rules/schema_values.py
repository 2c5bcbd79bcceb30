"""A schema's own values do not fit its type.

An `enum` or `default` of another type than `type` says can never be sent. In YAML, `yes`, `no`, `on`
and `off` without quotes are true and false: three approved plugins lost options of a list that way.
"""

from typing import Any

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule
from plugcli.survey import survey

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def check(openapi: Document, host: Host) -> Problems:
    for found in survey(openapi).with_values:
        schema = found.value
        kind = schema.get("type")
        if not isinstance(kind, str) or kind not in _TYPES:
            continue
        if "default" in schema and not _fits(schema["default"], kind):
            message = f"the default {_shown(schema['default'])} is no {kind}"
            yield Problem(Place(openapi, found.pointer("default")), message, "schema-values")
        options = schema.get("enum")
        strange = [each for each in options if not _fits(each, kind)] if isinstance(options, list) else []
        if strange:
            message = f"the enum has {', '.join(map(_shown, strange[:3]))}, and its type is {kind}"
            is_word = kind == "string" and any(isinstance(each, bool) for each in strange)
            hint = "YAML reads yes, no, on and off as true and false: put them in quotes" if is_word else ""
            yield Problem(Place(openapi, found.pointer("enum")), message, "schema-values", hint)


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


RULE = Rule(openapi=check)
