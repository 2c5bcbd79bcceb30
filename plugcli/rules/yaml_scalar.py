"""In YAML, a value without quotes is not what it looks like, or parsers read it differently.

`2023-01-31` is a date, which JSON does not have. YAML 1.1 parsers, such as PyYAML, read `012345` as the number 5349, `12:30` as 750 and
`no` as false; YAML 1.2 parsers, such as js-yaml, read the first as 12345 and the other two as strings. Only YAML 1.2 parsers read `1e-3`,
`08` and `0o14` as numbers. A property called `no` or `on` becomes false or true. So such a value depends on the host's parser. In quotes,
or as a plain number, it is the same everywhere.

Bad:

    paths: {/todos: {get: {operationId: getTodos, summary: List them., parameters: [
      {name: zip, in: query, example: 012345, schema: {type: string}}], responses: {"200": {description: The list}}}}}

Good:

    paths: {/todos: {get: {operationId: getTodos, summary: List them., parameters: [
      {name: zip, in: query, example: "012345", schema: {type: string}}], responses: {"200": {description: The list}}}}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plugcli.dialect import openapi_dialect
from plugcli.document.number import written
from plugcli.hosts import Claim, Host
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule

if TYPE_CHECKING:  # it loads the YAML library, which a JSON document does not need
    from plugcli.document.yaml_values import Scalar

_CLAIM = Claim(
    "observed",
    "PyYAML 6 and js-yaml 4, both run; three approved plugins have such dates, three such words",
)


def check(plugin: Plugin, host: Host) -> Problems:
    openapi = plugin.openapi
    if openapi is None or openapi_dialect(openapi.data) not in ("openapi", "version-missing"):
        return
    for where, scalar in openapi.differences.scalars:
        if not scalar.is_refused:  # which has its own rule
            message, hint = _told(where, scalar)
            yield Problem(where, message, _CLAIM, hint)


def _told(where: Place, scalar: Scalar) -> tuple[str, str]:
    """What is wrong with it, and what to write."""
    text, old, new = scalar.text, scalar.in_1_1, scalar.in_1_2
    quoted = f'write "{text}"'
    name = f"the key {text}" if where.of_key else text
    if scalar.is_date:
        return f"{name} is a date in YAML 1.1, but JSON has no dates", quoted
    if where.of_key:
        is_property = where.pointer.split("/")[-2:-1] == ["properties"]
        name = f"the property {text}" if is_property else name
        version, called = ("1.1", old) if old != text else ("1.2", new)
        parsers = "js-yaml reads" if scalar.is_only_js else f"YAML {version} parsers read"
        return f"{parsers} {name} as {_value(called if not scalar.is_only_js else new)}", quoted
    if scalar.is_only_js:
        message = f"js-yaml reads {text} as {_meaning(new)}, other parsers read it as {_meaning(old)}"
    else:
        message = f"YAML 1.1 parsers read {text} as {_meaning(old)}, other parsers as {_meaning(new)}"
    values = [each for each in (old, new) if each != text]
    # Nobody means 750 by 12:30, and if there are two numbers, either may be meant.
    is_sure = len(values) == 1 and ":" not in text
    return message, f"{quoted}, or {_value(values[0])}" if is_sure else quoted


def _meaning(value: Any) -> str:
    if isinstance(value, str):
        return "a string"
    return _value(value) if isinstance(value, bool) else f"the number {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return written(value) if isinstance(value, (int, float)) else str(value)


RULE = Rule(plugin=check, is_ours=True, is_same_for_all=True, is_of_any_version=True)
