"""JSON: values come from the standard library, places from scanning the text again, and only when asked for."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple

from plugcli.document import depth, pointer
from plugcli.document.json_mistakes import explain
from plugcli.document.problem import BadText

_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN_KEY = re.compile(r'"([^"\\]*)"[ \t\n\r]*:[ \t\n\r]*')
_END = re.compile(r"[ \t\n\r]*(?:,[ \t\n\r]*)?")
_NO_SIGN = re.compile(r'[^"{}\[\]]*')
_LINE_END = re.compile(r"[ \t]*\r?\n")
_read = json.JSONDecoder().raw_decode


class Member(NamedTuple):
    """A member of an object or list: offsets of its key (of its value, in a list) and of its value."""

    key: str
    key_offset: int
    value_offset: int


def parse(text: str) -> tuple[Any, bool]:
    """The value of a JSON text, and whether some object has a key twice (the last one wins, as in hosts).

    Raises BadText. NaN and Infinity are refused: Python's parser accepts them, a browser's does not.
    """
    has_duplicates = False

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal has_duplicates
        value = dict(pairs)
        if len(value) != len(pairs):
            has_duplicates = True
        return value

    def refuse(word: str) -> None:
        found = re.search(rf"(?<![\w\"]){re.escape(word)}", text)
        at = found.start() if found else 0
        depth.check_json(text, at)
        raise BadText(at, f"{word} is not JSON", "write a number or null")

    try:
        return json.loads(text, object_pairs_hook=build, parse_constant=refuse), has_duplicates
    except json.JSONDecodeError as error:
        depth.check_json(text, error.pos)
        raise explain(text, error) from error
    except RecursionError as error:
        depth.check_json(text)
        raise BadText(0, "objects and lists are nested thousands of levels deep") from error
    except ValueError as error:  # an integer beyond sys.get_int_max_str_digits()
        digits = re.search(r"\d{4300,}", text)
        at = digits.start() if digits else 0
        depth.check_json(text, at)
        raise BadText(at, "a number has thousands of digits") from error


@dataclass(slots=True)
class _Open:
    """An object or list that has not ended yet: of an object where its keys were `first`, and the member that is being read."""

    first: dict[str, int] | None
    key: str = ""
    index: int = 0
    is_value: bool = False  # what comes next stands behind a colon

    @property
    def part(self) -> str:
        return str(self.index) if self.first is None else self.key


class JsonPlaces:
    """Where the values of a JSON text are. The text must have been parsed to `value`.

    A container is indexed up to the member that is asked for. The content of members is skipped: by indentation if the text has it,
    a hundred times faster than reading, and by the C scanner if that does not give the members that `value` has, or if some key is
    there twice.
    """

    def __init__(self, text: str, value: Any, *, has_duplicates: bool) -> None:
        self._text = text
        self._value = value
        self._has_duplicates = has_duplicates
        self._indexed: dict[int, tuple[dict[str, tuple[int, int]], Iterator[tuple[str, Member]]]] = {}

    def find(self, parts: list[str]) -> tuple[int, int]:
        """Offsets of the key and of the value that `parts` lead to, or of the last part that exists."""
        key_offset = value_offset = self._skip_space(0)
        value = self._value
        for part in parts:
            place = self._place(value_offset, value, part) if isinstance(value, (dict, list)) else None
            if place is None:
                break
            key_offset, value_offset = place
            value = value[int(part)] if isinstance(value, list) else value[part]
        return key_offset, value_offset

    def duplicates(self) -> list[tuple[list[str], int, int, bool]]:
        """Keys that their object already had: the parts that lead there, offsets of this and the first; in JSON they are alike."""
        found = list[tuple[list[str], int, int, bool]]()
        text, at = self._text, self._skip_space(0)
        around: list[_Open] = []
        while True:
            sign = text[at]
            if sign in "{[":
                around.append(_Open({} if sign == "{" else None))
                at += 1
            elif sign in "}]":
                around.pop()
                at += 1
            else:
                key, end = _read(text, at)
                first = around[-1].first
                if first is not None and not around[-1].is_value:
                    around[-1].key = key
                    if key in first:
                        found.append(([each.part for each in around], at, first[key], True))
                    first.setdefault(key, at)
                at = end
            if not around:
                return found
            gap = _NO_SIGN.match(text, at)
            end = gap.end() if gap else at
            if around[-1].first is None:
                around[-1].index += text.count(",", at, end)
            else:
                around[-1].is_value = text[at:end].rstrip().endswith(":")
            at = end

    def _place(self, offset: int, value: Any, part: str) -> tuple[int, int] | None:
        """Offsets of key and value of the member `part`; None if there is none. The last of two equal keys wins, as in `value`."""
        if part not in value if isinstance(value, dict) else not _is_index(part, len(value)):
            return None
        if offset not in self._indexed:
            keys = iter(value) if isinstance(value, dict) else map(str, count())
            jumped = () if self._has_duplicates else self._members(offset, self._jump_over)
            self._indexed[offset] = {}, zip(keys, jumped, strict=False)
        known, coming = self._indexed[offset]
        if part not in known:
            try:
                for key, member in coming:
                    if key != member.key:
                        break
                    known[key] = (member.key_offset, member.value_offset)
                    if key == part:
                        break
            except (ValueError, IndexError):
                pass
        if part not in known:  # the indentation misled
            members = self._members(offset, self._read_over)
            known |= {each.key: (each.key_offset, each.value_offset) for each in members}
        return known[part]

    def _members(self, offset: int, skip: Callable[[int], int]) -> Iterator[Member]:
        text, opener = self._text, self._text[offset]
        if opener not in "{[":
            return
        at = self._skip_space(offset + 1)
        number = count()
        while text[at] not in "}]":
            key, key_offset = "", at
            if opener == "{":
                if plain := _PLAIN_KEY.match(text, at):
                    key, at = plain[1], plain.end()
                else:
                    key, at = _read(text, at)
                    at = self._skip_space(self._skip_space(at) + 1)  # over the colon
            else:
                key = str(next(number))
            yield Member(key, key_offset, at)
            end = _END.match(text, skip(at))
            at = end.end() if end else at

    def _read_over(self, offset: int) -> int:
        return _read(self._text, offset)[1]

    def _jump_over(self, offset: int) -> int:
        """The end of the value at `offset`, where the line that closes it is indented like the one that opens it."""
        text = self._text
        end = _LINE_END.match(text, offset + 1) if text[offset] in "{[" else None
        if end is None:
            return self._read_over(offset)
        before, inside = text[text.rfind("\n", 0, offset) + 1 : offset], end.end()
        indent = before[: len(before) - len(before.lstrip(" \t"))]
        if not text.startswith((f"{indent} ", f"{indent}\t"), inside):
            return self._read_over(offset)
        closing = "\n" + indent + ("}" if text[offset] == "{" else "]")
        return text.index(closing, offset) + len(closing)

    def _skip_space(self, offset: int) -> int:
        space = _SPACE.match(self._text, offset)
        return space.end() if space else offset


class Ranks:
    """The order of the members of `value`, which is the order of the text."""

    def __init__(self, value: Any) -> None:
        self._around: dict[str, tuple[tuple[int, ...], Any]] = {"": ((), value)}
        self._indexed: dict[int, dict[str, int]] = {}

    def of(self, where: str) -> tuple[int, ...]:
        """How many members precede each part of the pointer `where` in the object or list around it, as far as the parts exist."""
        return self._find(where)[0]

    def _find(self, where: str) -> tuple[tuple[int, ...], Any]:
        """The ranks and the value; None if there is none."""
        if where == "":
            return self._around[where]
        around, _, last = where.rpartition("/")
        if around not in self._around:  # that of many findings
            self._around[around] = self._find(around)
        ranks, value = self._around[around]
        part = pointer.unescaped(last)
        if isinstance(value, dict) and part in value:
            if id(value) not in self._indexed:
                self._indexed[id(value)] = {key: rank for rank, key in enumerate(value)}
            return (*ranks, self._indexed[id(value)][part]), value[part]
        if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            return (*ranks, int(part)), value[int(part)]
        return ranks, None


def _is_index(part: str, length: int) -> bool:
    return part.isdecimal() and int(part) < length and str(int(part)) == part
