"""JSON: values through the standard library, places by scanning the text again, only when asked."""

import json
import re
from typing import Any, NamedTuple

from plugcli.document.json_mistakes import explain
from plugcli.document.problem import BadText

_SPACE = re.compile(r"[ \t\n\r]*")
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
    """Where the values of a JSON text are. The text must have parsed.

    A container is indexed the first time one of its members is asked for; what lies inside the members
    is skipped by the C scanner, so a lookup in a file of 4 MB takes hundredths of a second.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._indexed: dict[int, dict[str, tuple[int, int]]] = {}

    def find(self, parts: list[str]) -> tuple[int, int]:
        """Offsets of the key and of the value that `parts` lead to, or of the last part that exists."""
        key_offset = value_offset = self._skip_space(0)
        for part in parts:
            place = self._places(value_offset).get(part)
            if place is None:
                break
            key_offset, value_offset = place
        return key_offset, value_offset

    def duplicates(self) -> list[tuple[list[str], int, int]]:
        """Keys that their object already had: the parts that lead there, offsets of this and the first."""
        found = []
        waiting: list[tuple[list[str], int]] = [([], self._skip_space(0))]
        while waiting:
            parts, offset = waiting.pop()
            first: dict[str, int] = {}
            for member in self._members(offset):
                path = [*parts, member.key]
                if member.key in first:
                    found.append((path, member.key_offset, first[member.key]))
                first.setdefault(member.key, member.key_offset)
                waiting.append((path, member.value_offset))
        return sorted(found, key=lambda each: each[1])

    def _places(self, offset: int) -> dict[str, tuple[int, int]]:
        """Key to offsets of key and value. The last of two equal keys wins, as it does in the parsed value."""
        if offset not in self._indexed:
            self._indexed[offset] = {
                each.key: (each.key_offset, each.value_offset) for each in self._members(offset)
            }
        return self._indexed[offset]

    def _members(self, offset: int) -> list[Member]:
        text, found = self._text, list[Member]()
        opener = text[offset]
        if opener not in "{[":
            return found
        at = self._skip_space(offset + 1)
        while text[at] not in "}]":
            key, key_offset = str(len(found)), at
            if opener == "{":
                key, at = _read(text, at)
                at = self._skip_space(self._skip_space(at) + 1)  # over the colon
            found.append(Member(key, key_offset, at))
            at = self._skip_space(_read(text, at)[1])
            if text[at] == ",":
                at = self._skip_space(at + 1)
        return found

    def _skip_space(self, offset: int) -> int:
        space = _SPACE.match(self._text, offset)
        return space.end() if space else offset
