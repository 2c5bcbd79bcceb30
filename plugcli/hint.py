"""Hints in the syntax of the file that they are about: rules write them as YAML, and for a JSON document they become JSON."""

import json
import re
from functools import lru_cache
from typing import Any

# Members whose values hints contain. Other words before a colon are prose.
_MEMBERS = (
    "openapi", "version", "servers", "operationId", "type", "format", "items", "properties", "required", "nullable", "enum",
    "const", "schema", "schemas", "scopes", "responses", "minimum", "exclusiveMinimum", "exclusiveMaximum", "in", "example",
    "description", "summary",
)  # fmt: skip
_SCALAR = r'"[^"]*"|true\b|false\b|null\b|-?\d[\w.]*|[A-Za-z$#/][\w.$#/-]*(?!\w*:)'
_FLOW = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}|\[(?:[^\[\]]|\[[^\[\]]*\])*\]"
# A plain value counts only after a word such as "write": "log in: the host" is a sentence.
_LEADS = ("write ", "example ", "of ", "and ", "or ", "else ", "add ", "needs ", "with ", "as ")
_NAMES = "|".join(_MEMBERS)
_LED = "|".join(f"(?<={lead})" for lead in _LEADS)
_YAML = re.compile(
    rf'(?<![\w"./-])(?P<name>{_NAMES}): (?P<flow>{_FLOW})'
    rf"|(?:^|{_LED})(?P<plain>{_NAMES}): (?P<scalar>{_SCALAR})"
    rf'|(?<![\w"/}}])(?P<bare>{_FLOW})'
)
# Instructions that place a value by its indentation in YAML.
_MOVES = (("remove its indentation", "move it out of there"), ("indent it", "move it there"))


@lru_cache(maxsize=256)
def in_json(hint: str) -> str:
    """`hint`, with each piece of YAML in it written as JSON."""
    for of_yaml, of_json in _MOVES:
        hint = hint.replace(of_yaml, of_json)
    return _YAML.sub(_written, hint)


def _written(found: re.Match[str]) -> str:
    if found["bare"] is not None:
        value = _value(found["bare"])
        return _json(value) if value else found[0]
    if found["flow"] is not None:
        value = _value(found["flow"])
        return found[0] if value is None else f'"{found["name"]}": {_json(value)}'
    text = found["scalar"].rstrip(".")  # a full stop is part of the sentence
    # A version is a string, although YAML reads some versions as numbers.
    value = text.strip('"') if found["plain"] in ("openapi", "version") else _value(text)
    return f'"{found["plain"]}": {_json(value)}{found["scalar"][len(text) :]}'


def _value(text: str) -> Any:
    """The value of `text` in YAML; None if it is not YAML, or has gaps that only a person can fill."""
    import yaml  # 20 ms, which a clean JSON document does not need

    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    return None if _has_gaps(value) else value


def _has_gaps(value: Any) -> bool:
    if isinstance(value, dict):
        return any(
            each is None or not isinstance(key, (str, int)) or _has_gaps(each) for key, each in value.items()
        )
    return any(map(_has_gaps, value)) if isinstance(value, list) else False


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str).replace('"..."', "...")
