"""What YAML parsers read differently in a text: scalars without quotes, merge keys, anchors that are defined twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from plugcli.document import pointer
from plugcli.document.place import Place
from plugcli.document.problem import Position
from plugcli.document.yaml_notes import Notes, Refused

if TYPE_CHECKING:
    from plugcli.document import Document
    from plugcli.document.yaml_values import Scalar


@dataclass(frozen=True)
class Anchor:
    """A YAML anchor whose name was already defined, at `first`."""

    name: str
    pointer: str
    position: Position
    first: Position


@dataclass(frozen=True, eq=False)
class Differences:
    """The differences in `document`, from the notes made while it was read; `position` gives the place of an offset."""

    document: Document
    notes: Notes
    position: Callable[[int], Position]

    @cached_property
    def scalars(self) -> list[tuple[Place, Scalar]]:
        """The scalars without quotes that parsers read differently, in the order of the text."""
        if not self.notes.ambiguous:
            return []
        from plugcli.document.yaml_values import scalar

        known = {text: scalar(text) for text in {each.text for each in self.notes.ambiguous}}
        # Only a duplicate has a place that its pointer does not name.
        position = self.position if self.notes.repeated else lambda _: None
        return [
            (Place(self.document, pointer.join(*parts), is_key, position(offset)), known[text])
            for text, parts, offset, is_key in self.notes.ambiguous
        ]

    @cached_property
    def change_values(self) -> bool:
        """Whether a YAML 1.2 parser reads some value or key differently."""
        if not self.notes.ambiguous:
            return False
        from plugcli.document.yaml_values import read_1_1, read_1_2, same

        texts = {each.text for each in self.notes.ambiguous}
        return any(not same(read_1_1(text), read_1_2(text)) for text in texts)

    @cached_property
    def merges(self) -> list[tuple[str, Position]]:
        """The keys `<<`: the pointer of the mapping around each, and its place."""
        return [(pointer.join(*parts), self.position(offset)) for parts, offset in self.notes.merges]

    @cached_property
    def refused(self) -> list[tuple[Place, Refused]]:
        """What PyYAML accepts and js-yaml refuses."""
        return [
            (Place(self.document, pointer.join(*each.parts), position=self.position(each.offset)), each)
            for each in self.notes.refused
        ]

    @cached_property
    def anchors(self) -> list[Anchor]:
        """The anchors whose name was already defined."""
        return [
            Anchor(name, pointer.join(*parts), self.position(offset), self.position(first))
            for name, parts, offset, first, _ in self.notes.anchored_again
        ]
