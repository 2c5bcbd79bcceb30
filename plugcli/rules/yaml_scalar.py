"""A value without quotes is something else in YAML than it looks.

`2023-01-31` is a date, which JSON does not have; `012345` is the number 5349, and `12:30` is 750, to readers of YAML 1.1, and other
numbers or texts to readers of YAML 1.2; a property called `no` or `on` is called false or true. What such a value becomes depends on
which reader a host has: in quotes it is what it looks like everywhere.

Bad:

    paths: {/todos: {get: {operationId: getTodos, summary: List them., parameters: [
      {name: zip, in: query, example: 012345, schema: {type: string}}], responses: {"200": {description: The list}}}}}

Good:

    paths: {/todos: {get: {operationId: getTodos, summary: List them., parameters: [
      {name: zip, in: query, example: "012345", schema: {type: string}}], responses: {"200": {description: The list}}}}}
"""

import re
from collections.abc import Iterator
from typing import Any

from plugcli.dialect import openapi_dialect
from plugcli.document import Document, pointer
from plugcli.hosts import Claim, Host
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule

# YAML is the same to all hosts that read it.
_CLAIM = Claim(
    "observed", "YAML 1.1, as PyYAML reads it; three approved plugins have such dates, three such words"
)
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}"
    r"(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?"
)
_NUMBER = re.compile(r"[-+]?0[0-7_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_WORDS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
# Whatever stands here is data; elsewhere a word that means true is meant so, or another rule speaks of it.
_DATA = ("example", "examples", "value", "const")


def check(plugin: Plugin, host: Host) -> Problems:
    openapi = plugin.openapi
    if openapi is None or not openapi.is_yaml:
        return
    if openapi_dialect(openapi.data) not in ("openapi", "version-missing"):
        return
    # Only a document that has such a value or key anywhere is walked through.
    is_suspect = any(_meant_otherwise(each) for each in openapi.plain_values)
    if is_suspect or any(f" {word}:" in openapi.text for word in _WORDS):
        yield from _walk(openapi)


def _meant_otherwise(text: str) -> bool:
    if not text[:1].isdigit() and text[:1] not in "+-":
        return text.lower() in _WORDS
    return bool(_DATE.fullmatch(text) or _NUMBER.fullmatch(text))


def _walk(openapi: Document) -> Problems:
    for parts, value in _scalars(openapi.data):
        where = pointer.join(*parts)
        name = parts[-1]
        if len(parts) > 1 and parts[-2] == "properties" and name.lower() in _WORDS:
            if openapi.plain(where, of_key=True) == name:
                message = f"the property {name} is called {_WORDS[name.lower()]} by readers of YAML 1.1"
                yield Problem(Place(openapi, where, of_key=True), message, _CLAIM, f'write "{name}"')
        elif isinstance(value, bool):
            written = openapi.plain(where) or ""
            if written.lower() in _WORDS and any(each in _DATA for each in parts):
                message = f"{written} is {_shown(value)} to readers of YAML 1.1, and text to others"
                yield Problem(
                    Place(openapi, where), message, _CLAIM, f'write "{written}", or {_shown(value)}'
                )
        elif isinstance(value, str):
            if _DATE.fullmatch(value) and openapi.plain(where):
                message = f"{value} is a date to readers of YAML 1.1, and JSON has no dates"
                yield Problem(Place(openapi, where), message, _CLAIM, f'write "{value}"')
        elif _NUMBER.fullmatch(written := openapi.plain(where) or ""):
            message = f"{written} is the number {value} to readers of YAML 1.1"
            yield Problem(Place(openapi, where), message, _CLAIM, f'write "{written}"')


def _scalars(data: dict[str, Any]) -> Iterator[tuple[list[str], Any]]:
    """Values that might be meant otherwise, and properties whose names might; a YAML alias counts once."""
    waiting: list[tuple[list[str], Any]] = [([], data)]
    seen = set()
    while waiting:
        path, value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        is_properties = bool(path) and path[-1] == "properties"
        for name, each in value.items() if isinstance(value, dict) else enumerate(value):
            parts = [*path, str(name)]
            is_text = isinstance(each, str)
            if isinstance(each, (dict, list)):
                waiting.append((parts, each))
                if is_properties and str(name).lower() in _WORDS:
                    yield parts, each
            elif (is_text and _DATE.match(each)) or (not is_text and each is not None):
                yield parts, each


def _shown(value: bool) -> str:
    return "true" if value else "false"


RULE = Rule(plugin=check, is_ours=True, is_same_for_all=True)
