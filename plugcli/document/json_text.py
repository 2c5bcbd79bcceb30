"""JSON: values through the standard library, places by scanning the text again, only when asked."""

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from plugcli.document.json_mistakes import explain
from plugcli.document.problem import BadText

_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN_KEY = re.compile(r'"([^"\\]*)"[ \t\n\r]*:[ \t\n\r]*')
_END = re.compile(r"[ \t\n\r]*(?:,[ \t\n\r]*)?")
_INDENT = re.compile(r"[ \t]*")
_LINE_END = re.compile(r"[ \t]*\r?\n")
_read = json.JSONDecoder().raw_decode


class Member(NamedTuple):
    """A member of an object or list: offsets of its key (of its value, in a list) and of its value."""

    key: str
    key_offset: int
    value_offset: int


def parse(text: str) -> tuple[Any, bool]:
    """The value of a JSON text, and whether some object has a key twice (the last one wins, as in hosts).

    Raises BadText. NaN and Infinity are refused: Python's parser takes them, a browser's does not.
    """
    has_duplicates = False

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal has_duplicates
        value = dict(pairs)
        has_duplicates = has_duplicates or len(value) != len(pairs)
        return value

    def refuse(word: str) -> None:
        found = re.search(rf"(?<![\w\"]){re.escape(word)}", text)
        raise BadText(found.start() if found else 0, f"{word} is not JSON", "write a number or null")

    try:
        return json.loads(text, object_pairs_hook=build, parse_constant=refuse), has_duplicates
    except json.JSONDecodeError as error:
        raise explain(text, error) from error
    except RecursionError as error:
        raise BadText(0, "objects and lists are nested thousands of levels deep") from error
    except ValueError as error:  # an integer beyond sys.get_int_max_str_digits()
        digits = re.search(r"\d{4300,}", text)
        raise BadText(digits.start() if digits else 0, "a number has thousands of digits") from error


class JsonPlaces:
    """Where the values of a JSON text are. The text must have parsed, to `value`.

    A container is indexed the first time one of its members is asked for. What lies inside the members is skipped: by indentation
    where the text has it, a hundred times faster than reading, and by the C scanner where that does not give the members that `value` has.
    """

    def __init__(self, text: str, value: Any) -> None:
        self._text = text
        self._value = value
        self._indexed: dict[int, dict[str, tuple[int, int]]] = {}

    def find(self, parts: list[str]) -> tuple[int, int]:
        """Offsets of the key and of the value that `parts` lead to, or of the last part that exists."""
        key_offset = value_offset = self._skip_space(0)
        value = self._value
        for part in parts:
            place = self._places(value_offset, value).get(part) if isinstance(value, (dict, list)) else None
            if place is None:
                break
            key_offset, value_offset = place
            value = value[int(part)] if isinstance(value, list) else value[part]
        return key_offset, value_offset

    def duplicates(self) -> list[tuple[list[str], int, int]]:
        """Keys that their object already had: the parts that lead there, offsets of this and the first."""
        found = []
        waiting: list[tuple[list[str], int]] = [([], self._skip_space(0))]
        while waiting:
            parts, offset = waiting.pop()
            first: dict[str, int] = {}
            for member in self._members(offset, self._read_over):
                path = [*parts, member.key]
                if member.key in first:
                    found.append((path, member.key_offset, first[member.key]))
                first.setdefault(member.key, member.key_offset)
                waiting.append((path, member.value_offset))
        return sorted(found, key=lambda each: each[1])

    def _places(self, offset: int, value: Any) -> dict[str, tuple[int, int]]:
        """Key to offsets of key and value. The last of two equal keys wins, as it does in the parsed value."""
        if offset not in self._indexed:
            try:
                members = self._members(offset, self._jump_over)
                is_whole = [each.key for each in members] == _keys(value)
            except (ValueError, IndexError):  # the indentation misled
                is_whole = False
            if not is_whole:
                members = self._members(offset, self._read_over)
            self._indexed[offset] = {each.key: (each.key_offset, each.value_offset) for each in members}
        return self._indexed[offset]

    def _members(self, offset: int, skip: Callable[[int], int]) -> list[Member]:
        text, found = self._text, list[Member]()
        opener = text[offset]
        if opener not in "{[":
            return found
        at = self._skip_space(offset + 1)
        while text[at] not in "}]":
            key, key_offset = str(len(found)), at
            if opener == "{":
                if plain := _PLAIN_KEY.match(text, at):
                    key, at = plain[1], plain.end()
                else:
                    key, at = _read(text, at)
                    at = self._skip_space(self._skip_space(at) + 1)  # over the colon
            found.append(Member(key, key_offset, at))
            end = _END.match(text, skip(at))
            at = end.end() if end else at
        return found

    def _read_over(self, offset: int) -> int:
        return _read(self._text, offset)[1]

    def _jump_over(self, offset: int) -> int:
        """The end of the value at `offset`, where the line that closes it is indented like the one that opens it."""
        text = self._text
        end = _LINE_END.match(text, offset + 1) if text[offset] in "{[" else None
        if end is None:
            return self._read_over(offset)
        outer, inner = self._indent(text.rfind("\n", 0, offset) + 1), self._indent(end.end())
        if len(inner) <= len(outer):
            return self._read_over(offset)
        closing = "\n" + outer + ("}" if text[offset] == "{" else "]")
        return text.index(closing, offset) + len(closing)

    def _indent(self, offset: int) -> str:
        found = _INDENT.match(self._text, offset)
        return found[0] if found else ""

    def _skip_space(self, offset: int) -> int:
        space = _SPACE.match(self._text, offset)
        return space.end() if space else offset


class Ranks:
    """The order of the members of `value`, which is that of the text."""

    def __init__(self, value: Any) -> None:
        self._value = value
        self._indexed: dict[int, dict[str, int]] = {}

    def of(self, parts: list[str]) -> tuple[int, ...]:
        """How many members stand before each of `parts` in the object or list around it, as far as they exist."""
        ranks = []
        value = self._value
        for part in parts:
            if isinstance(value, dict) and part in value:
                if id(value) not in self._indexed:
                    self._indexed[id(value)] = {key: rank for rank, key in enumerate(value)}
                ranks.append(self._indexed[id(value)][part])
                value = value[part]
            elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
                ranks.append(int(part))
                value = value[int(part)]
            else:
                break
        return tuple(ranks)


def _keys(value: Any) -> list[str]:
    return list(value) if isinstance(value, dict) else [str(index) for index in range(len(value))]
