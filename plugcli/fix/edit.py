"""Edits of a text, with which a fix changes a file. Text that no edit names stays the same, byte for byte."""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Edit:
    """Replace the `length` characters at `offset` with `text`."""

    offset: int
    length: int
    text: str = ""

    @property
    def end(self) -> int:
        return self.offset + self.length


class Unsure(Exception):
    """Raised inside this package: the text is written in a way that could make a fix wrong."""


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text after `edits`. Two deletions may overlap; raises Unsure for other edits that do."""
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda each: (each.offset, each.length)):
        if edit.offset < at and (edit.text or not edit.length):
            raise Unsure("two fixes would change the same place")
        parts += [text[at : edit.offset], edit.text]
        at = max(at, edit.end)
    return "".join([*parts, text[at:]])


def way_back(edits: Iterable[Edit]) -> Callable[[int], int]:
    """The offset before `edits` of what is at an offset after them; for new text, the place where it was put."""
    starts, starts_before, ends_before = [0], [0], list[int]()  # of each piece that stays
    for edit in sorted(edits, key=lambda each: (each.offset, each.length)):
        ends_before.append(max(starts_before[-1], edit.offset))
        starts.append(starts[-1] + ends_before[-1] - starts_before[-1] + len(edit.text))
        starts_before.append(max(starts_before[-1], edit.end))

    def before(offset: int) -> int:
        piece = bisect_right(starts, offset) - 1
        found = starts_before[piece] + offset - starts[piece]
        return min(found, ends_before[piece]) if piece < len(ends_before) else found

    return before


@dataclass(frozen=True)
class Span:
    """The characters from `start` up to, and without, `end`."""

    start: int
    end: int


@dataclass(frozen=True)
class Member:
    """A member of an object, or an item of a list: then its key is empty."""

    name: str
    key: Span
    value: Span
