"""Edits of a YAML text, in the layout that the text has. The text must have been parsed, without duplicate keys.

It edits only block style, and only members on their own lines; comments stay where they are. Everything else raises Unsure.
"""

import json
import re
from functools import cached_property

from plugcli.document import pointer
from plugcli.fix.edit import Edit, Unsure
from plugcli.fix.yaml_layout import Node, find, layout

# Text that no parser reads as a number, a boolean or null if it has no quotes.
_PLAIN = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z_][A-Za-z0-9_-]*", re.IGNORECASE)
_REST = re.compile(r"[ \t]*(#[^\r\n]*)?")


class YamlEditor:
    """Finds places in one text; each method returns the edits that change it, or raises Unsure."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._newline = "\r\n" if "\r\n" in text else "\n"
        if re.search("\r(?!\n)|[\x85\u2028\u2029]", text):
            raise Unsure("it has unusual line ends")
        self._root = layout(text)

    def remove(self, where: str) -> list[Edit]:
        """Remove the member at `where`, which is one line; a comment on that line stays."""
        around, key, value = self._member(where)
        if len(around.keys) == 1:
            raise Unsure("the mapping around it would become empty")
        self._indentation(key)
        if "\n" in self._text[key.start : value.end]:
            raise Unsure("it spans several lines")
        comment = self._rest(value.end)
        if comment:
            return [Edit(key.start, comment - key.start)]
        return [self._cut_lines(self._line(key.start), self._next_line(value.end))]

    def insert(self, where: str, key: str, value: str | list[str], before: str | None = None) -> list[Edit]:
        """Add a member to the mapping at `where`: before the member `before` and its comments, or as the first."""
        _, opener, mapping = find(self._root, where)
        if mapping.kind != "mapping" or mapping.is_flow:
            raise Unsure("it is in flow style")
        follower = mapping.member(before)[0] if before else mapping.keys[0]
        indent = self._indentation(follower)
        index = mapping.keys.index(follower)
        start = self._line(follower.start)
        above = mapping.values[index - 1].end if index else opener.end
        while (
            start
            and self._line(start - 1) > above
            and self._text[self._line(start - 1) : start].strip()[:1] == "#"
        ):
            start = self._line(start - 1)
        quote = follower.style
        lines = [
            f"{indent}{quote}{key}{quote}: {_scalar(value, quote) if isinstance(value, str) else ''}".rstrip()
        ]
        if not isinstance(value, str):
            dash = indent + " " * self._dash_indent
            lines += [f"{dash}- {_scalar(each)}" for each in value]
        return [Edit(start, 0, "".join(f"{line}{self._newline}" for line in lines))]

    def append(self, where: str, values: list[str]) -> list[Edit]:
        """Add texts to the list at `where`."""
        _, _, items = self._member(where)
        if items.kind != "sequence" or not all(each.kind == "scalar" for each in items.values):
            raise Unsure("it is not a list of names")
        if items.is_flow:
            if not items.values:
                return [Edit(items.start + 1, 0, ", ".join(map(_scalar, values)))]
            last = items.values[-1]
            return [Edit(last.end, 0, "".join(f", {_scalar(each, last.style)}" for each in values))]
        last = items.values[-1]
        lead = self._text[self._line(last.start) : last.start]
        if not re.fullmatch(r" *- +", lead) or "\n" in self._text[last.start : last.end]:
            raise Unsure("the list does not have one name per line")
        self._rest(last.end)
        lines = "".join(f"{self._newline}{lead}{_scalar(each, last.style)}" for each in values)
        return [Edit(self._line_end(last.end), 0, lines)]

    def lift(self, where: str) -> list[Edit]:
        """Move the member at `where`, which is two levels deep, to the top level, after the mapping that it was in."""
        around, key, value = self._member(where)
        holder, outer_key, _ = self._member(pointer.join(*pointer.split(where)[:-1]))
        if len(around.keys) == 1:
            raise Unsure("the mapping around it would become empty")
        if holder is not self._root:
            raise Unsure("it is too deep")
        inner, outer = self._indentation(key), self._indentation(outer_key)
        self._rest(value.end)
        start, end = self._line(key.start), self._line_end(value.end)
        lines = self._text[start:end].split("\n")
        if not all(line.startswith(inner) or not line.strip() for line in lines):
            raise Unsure("its lines are indented less than its key")
        moved = "\n".join(outer + line[len(inner) :] if line.strip() else line for line in lines)
        if around.keys[-1] is key:
            return [Edit(start, end - start, moved)]
        self._rest(around.end)
        behind = self._line_end(around.end)
        return [
            self._cut_lines(start, self._next_line(value.end)),
            Edit(behind, 0, f"{self._newline}{moved}"),
        ]

    def _member(self, where: str) -> tuple[Node, Node, Node]:
        around, key, value = find(self._root, where)
        if around.kind != "mapping" or around.is_flow:
            raise Unsure("it is in flow style")
        return around, key, value

    def _indentation(self, key: Node) -> str:
        """The spaces before a key that comes first on its line."""
        indent = self._text[self._line(key.start) : key.start]
        if indent.strip(" ") or "\n" in self._text[key.start : key.end]:
            raise Unsure("the key does not come first on its line")
        return indent

    def _rest(self, offset: int) -> int:
        """Where the comment after `offset` starts; 0 if there is none. Raises Unsure if something else follows on the line."""
        rest = _REST.match(self._text, offset)
        if rest is None or self._text[rest.end() : rest.end() + 1] not in ("", "\r", "\n"):
            raise Unsure("something follows on the same line")
        return rest.start(1) if rest[1] else 0

    @cached_property
    def _dash_indent(self) -> int:
        """How far a list's dash is indented from its key in this text."""
        waiting = [self._root]
        for node in waiting:
            for key, value in zip(node.keys, node.values, strict=False):
                if value.kind == "sequence" and not value.is_flow:
                    return max(self._column(value.start) - self._column(key.start), 0)
            waiting += node.values
        return 2

    def _column(self, offset: int) -> int:
        return offset - self._line(offset)

    def _line(self, offset: int) -> int:
        return self._text.rfind("\n", 0, offset) + 1

    def _next_line(self, offset: int) -> int:
        found = self._text.find("\n", offset)
        return len(self._text) if found < 0 else found + 1

    def _line_end(self, offset: int) -> int:
        """The end of the line around `offset`, without its line break."""
        found = self._text.find("\n", offset)
        if found < 0:
            return len(self._text)
        return found - 1 if self._text[found - 1 : found] == "\r" else found

    def _cut_lines(self, start: int, end: int) -> Edit:
        """Delete whole lines; of the last one, without a line break, delete the break before it."""
        if end == len(self._text) and not self._text.endswith("\n") and start:
            start -= len(self._newline)
        return Edit(start, end - start)


def _scalar(text: str, quote: str = "") -> str:
    """`text` as YAML, in the quotes that its neighbours have."""
    if quote == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    if quote == '"' or not _PLAIN.fullmatch(text):
        return json.dumps(text, ensure_ascii=not text.isprintable())
    return text
