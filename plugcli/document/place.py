"""A place in a document: the value that a JSON pointer names, and its line and column, looked up only when asked for.

A large document may have thousands of findings, which are counted, but only some dozens are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from plugcli.document.problem import Excerpt, Position

if TYPE_CHECKING:
    from plugcli.document import Document


@dataclass(frozen=True, eq=False)
class Place:
    """The value that a JSON pointer names. If it is missing, the value around it is shown.

    With `of_key` the key is what is wrong. `position` is for what a pointer cannot name, such as the first of two
    equal keys. It is the same place whichever reader the document was read as.
    """

    document: Document
    pointer: str = ""
    of_key: bool = False
    position: Position | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and self._as_tuple == other._as_tuple

    def __hash__(self) -> int:
        return hash(self._as_tuple)

    @property
    def _as_tuple(self) -> tuple[object, ...]:
        return self.document.name, self.pointer, self.of_key, self.position

    @cached_property
    def existing(self) -> str:
        """The pointer of the value, or of the nearest one around it that exists."""
        return self.document.nearest(self.pointer)[0]

    @cached_property
    def shown(self) -> Position:
        """The line and column to show: of the key where the value is an object, a list, null or missing."""
        if self.position is not None:
            return self.position
        existing, value = self.document.nearest(self.pointer)
        has_no_text = self.of_key or value is None or isinstance(value, (dict, list))
        return self.document.position(existing, of_key=bool(existing) and has_no_text)

    @property
    def excerpt(self) -> Excerpt:
        """The line around it."""
        return self.document.excerpt(self.shown)

    @cached_property
    def order(self) -> tuple[int, ...]:
        """What sorts places of one document as they stand in its text."""
        return self.document.order(self.pointer, self.position)
