"""YAML: the value of a text, and the place of everything in it.

The value of a scalar depends on the version of YAML. The structure does not; libyaml reads it.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import yaml

from plugcli.document.depth import TooDeep, may_be_deep
from plugcli.document.problem import BadText
from plugcli.document.yaml_builder import Builder
from plugcli.document.yaml_mistakes import explain
from plugcli.document.yaml_notes import Notes, Places
from plugcli.document.yaml_values import YamlVersion


def parse(text: str, version: YamlVersion = "1.1") -> "YamlText":
    """The value of a YAML text of one document, with its places. Raises BadText."""
    builder = Builder(text, version)
    try:
        with _collector_paused():
            builder.build()
    except yaml.YAMLError as error:
        bad = explain(text, error)
        mark: Any = getattr(error, "problem_mark", None)
        _refuse_deep(text, builder, mark.index if mark else bad.offset)
        raise bad from error
    except UnicodeEncodeError as error:
        raise BadText(error.start, "half of a surrogate pair is not a character") from error
    return YamlText(
        builder.root,
        builder.root_offset,
        builder.places,
        builder.containers,
        Notes(builder.repeated, builder.ambiguous, builder.merges, builder.anchored_again, builder.refused),
    )


@dataclass(frozen=True)
class YamlText:
    """The value of a YAML text, and the places in it: its mappings and sequences, and for each the offsets of keys and values."""

    value: Any
    offset: int
    places: dict[int, Places]
    containers: list[Any]
    notes: Notes

    def find(self, parts: list[str]) -> tuple[int, int]:
        """The offsets of the key and the value that `parts` lead to, or of the last part that exists."""
        key_offset = value_offset = self.offset
        value = self.value
        for part in parts:
            place = self.places.get(id(value), {}).get(part)
            if place is None:
                break
            key_offset, value_offset = place
            value = value[int(part)] if isinstance(value, list) else value[part]
        return key_offset, value_offset

    def duplicates(self) -> list[tuple[list[str], int, int, bool]]:
        """Repeated keys: the parts that lead there, the offsets of this key and of the first, and whether they are alike."""
        return [(each.parts, each.offset, each.first, each.alike) for each in self.notes.repeated]


def _refuse_deep(text: str, builder: Builder, end: int) -> None:
    """Raise TooDeep if `text` is too deep before `end`, where its reader gave up: it had read further than it reported.

    If the text is cut there, the reader cannot read ahead, and reports everything before it.
    """
    if not may_be_deep(text, builder.depth, builder.offset, end):
        return
    try:
        with _collector_paused():
            Builder(text[:end]).build()
    except TooDeep:
        raise
    except (yaml.YAMLError, BadText, UnicodeEncodeError):
        return


@contextmanager
def _collector_paused() -> Iterator[None]:
    # The many small objects of a big document start the cycle collector again and again, which triples the time.
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
