"""Edits of a text: what a fix does to a file. What no edit names stays as it is, byte for byte."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Edit:
    """Put `text` in the place of the `length` characters at `offset`."""

    offset: int
    length: int
    text: str = ""

    @property
    def end(self) -> int:
        return self.offset + self.length


class Unsure(Exception):
    """Raised inside this package: the author has written this in a way in which a fix could be wrong."""


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text after `edits`. Two deletions may overlap; raises Unsure for other edits that do."""
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda each: (each.offset, each.length)):
        if edit.offset < at and (edit.text or not edit.length):
            raise Unsure("two fixes change the same place")
        parts += [text[at : edit.offset], edit.text]
        at = max(at, edit.end)
    return "".join([*parts, text[at:]])


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
