"""The schemas of an OpenAPI document as TypeScript, which is how hosts show them to a model.

References are written out in place, as hosts do, but within bounds: a schema that contains itself, or too much, ends in a mark that
says so. References out of the document are never followed.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from plugcli.document import Document, pointer
from plugcli.openapi.operation import follow
from plugcli.prompt.shown import properties, resolved

# Written out, one answer of GitHub's API has thousands of properties, and one of Stripe's has more than anybody could read.
MOST_PROPERTIES = 1000
MOST_LEVELS = 20
# A long name or enum value counts as one more property for each so many characters, because many schemas may refer to it.
_LONG = 100

_SCALARS = {"string": "string", "boolean": "boolean", "integer": "number", "number": "number"}


class TypeWriter:
    """Writes the types of one operation.

    `has_parentheses`: since June 2024, GPT Actions put the alternatives of an enum in parentheses; plugins never did.
    `cut` counts what was not written out, and `repeated` has the names of the schemas that contain themselves.
    """

    def __init__(self, document: Document, *, has_parentheses: bool) -> None:
        self._document = document
        self._has_parentheses = has_parentheses
        self._left = MOST_PROPERTIES
        self.cut = 0
        self.repeated: set[str] = set()

    def write(self, schema: Any, inside: tuple[str, ...] = ()) -> str:
        """The type of `schema`, which is nested in the schemas at the pointers `inside`."""
        where, _ = follow(self._document, "", schema)
        if where and where in inside:
            name = pointer.split(where)[-1].replace("*/", "* /")
            self.repeated.add(name)
            return f"any /* {name} again */"
        value = resolved(self._document, schema)
        kind = _kind(value)
        choices = value.get("enum")
        if kind in ("string", None) and isinstance(choices, list) and choices:
            return self._enum(choices) if self._has_room(inside) else self._end()
        if kind == "object" or (kind is None and properties(value)):
            return self._object(value, (*inside, where))
        if kind != "array":
            return _SCALARS.get(kind or "", "any")
        return (
            f"{self.write(value.get('items'), (*inside, where))}[]" if self._has_room(inside) else self._end()
        )

    def _enum(self, choices: list[Any]) -> str:
        self._left -= len(choices)
        if not all(isinstance(choice, str) for choice in choices):
            return "any"
        self._left -= sum(len(choice) // _LONG for choice in choices)
        text = " | ".join(json.dumps(choice, ensure_ascii=False) for choice in choices)
        return f"({text})" if self._has_parentheses else text

    def _object(self, schema: Mapping[str, Any], inside: tuple[str, ...]) -> str:
        members = properties({**schema, "type": "object"})
        if not members:
            return "object"
        return f"{{\n{''.join(self._members(members, inside))}}}" if self._has_room(inside) else self._end()

    def _members(self, members: Mapping[str, Any], inside: tuple[str, ...]) -> Iterator[str]:
        # As captured from the host: two spaces however deep it is nested, no description, and no mark for optional members.
        for name, schema in members.items():
            self._left -= 1 + len(name) // _LONG
            yield f"  {name}: {self.write(schema, inside)},\n"

    def _has_room(self, inside: tuple[str, ...]) -> bool:
        return self._left > 0 and len(inside) <= MOST_LEVELS

    def _end(self) -> str:
        self.cut += 1
        return "any /* cut here */"


def _kind(schema: Mapping[str, Any]) -> str | None:
    """The type of a schema, which is string for `[string, null]`, or None if there is not exactly one."""
    kind = schema.get("type")
    if isinstance(kind, list):
        others = [each for each in kind if each != "null"]
        kind = others[0] if len(others) == 1 else None
    return kind if isinstance(kind, str) else None
