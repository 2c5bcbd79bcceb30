"""One pass over the events of a YAML text: its values, where they are, and what parsers read differently.

It uses events, not nodes: PyYAML's C composer recurses, and 100,000 opening brackets crash the interpreter.
A text on which a host's own YAML parser would fail is refused with a reason: aliases that expand without end,
keys that are not strings, unknown tags.
"""

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from plugcli.document import number
from plugcli.document.depth import MAX_DEPTH, TooDeep
from plugcli.document.placeholder import unfilled
from plugcli.document.problem import BadText
from plugcli.document.yaml_doubts import ALL, MODERN
from plugcli.document.yaml_notes import Ambiguous, Merge, Places, Refused, Repeated
from plugcli.document.yaml_values import READERS, TAGS, YamlVersion, construct, is_ambiguous
from plugcli.placeholder import TEMPLATE

# Aliases are cheap to write and expensive to expand: nine lines of nine aliases make a billion values.
MAX_ALIASED_VALUES = 200_000

# Tags of the YAML standard that a host's safe loader accepts; `!` alone means "as a string".
_TEXT_TAGS = {f"{TAGS}{name}" for name in ("str", "null", "bool", "int", "float", "timestamp", "binary")} | {
    "!"
}
_CONTAINER_TAGS = {f"{TAGS}{name}" for name in ("map", "seq", "set", "omap", "pairs")} | {"!"}
# The tags that js-yaml's JSON_SCHEMA does not have.
_NOT_OF_JSON = {f"{TAGS}{name}" for name in ("timestamp", "binary", "set", "omap", "pairs")}
_GLUED_COMMENT = re.compile(r"(?:[&!]\S*[ \t]+)*[|>][-+0-9]*#")
_GLUED_TO_VERSION = re.compile(r"%YAML[ \t]+[0-9.]+#")
_SPACE = "put a space before the #"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class _Frame:
    """A mapping or sequence being filled."""

    value: Any
    anchor: str | None
    offset: int
    places: Places = field(default_factory=dict)
    key: str | None = None  # a key that has been read, whose value is still to come
    key_offset: int = 0
    merges: list[dict[str, Any]] = field(default_factory=list)
    size: int = 1  # values inside, with every alias written out
    height: int = 1  # levels including its own, with every alias written out


class _Anchored(NamedTuple):
    """What an anchor names: the value, its size and height as in a frame, and the written form of a scalar."""

    value: Any
    size: int
    height: int
    text: str | None


class Builder:
    """Reads a text once, as the given version of YAML. What was found stays here, even if `build` fails."""

    def __init__(self, text: str, version: YamlVersion = "1.1") -> None:
        self.root: Any = None
        self.root_offset = 0
        self.places: dict[int, Places] = {}
        self.containers: list[Any] = []
        self.repeated: list[Repeated] = []
        self.ambiguous: list[Ambiguous] = []
        self.merges: list[Merge] = []
        self.anchored_again: list[Repeated] = []
        self.refused: list[Refused] = []
        self.offset = 0  # of the last event
        self._text = text
        self._version = version
        self._read = READERS[version]
        self._stack: list[_Frame] = []
        self._anchors: dict[str, _Anchored] = {}
        self._anchored_at: dict[str, int] = {}
        self._scalars: dict[str, tuple[Any, bool]] = {}
        self._is_ambiguous_key: dict[str, bool] = {}
        self._written = 0  # values in the text; any more that a container has come from aliases

    @property
    def depth(self) -> int:
        """How deep the last event is nested."""
        return len(self._stack)

    def build(self) -> None:
        """Read the text. Raises BadText and yaml.YAMLError."""
        if _GLUED_TO_VERSION.match(self._text):
            self._refuse("a comment follows the YAML version without a space", _SPACE, 0)
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
                            "remove the line '---': hosts read one document per file",
                        )
                elif kind is yaml.StreamEndEvent:
                    break
        finally:
            loader.dispose()

    def _scalar(self, event: Any) -> None:
        self.offset = offset = event.start_mark.index
        text = event.value
        if event.tag is not None and event.tag not in _TEXT_TAGS:
            raise _unknown_tag(event.tag, offset)
        if event.tag in _NOT_OF_JSON:
            self._refuse_tag(event.tag, offset)
        is_plain = event.tag is None and event.implicit[0]
        if event.style in ("|", ">") and _GLUED_COMMENT.match(self._text, offset):
            self._refuse(f"a comment follows {event.style} without a space", _SPACE, offset)
        if self._stack and type(self._stack[-1].value) is dict and self._stack[-1].key is None:
            self._key(text, offset, is_plain=is_plain)
            if event.anchor:
                self._anchor(event.anchor, offset, self._value(text, event.tag, is_plain), text)
            return
        if text == "-" and is_plain:
            self._refuse("a - alone is not a value inside brackets", 'write "-"', offset)
        self._written += 1
        value = self._value(text, event.tag, is_plain)
        if is_plain and self._scalars[text][1]:
            self.ambiguous.append(Ambiguous(text, self._parts(), offset, is_key=False))
        if event.anchor:
            self._anchor(event.anchor, offset, value, text)
        self._put(value, offset, 1)

    def _value(self, text: str, tag: str | None, is_plain: bool) -> Any:
        if not is_plain:
            return construct(tag or "!", text)
        if text not in self._scalars:
            self._scalars[text] = self._read(text), is_ambiguous(text)
        return self._scalars[text][0]

    def _key(self, written: str, offset: int, *, is_plain: bool) -> None:
        frame = self._stack[-1]
        frame.key = text = self._named(written) if is_plain else written
        frame.key_offset = offset
        if text == "<<" and is_plain:
            self.merges.append(Merge(self._parts()[:-1], offset))
            return
        if text in frame.places:
            first = frame.places[text][0]
            alike = is_plain == (self._text[first] not in "\"'") or isinstance(self._read(written), str)
            self.repeated.append(Repeated(text, self._parts(), offset, first, alike))
        if is_plain and self._is_ambiguous_key[written]:
            self.ambiguous.append(Ambiguous(written, self._parts(), offset, is_key=True))

    def _named(self, written: str) -> str:
        """The key for a plain scalar. In YAML 1.2 a number is written as in JavaScript: `0404` is "404"."""
        if written not in self._is_ambiguous_key:
            self._is_ambiguous_key[written] = is_ambiguous(written)
        if self._version == "1.1" or not self._is_ambiguous_key[written]:
            return written
        value = self._read(written)
        return number.written(value) if isinstance(value, (int, float)) else written

    def _parts(self) -> list[str]:
        """The keys and indices that lead to the value that is being read."""
        return [str(len(each.value)) if each.key is None else each.key for each in self._stack]

    def _anchor(self, name: str, offset: int, value: Any, text: str | None) -> None:
        if name in self._anchored_at:
            self.anchored_again.append(Repeated(name, self._parts(), offset, self._anchored_at[name]))
        self._anchored_at.setdefault(name, offset)
        if text is None:
            self._anchors.pop(name, None)  # it gets its name once it is complete
        else:
            self._anchors[name] = _Anchored(value, 1, 0, text)

    def _open(self, value: Any, event: Any) -> None:
        self.offset = offset = event.start_mark.index
        if len(self._stack) >= MAX_DEPTH:
            raise TooDeep(offset)
        if event.tag is not None and event.tag not in _CONTAINER_TAGS:
            raise _unknown_tag(event.tag, offset)
        if event.tag in _NOT_OF_JSON:
            self._refuse_tag(event.tag, offset)
        if self._stack and type(self._stack[-1].value) is dict and self._stack[-1].key is None:
            if found := TEMPLATE.match(self._text, max(offset - 1, 0)):  # `{{ name }}` is a mapping as a key
                bad = unfilled(found)
                bad.doubted_by = MODERN
                raise bad
            raise BadText(
                offset,
                "a mapping or list is used as a key",
                "put quotes around text that starts with { or [",
                MODERN,
            )
        if event.anchor:
            self._anchor(event.anchor, offset, value, None)
        self._written += 1
        self._put_place(offset)
        self._stack.append(_Frame(value, event.anchor, offset))

    def _refuse(self, message: str, hint: str, offset: int, *, is_tag: bool = False) -> None:
        self.refused.append(Refused(message, hint, self._parts(), offset, is_tag))

    def _refuse_tag(self, tag: str, offset: int) -> None:
        name = f"!!{tag.removeprefix(TAGS)}"
        self._refuse(
            f"JSON has no equivalent of the tag {name}", "write the value without it", offset, is_tag=True
        )

    def _close(self) -> None:
        frame = self._stack.pop()
        value = frame.value
        if frame.merges:
            self._merge(frame)
        self.places[id(value)] = frame.places
        self.containers.append(value)
        if frame.anchor:
            self._anchors[frame.anchor] = _Anchored(value, frame.size, frame.height, None)
        self._put_value(value, frame.offset, frame.size)
        if self._stack and self._stack[-1].height <= frame.height:
            self._stack[-1].height = frame.height + 1

    def _merge(self, frame: _Frame) -> None:
        own = dict(frame.value)
        places: Places = {}
        frame.value.clear()
        for merged in frame.merges:  # the first one with a key wins, and the mapping's own keys win over all
            for key, value in merged.items():
                frame.value.setdefault(key, value)
                places.setdefault(key, self.places[id(merged)][key])
        frame.value.update(own)
        frame.places = {**places, **frame.places}

    def _alias(self, event: Any) -> None:
        self.offset = offset = event.start_mark.index
        name = event.anchor
        if name not in self._anchors:
            is_open = any(frame.anchor == name for frame in self._stack)
            raise BadText(
                offset,
                f"the alias *{name} is inside the value that it names"
                if is_open
                else f"the alias *{name} has no anchor &{name} before it",
                "a value cannot contain itself" if is_open else "put quotes around text that starts with *",
                ALL if is_open else (),
            )
        named = self._anchors[name]
        frame = self._stack[-1] if self._stack else None
        if frame and type(frame.value) is dict and frame.key is None:
            if named.text is None:
                raise BadText(offset, f"the alias *{name} is used as a key but is not a string", "", MODERN)
            self._key(named.text, offset, is_plain=False)
            return
        is_merged = frame is not None and frame.key == "<<"  # a merged mapping is not a level of its own
        height = named.height - 1 if is_merged and named.height else named.height
        if len(self._stack) + height > MAX_DEPTH:
            raise TooDeep(offset)
        if frame and frame.height <= height:
            frame.height = height + 1
        self._put(named.value, offset, named.size)

    def _put(self, value: Any, offset: int, size: int) -> None:
        self._put_place(offset)
        self._put_value(value, offset, size)

    def _put_place(self, offset: int) -> None:
        """Note that the value now starting at `offset` belongs to the open container."""
        if not self._stack:
            self.root_offset = offset
            return
        frame = self._stack[-1]
        if frame.key is None:
            frame.places[str(len(frame.value))] = (offset, offset)
        else:
            frame.places[frame.key] = (frame.key_offset, offset)

    def _put_value(self, value: Any, offset: int, size: int) -> None:
        if not self._stack:
            self.root = value
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
            raise BadText(frame.key_offset, "<< merges mappings, but this is not a mapping", "", MODERN)
        frame.merges.extend(merged)


def _unknown_tag(tag: str, offset: int) -> BadText:
    return BadText(
        offset,
        f"hosts do not know the tag {tag}",
        "remove it, or put quotes around text that starts with !",
    )
