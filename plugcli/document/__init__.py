"""A JSON or YAML text that knows the line and column of every value.

JSON is read as JSON, 20 times faster than as YAML, and positions are looked up only when asked for.
A text that cannot be read raises UnreadableDocument, whose `problem` names the mistake and its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plugcli.document import depth, json_text, pointer
from plugcli.document.depth import MAX_DEPTH, TooDeep
from plugcli.document.differences import Differences
from plugcli.document.file import decode, read_file
from plugcli.document.json_text import JsonPlaces, Ranks
from plugcli.document.memo import remembered
from plugcli.document.place import Place
from plugcli.document.problem import (
    A_SERVERS_ANSWER,
    BadText,
    Excerpt,
    Lines,
    ParseProblem,
    Position,
    UnreadableDocument,
)
from plugcli.document.yaml_notes import Notes

if TYPE_CHECKING:
    from plugcli.document.yaml_text import YamlText
    from plugcli.document.yaml_values import YamlVersion

__all__ = [
    "Document",
    "Duplicate",
    "Excerpt",
    "ParseProblem",
    "Place",
    "Position",
    "UnreadableDocument",
    "document_or_problem",
    "pointer",
    "read_file",
    "remembered",
]


@dataclass(frozen=True)
class Duplicate:
    """A key that its object already has: the host keeps the last value and loses the first.

    In YAML two equal keys are not `alike` if one is a number and the other a string, as `404` and `"404"` are.
    """

    key: str
    pointer: str
    position: Position
    first: Position
    alike: bool = True


@dataclass(frozen=True, eq=False)
class Document:
    """A JSON or YAML text whose top level is an object.

    `name` is the user's name for it. `data` holds only plain values: keys are strings (`200:` is "200"), and so
    are dates. `slip` is set if a text that starts like JSON can be read only as YAML. YAML is read as version 1.1,
    as PyYAML does; `read_as` gives the values that another parser reads.
    """

    name: str
    text: str
    data: dict[str, Any]
    slip: ParseProblem | None = None
    _yaml: YamlText | None = field(default=None, repr=False)
    _has_duplicates: bool = field(default=False, repr=False)
    _containers: list[Any] = field(default_factory=list, repr=False)

    @classmethod
    def load(cls, path: Path, *, name: str | None = None, is_json: bool = False) -> Document:
        """Read `path`. Raises PlugcliError if there is no readable file; otherwise as `parse`."""
        return cls.parse(read_file(path), name or str(path), is_json=is_json)

    @classmethod
    def parse(cls, text_or_bytes: str | bytes, name: str, *, is_json: bool = False) -> Document:
        """Read a text. With `is_json`, YAML is refused, as hosts refuse it for a manifest.

        Raises UnreadableDocument.
        """
        text = ""
        try:
            text = text_or_bytes if isinstance(text_or_bytes, str) else decode(text_or_bytes)
            return cls._parse(text, name, is_json=is_json)
        except BadText as bad:
            if not text and isinstance(text_or_bytes, bytes):
                text = text_or_bytes.decode("latin-1")  # offsets are those of bytes then
            raise UnreadableDocument(_problem(text, name, bad)) from bad

    @classmethod
    def _parse(cls, text: str, name: str, *, is_json: bool) -> Document:
        slip = None
        if is_json or text.lstrip()[:1] in ("{", "["):
            try:
                data, has_duplicates = json_text.parse(text)
            except BadText as bad:
                if is_json:
                    raise
                slip = bad
            else:
                _check(data, text)
                levels, containers = _containers(data)
                if levels > MAX_DEPTH:  # the YAML reader counts as it goes
                    depth.check_json(text)
                return cls(name, text, data, _has_duplicates=has_duplicates, _containers=containers)
        from plugcli.document import yaml_text  # 20 ms that a JSON document does not pay

        try:
            read = yaml_text.parse(text)
        except TooDeep:
            raise
        except BadText as bad:
            if slip is not None:
                slip.doubted_by = bad.doubted_by
                raise slip from None
            raise
        _check(read.value, text)
        return cls(
            name,
            text,
            read.value,
            _problem(text, name, slip) if slip else None,
            read,
            _containers=read.containers,
        )

    @cached_property
    def _memo(self) -> dict[Any, Any]:
        """What `remembered` functions have computed from this document. Only they use it."""
        return {}

    @cached_property
    def objects(self) -> list[dict[str, Any]]:
        """Every object in the document, each once, in no order."""
        return [each for each in self._containers if type(each) is dict]

    @property
    def is_yaml(self) -> bool:
        """Whether it was read as YAML. JSON is not, unless it has a slip."""
        return self._yaml is not None

    @property
    def is_json(self) -> bool:
        """Whether the text was read as JSON, not as YAML."""
        return self._yaml is None

    def get(self, *parts: str) -> Any:
        """The value that `parts` lead to; None if there is none."""
        value: Any = self.data
        for part in parts:
            if isinstance(value, dict):
                value = value.get(part)
            elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
                value = value[int(part)]
            else:
                return None
        return value

    def nearest(self, where: str) -> tuple[str, Any]:
        """The value that the pointer `where` names, or the nearest one around it that exists; its pointer first."""
        parts: list[str] = []
        value: Any = self.data
        for part in pointer.split(where):
            if isinstance(value, dict) and part in value:
                value = value[part]
            elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
                value = value[int(part)]
            else:
                break
            parts.append(part)
        return pointer.join(*parts), value

    def position(self, where: str = "", *, of_key: bool = False) -> Position:
        """The place of the value that the JSON pointer `where` names, or of the nearest one around it.

        With `of_key`, the place of its key.
        """
        key_offset, value_offset = self._places.find(pointer.split(where))
        return self._lines.position(key_offset if of_key else value_offset)

    def read_as(self, version: YamlVersion) -> Document:
        """This document with the values that a parser of that YAML version reads; itself if they are the same."""
        if version == "1.1" or not self.differences.change_values:
            return self
        return self._in_1_2

    @cached_property
    def differences(self) -> Differences:
        """What parsers read differently; nothing for JSON."""
        notes = self._yaml.notes if self._yaml is not None else Notes()
        return Differences(self, notes, lambda offset: self._lines.position(offset))

    def order(self, where: str = "", position: Position | None = None) -> tuple[int, ...]:
        """What sorts places as they stand in the text: of the pointer `where`, or of `position`.

        Of JSON without duplicate keys no line is looked up for it: keys come in the order of the text.
        """
        if self._yaml is None and not self._has_duplicates and position is None:
            return self._ranks.of(where)
        if position is not None:
            return (self._lines.offset(position),)
        return (self._places.find(pointer.split(where))[0],)

    def excerpt(self, position: Position) -> Excerpt:
        """The line around `position`, raw."""
        return self._lines.excerpt(position)

    def duplicates(self) -> list[Duplicate]:
        """Keys that their object already had, in the order of the text."""
        if self._yaml is None and not self._has_duplicates:
            return []
        return [
            Duplicate(
                path[-1],
                pointer.join(*path),
                self._lines.position(offset),
                self._lines.position(first),
                alike,
            )
            for path, offset, first, alike in self._places.duplicates()
        ]

    def comments(self, wanted: re.Pattern[str]) -> Iterator[tuple[re.Match[str], Position]]:
        """The matches of `wanted`, which begins with a #, in the comments of a YAML text; JSON has no comments."""
        if self._yaml is None:
            return
        from plugcli.document import yaml_comments

        for match in yaml_comments.find(self.text, wanted):
            yield match, self._lines.position(match.start())

    def line_after_comment(self, line: int) -> int:
        """The line that a comment on `line` is about: the same line, or the next line that is not only a comment."""
        passed = []
        while line not in self._lines_after and self._lines.text(line).lstrip().startswith("#"):
            passed.append(line)
            line += 1
        found = self._lines_after.get(line, line)
        self._lines_after.update(dict.fromkeys(passed, found))
        return found

    @cached_property
    def _lines_after(self) -> dict[int, int]:
        """For each line of comments, the line below the block: a block may have thousands of comments."""
        return {}

    @cached_property
    def _in_1_2(self) -> Document:
        from plugcli.document import yaml_text

        read = yaml_text.parse(self.text, "1.2")
        return replace(self, data=read.value, _yaml=read, _containers=read.containers)

    @cached_property
    def _places(self) -> JsonPlaces | YamlText:
        return self._yaml or JsonPlaces(self.text, self.data, has_duplicates=self._has_duplicates)

    @cached_property
    def _ranks(self) -> Ranks:
        return Ranks(self.data)

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.text)


def document_or_problem(
    data: bytes, name: str, *, is_json: bool = False
) -> tuple[Document | None, ParseProblem | None]:
    """Return the Document that `Document.parse` reads from `data`, or the problem that prevents it: one of the two is None."""
    try:
        return Document.parse(data, name, is_json=is_json), None
    except UnreadableDocument as error:
        return None, error.problem


def _problem(text: str, name: str, bad: BadText) -> ParseProblem:
    lines = Lines(text)
    position = lines.position(min(bad.offset, len(text)))
    return ParseProblem(name, position, bad.message, bad.hint, lines.excerpt(position), bad.doubted_by)


def _check(value: Any, text: str) -> None:
    """Raise BadText if the top level is not an object."""
    if isinstance(value, dict):
        return
    from plugcli.document.json_mistakes import excerpt
    from plugcli.document.placeholder import kind_of_page

    start = len(text) - len(text.lstrip())
    if value is None and not any(line.strip() and line.strip()[0] not in "#-" for line in text.splitlines()):
        raise BadText(0, "the file is empty", "write one object")
    if page := kind_of_page(text):
        raise BadText(start, f"this is {page}, neither JSON nor YAML", A_SERVERS_ANSWER)
    if isinstance(value, list):
        raise BadText(
            start, "the top level is a list but must be an object", "remove the list around the object"
        )
    raise BadText(start, f"this is plain text but must be an object: {excerpt(text)}", A_SERVERS_ANSWER)


def _containers(value: dict[str, Any]) -> tuple[int, list[Any]]:
    """How deep `value` is nested, and every object and list in it, the outermost first."""
    depth, found = 0, list[Any]()
    level: list[Any] = [value]
    while level:
        depth += 1
        found += level
        level = [
            child
            for container in level
            for child in (container.values() if type(container) is dict else container)
            if type(child) is dict or type(child) is list
        ]
    return depth, found
