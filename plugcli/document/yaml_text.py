"""YAML: one pass over the C parser's events builds the values and remembers where they are.

Events, not nodes: PyYAML's C composer recurses, and 100,000 opening brackets crash the interpreter.
What a host's own YAML reader trips over is refused with a reason: aliases that expand without end,
keys that are no text, unknown tags. Values are read as YAML 1.1, as hosts do, but dates stay text.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import yaml

from plugcli.document.placeholder import TEMPLATE, unfilled
from plugcli.document.problem import MAX_DEPTH, BadText
from plugcli.document.yaml_mistakes import explain

# Aliases are cheap to write and dear to follow: nine lines of nine aliases make a thousand million values.
MAX_ALIASED_VALUES = 200_000

_TAGS = "tag:yaml.org,2002:"
# Tags of the YAML standard that a host's safe reader takes; `!` alone means "as text".
_TEXT_TAGS = {f"{_TAGS}{name}" for name in ("str", "null", "bool", "int", "float", "timestamp", "binary")} | {
    "!"
}
_CONTAINER_TAGS = {f"{_TAGS}{name}" for name in ("map", "seq", "set", "omap", "pairs")} | {"!"}
_RESOLVERS = yaml.SafeLoader.yaml_implicit_resolvers
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_CONSTRUCT = {
    f"{_TAGS}null": _CONSTRUCTOR.construct_yaml_null,
    f"{_TAGS}bool": _CONSTRUCTOR.construct_yaml_bool,
    f"{_TAGS}int": _CONSTRUCTOR.construct_yaml_int,
    f"{_TAGS}float": _CONSTRUCTOR.construct_yaml_float,
}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Places = dict[str, tuple[int, int]]


def parse(text: str) -> "YamlText":
    """The value of a YAML text of one document, with its places. Raises BadText."""
    try:
        with _collector_paused():
            return _Builder(text).build()
    except yaml.YAMLError as error:
        raise explain(text, error) from error
    except UnicodeEncodeError as error:
        raise BadText(error.start, "half of a surrogate pair is no character") from error


@dataclass(frozen=True)
class YamlText:
    """What a YAML text says and where: its mappings and sequences, and for each the offsets of keys and of values.

    `plain` are the values that stand without quotes, as they are written, each once.
    """

    value: Any
    offset: int
    places: dict[int, Places]
    repeated: list[tuple[list[str], int, int]]
    containers: list[Any]
    plain: frozenset[str]

    def find(self, parts: list[str]) -> tuple[int, int]:
        """Offsets of the key and of the value that `parts` lead to, or of the last part that exists."""
        key_offset = value_offset = self.offset
        value = self.value
        for part in parts:
            place = self.places.get(id(value), {}).get(part)
            if place is None:
                break
            key_offset, value_offset = place
            value = value[int(part)] if isinstance(value, list) else value[part]
        return key_offset, value_offset

    def duplicates(self) -> list[tuple[list[str], int, int]]:
        """Keys that their mapping already had: the parts that lead there, offsets of this and the first."""
        return self.repeated


@contextmanager
def _collector_paused() -> Iterator[None]:
    # The many small objects of a big document set off the cycle collector again and again: 3 times the time.
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass(slots=True)
class _Frame:
    """A mapping or sequence being filled."""

    value: Any
    anchor: str | None
    offset: int
    places: Places = field(default_factory=dict)
    key: str | None = None  # read, its value still to come
    key_offset: int = 0
    merges: list[dict[str, Any]] = field(default_factory=list)
    size: int = 1  # values inside, with every alias written out


class _Builder:
    def __init__(self, text: str) -> None:
        self._text = text
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._scalars: dict[str, Any] = {}
        self._all_places: dict[int, Places] = {}
        self._repeated: list[tuple[list[str], int, int]] = []
        self._containers: list[Any] = []
        self._written = 0  # values in the text; what a container has more than these comes from aliases
        self._root: Any = None
        self._root_offset = 0

    def build(self) -> YamlText:
        loader = _LOADER(self._text)
        try:
            documents = 0
            while True:
                event = loader.get_event()
                kind = type(event)
                if kind is yaml.ScalarEvent:
                    self._scalar(event)
                elif kind is yaml.MappingStartEvent:
                    self._open({}, event)
                elif kind is yaml.SequenceStartEvent:
                    self._open([], event)
                elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                    self._close()
                elif kind is yaml.AliasEvent:
                    self._alias(event)
                elif kind is yaml.DocumentStartEvent:
                    documents += 1
                    if documents > 1:
                        raise BadText(
                            event.start_mark.index,
                            "a second YAML document starts here",
                            "hosts read one document a file: remove the line '---'",
                        )
                elif kind is yaml.StreamEndEvent:
                    break
        finally:
            loader.dispose()
        return YamlText(
            self._root,
            self._root_offset,
            self._all_places,
            self._repeated,
            self._containers,
            frozenset(self._scalars),
        )

    def _scalar(self, event: Any) -> None:
        offset = event.start_mark.index
        text = event.value
        if event.tag is not None and event.tag not in _TEXT_TAGS:
            raise _unknown_tag(event.tag, offset)
        if self._stack and type(self._stack[-1].value) is dict and self._stack[-1].key is None:
            self._key(text, offset, is_plain=event.implicit[0])
            return
        is_plain = event.tag is None and event.implicit[0]
        self._written += 1
        value = self._plain(text) if is_plain else self._construct(event.tag or "!", text)
        if event.anchor:
            self._anchors[event.anchor] = (value, 1)
        self._put(value, offset, 1)

    def _key(self, text: str, offset: int, *, is_plain: bool) -> None:
        frame = self._stack[-1]
        frame.key, frame.key_offset = text, offset
        if text == "<<" and is_plain:
            return
        if text in frame.places:
            path = [str(len(each.value)) if each.key is None else each.key for each in self._stack]
            self._repeated.append((path, offset, frame.places[text][0]))

    def _plain(self, text: str) -> Any:
        if text not in self._scalars:
            tag = next(
                (tag for tag, pattern in _RESOLVERS.get(text[:1], ()) if pattern.match(text)), f"{_TAGS}str"
            )
            self._scalars[text] = self._construct(tag, text)
        return self._scalars[text]

    def _construct(self, tag: str, text: str) -> Any:
        construct = _CONSTRUCT.get(tag)
        if construct is None:
            return text
        try:
            return construct(yaml.ScalarNode(tag, text))
        except (ValueError, LookupError, OverflowError):  # `!!int many`, `!!bool ""`, thousands of digits
            return text

    def _open(self, value: Any, event: Any) -> None:
        offset = event.start_mark.index
        if event.tag is not None and event.tag not in _CONTAINER_TAGS:
            raise _unknown_tag(event.tag, offset)
        if len(self._stack) >= MAX_DEPTH:
            raise BadText(offset, f"nested more than {MAX_DEPTH} levels deep")
        if self._stack and type(self._stack[-1].value) is dict and self._stack[-1].key is None:
            if found := TEMPLATE.match(self._text, max(offset - 1, 0)):  # `{{ name }}` is a mapping as a key
                raise unfilled(found)
            raise BadText(
                offset,
                "a mapping or list stands where a key must be",
                "put quotes around text that starts with { or [",
            )
        if event.anchor:
            self._anchors.pop(event.anchor, None)
        self._written += 1
        self._put_place(offset)
        self._stack.append(_Frame(value, event.anchor, offset))

    def _close(self) -> None:
        frame = self._stack.pop()
        value = frame.value
        if frame.merges:
            self._merge(frame)
        self._all_places[id(value)] = frame.places
        self._containers.append(value)
        if frame.anchor:
            self._anchors[frame.anchor] = (value, frame.size)
        self._put_value(value, frame.offset, frame.size)

    def _merge(self, frame: _Frame) -> None:
        own = dict(frame.value)
        places: Places = {}
        frame.value.clear()
        for merged in frame.merges:  # the first one that has a key wins, and the mapping's own key over all
            for key, value in merged.items():
                frame.value.setdefault(key, value)
                places.setdefault(key, self._all_places[id(merged)][key])
        frame.value.update(own)
        frame.places = {**places, **frame.places}

    def _alias(self, event: Any) -> None:
        offset = event.start_mark.index
        name = event.anchor
        if name not in self._anchors:
            is_open = any(frame.anchor == name for frame in self._stack)
            raise BadText(
                offset,
                f"the alias *{name} stands inside what it names"
                if is_open
                else f"the alias *{name} has no anchor &{name} before it",
                "a value cannot contain itself" if is_open else "put quotes around text that starts with *",
            )
        value, size = self._anchors[name]
        frame = self._stack[-1] if self._stack else None
        if frame and type(frame.value) is dict and frame.key is None:
            if not isinstance(value, str):
                raise BadText(offset, f"the alias *{name} is a key, but no text")
            self._key(value, offset, is_plain=False)
            return
        self._put(value, offset, size)

    def _put(self, value: Any, offset: int, size: int) -> None:
        self._put_place(offset)
        self._put_value(value, offset, size)

    def _put_place(self, offset: int) -> None:
        """Note that the value now starting at `offset` belongs to the open container."""
        if not self._stack:
            self._root_offset = offset
            return
        frame = self._stack[-1]
        if frame.key is None:
            frame.places[str(len(frame.value))] = (offset, offset)
        else:
            frame.places[frame.key] = (frame.key_offset, offset)

    def _put_value(self, value: Any, offset: int, size: int) -> None:
        if not self._stack:
            self._root = value
            return
        frame = self._stack[-1]
        frame.size += size
        if frame.size - self._written > MAX_ALIASED_VALUES:
            raise BadText(offset, f"the aliases expand to more than {MAX_ALIASED_VALUES:,} values")
        if frame.key is None:
            frame.value.append(value)
            return
        if frame.key == "<<" and self._text.startswith("<<", frame.key_offset):
            frame.places.pop("<<")
            self._add_merge(frame, value)
        else:
            frame.value[frame.key] = value
        frame.key = None

    def _add_merge(self, frame: _Frame, value: Any) -> None:
        merged = value if isinstance(value, list) else [value]
        if not all(isinstance(each, dict) for each in merged):
            raise BadText(frame.key_offset, "<< merges mappings, and this is none")
        frame.merges.extend(merged)


def _unknown_tag(tag: str, offset: int) -> BadText:
    return BadText(
        offset,
        f"the tag {tag} means nothing to a host",
        "remove it, or put quotes around text that starts with !",
    )
