"""Edits of a JSON text, in the layout that the text has. The text must have been parsed, without duplicate keys."""

import json
import re

from plugcli.document import pointer
from plugcli.fix.edit import Edit, Member, Span, Unsure

_SPACE = re.compile(r"[ \t\n\r]*")
_read = json.JSONDecoder().raw_decode


class JsonEditor:
    """Finds places in one text; each method returns the edits that change it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._indexed: dict[int, dict[str, Member]] = {}

    def remove(self, where: str) -> list[Edit]:
        """Remove the member at `where`, with its comma and the space around it."""
        members, member = self._member(where)
        index = members.index(member)
        if index + 1 < len(members):
            return [_cut(member.key.start, members[index + 1].key.start)]
        return [_cut(members[index - 1].value.end if index else member.key.start, member.value.end)]

    def insert(self, where: str, key: str, value: str | list[str], before: str | None = None) -> list[Edit]:
        """Add a member to the object at `where`: before the member `before`, or as the first."""
        members = self._members(where)
        if not members:
            raise Unsure("an empty object has no layout to follow")
        follower = next(each for each in members if before in (None, each.name))
        colon, gap = self._colon(follower), self._gap(members, follower)
        text = _dump(value) if isinstance(value, str) else self._list(value, gap, colon.partition(":")[2])
        return [Edit(follower.key.start, 0, f"{_dump(key)}{colon}{text},{gap}")]

    def append(self, where: str, values: list[str]) -> list[Edit]:
        """Add texts to the list at `where`."""
        items = self._members(where)
        if not items:
            start = self._member(where)[1].value.start + 1
            space = self._colon(self._member(where)[1]).partition(":")[2]
            return [Edit(start, 0, f",{space}".join(map(_dump, values)))]
        gap = self._gap(items, items[-1]) if len(items) > 1 else self._before(items[0])
        if "\n" not in gap and len(items) == 1:
            gap = self._colon(self._member(where)[1]).partition(":")[2]
        return [Edit(items[-1].value.end, 0, "".join(f",{gap}{_dump(each)}" for each in values))]

    def lift(self, where: str) -> list[Edit]:
        """Move the member at `where`, which is two levels deep, to the top level, after the object that it was in."""
        parent = pointer.join(*pointer.split(where)[:-1])
        members, member = self._member(where)
        siblings, holder = self._member(parent)
        if len(members) == 1:
            raise Unsure("the object around it would become empty")
        gap = self._before(holder)
        if holder is siblings[0] and "\n" not in gap:
            gap = self._gap(siblings, holder)
        text = self._text[member.key.start : member.value.end]
        inner, outer = self._before(member).rpartition("\n")[2], gap.rpartition("\n")[2]
        lines = text.split("\n")
        if all(line.startswith(inner) for line in lines[1:]):
            text = "\n".join([lines[0], *(outer + line[len(inner) :] for line in lines[1:])])
        return [*self.remove(where), Edit(holder.value.end, 0, f",{gap}{text}")]

    def _list(self, values: list[str], gap: str, space: str) -> str:
        """A list of strings: on several lines if the lists of this text are, otherwise on one."""
        texts = [_dump(each) for each in values]
        if "\n" not in gap or not re.search(r'\[\r?\n\s*"', self._text):
            return f"[{f',{space}'.join(texts)}]"
        # One level of indentation is the space before the very first member.
        deeper = gap + self._before(self._members("")[0]).rpartition("\n")[2]
        return f"[{deeper}{f',{deeper}'.join(texts)}{gap}]"

    def _member(self, where: str) -> tuple[list[Member], Member]:
        """The member at `where`, and all of its object."""
        *above, name = pointer.split(where)
        members = self._members(pointer.join(*above))
        return members, next(each for each in members if each.name == name)

    def _members(self, where: str) -> list[Member]:
        offset = self._skip_space(0)
        for part in pointer.split(where):
            offset = self._index(offset)[part].value.start
        return list(self._index(offset).values())

    def _index(self, offset: int) -> dict[str, Member]:
        if offset not in self._indexed:
            self._indexed[offset] = {each.name: each for each in self._scan(offset)}
        return self._indexed[offset]

    def _scan(self, offset: int) -> list[Member]:
        text, found = self._text, list[Member]()
        is_object = text[offset] == "{"
        at = self._skip_space(offset + 1)
        while text[at] not in "}]":
            name, key = str(len(found)), Span(at, at)
            if is_object:
                name, end = _read(text, at)
                key = Span(at, end)
                at = self._skip_space(self._skip_space(end) + 1)  # over the colon
            end = _read(text, at)[1]
            found.append(Member(name, key, Span(at, end)))
            at = self._skip_space(end)
            if text[at] == ",":
                at = self._skip_space(at + 1)
        return found

    def _skip_space(self, offset: int) -> int:
        space = _SPACE.match(self._text, offset)
        return space.end() if space else offset

    def _colon(self, member: Member) -> str:
        return self._text[member.key.end : member.value.start]

    def _before(self, member: Member) -> str:
        """The space before a member."""
        start = member.key.start
        while start and self._text[start - 1] in " \t\n\r":
            start -= 1
        return self._text[start : member.key.start]

    def _gap(self, members: list[Member], member: Member) -> str:
        """The space that belongs between two members, near `member`."""
        before = self._before(member)
        if "\n" in before or member is not members[0]:
            return before
        if len(members) > 1:
            return self._before(members[1])
        return self._colon(member).partition(":")[2]


def _cut(start: int, end: int) -> Edit:
    return Edit(start, end - start)


def _dump(value: str) -> str:
    has_half = any("\ud800" <= each <= "\udfff" for each in value)  # half of a pair is only ever an escape
    return json.dumps(value, ensure_ascii=has_half)
