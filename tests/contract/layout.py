"""Write a value as JSON or YAML in many layouts, and note where each key and each value begins.

Tests compare these places with those that plugcli finds. This module counts as it writes; it uses none of plugcli's readers.
"""

import json
import random
import re
from dataclasses import dataclass, field
from typing import Any, Literal

Form = Literal["json", "yaml"]
# Texts that need no quotes in YAML.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z_ ]*")
_NOT_TEXT = re.compile(r"(?i)(y|n|yes|no|on|off|true|false|null|~)")


@dataclass(frozen=True)
class Layout:
    """One way to write a value. `indent` 0 means one line. `seed` decides everything that may differ from line to line."""

    form: Form
    indent: int
    newline: str
    seed: int
    has_mark: bool
    """Whether the text starts with a byte order mark."""


@dataclass
class Text:
    """A text that grows, and the places in it: from a JSON pointer to a line and a column, counted from 1."""

    newline: str
    parts: list[str] = field(default_factory=list)
    line: int = 1
    column: int = 1
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)
    values: dict[str, tuple[int, int]] = field(default_factory=dict)
    commas: dict[str, tuple[int, int]] = field(default_factory=dict)
    """For each object and list, the place of a comma after its last entry, whether or not there is one."""

    def add(self, text: str) -> None:
        self.parts.append(text)
        self.column += len(text)

    def end_line(self, indent: int = 0) -> None:
        self.parts.append(self.newline + " " * indent)
        self.line += 1
        self.column = indent + 1

    @property
    def here(self) -> tuple[int, int]:
        return self.line, self.column


@dataclass(frozen=True)
class Again:
    """An object, followed by members with keys that it already has."""

    value: dict[str, Any]
    again: dict[str, Any]


def written(value: Any, layout: Layout, *, comma_after: str | None = None) -> tuple[bytes, Text]:
    """Write `value` in `layout`. `comma_after` is the pointer of an object or a list in a JSON text that gets a trailing comma."""
    text = Text(layout.newline)
    chance = random.Random(layout.seed)
    if layout.form == "json":
        _json(text, value, "", 0, layout, chance, comma_after)
    else:
        if chance.random() < 0.3:
            text.add("---")
            text.end_line()
        _comment(text, 0, chance)
        _yaml(text, value, "", 0, layout, chance)
    if chance.random() < 0.5:
        text.end_line()
    return (b"\xef\xbb\xbf" if layout.has_mark else b"") + "".join(text.parts).encode(), text


def _entries(value: Any, where: str) -> list[tuple[str, str | None, Any]]:
    """Return the pointer, the key (None in a list) and the value of each entry. Pointers of repeated keys end in `#again`."""
    if isinstance(value, Again):
        again = [(f"{each}#again", key, one) for each, key, one in _entries(value.again, where)]
        return [*_entries(value.value, where), *again]
    if isinstance(value, dict):
        return [
            (f"{where}/{key.replace('~', '~0').replace('/', '~1')}", key, one) for key, one in value.items()
        ]
    return [(f"{where}/{index}", None, one) for index, one in enumerate(value)]


def _json(
    text: Text,
    value: Any,
    where: str,
    level: int,
    layout: Layout,
    chance: random.Random,
    comma_after: str | None,
) -> None:
    text.values[where] = text.here
    if not isinstance(value, (dict, list, Again)):
        text.add(json.dumps(value, ensure_ascii=chance.random() < 0.5))
        return
    is_list = isinstance(value, list)
    text.add("[" if is_list else "{")
    entries = _entries(value, where)
    for index, (place, key, each) in enumerate(entries):
        if layout.indent:
            text.end_line(layout.indent * (level + 1))
        if key is not None:
            text.keys[place] = text.here
            text.add(json.dumps(key) + chance.choice((":", ": ", " : ")))
        _json(text, each, place, level + 1, layout, chance, comma_after)
        text.commas[where] = text.here
        if index < len(entries) - 1:
            text.add("," if layout.indent else chance.choice((",", ", ", " ,\t")))
    if where == comma_after:
        text.add(",")
    if layout.indent and entries:
        text.end_line(layout.indent * level)
    text.add("]" if is_list else "}")


def _yaml(text: Text, value: Any, where: str, column: int, layout: Layout, chance: random.Random) -> None:
    """Write `value` as a block, starting at `column` of an empty line or after `- `."""
    if not isinstance(value, (dict, list, Again)) or not _entries(value, where):
        _flow(text, value, where, chance)
        return
    text.values[where] = text.here
    for index, (place, key, each) in enumerate(_entries(value, where)):
        if index:
            text.end_line()
            _comment(text, column, chance)
            text.add(" " * column)
        if key is None:
            text.add("- ")
            _yaml(text, each, place, column + 2, layout, chance)
            continue
        text.keys[place] = text.here
        text.add(_scalar(key, chance) + ":")
        is_block = isinstance(each, (dict, list, Again)) and bool(_entries(each, place))
        if is_block and chance.random() < 0.8:
            is_flush = isinstance(each, list) and chance.random() < 0.4  # a list may start where its key does
            inner = column if is_flush else column + layout.indent
            if chance.random() < 0.2:
                text.add("   # a comment: with a colon")
            text.end_line()
            _comment(text, inner, chance)
            text.add(" " * inner)
            _yaml(text, each, place, inner, layout, chance)
        elif (
            isinstance(each, str)
            and "\n" not in each
            and each.strip() == each
            and each
            and chance.random() < 0.15
        ):
            text.add(" ")
            text.values[place] = text.here
            text.add(chance.choice((">-", "|-")))
            text.end_line(column + layout.indent)
            text.add(each)
        else:
            text.add(" " * chance.choice((1, 1, 2)))
            _flow(text, each, place, chance)


def _flow(text: Text, value: Any, where: str, chance: random.Random) -> None:
    """Write `value` on the current line."""
    text.values[where] = text.here
    if isinstance(value, str):
        text.add(_scalar(value, chance))
    elif not isinstance(value, (dict, list, Again)):
        text.add(json.dumps(value))
    else:
        is_list = isinstance(value, list)
        text.add("[" if is_list else "{")
        for index, (place, key, each) in enumerate(_entries(value, where)):
            if index:
                text.add(", ")
            if key is not None:
                text.keys[place] = text.here
                text.add(_scalar(key, chance) + ": ")
            _flow(text, each, place, chance)
        text.add("]" if is_list else "}")


def _scalar(value: str, chance: random.Random) -> str:
    styles = [json.dumps(value, ensure_ascii=False), "'" + value.replace("'", "''") + "'"]
    if _PLAIN.fullmatch(value) and value.strip() == value and not _NOT_TEXT.fullmatch(value):
        styles += [value, value]
    return chance.choice(styles)


def _comment(text: Text, column: int, chance: random.Random) -> None:
    """Write up to two lines, empty or with a comment; the next line starts at column 1."""
    for _ in range(chance.choice((0, 0, 0, 1, 2))):
        if chance.random() < 0.7:
            text.add(" " * column + "# a remark, with: a colon, and \U0001f600")
        text.end_line()
