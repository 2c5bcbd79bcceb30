"""Where everything in a YAML text starts and ends, and how it is written: an editor must know this, a parser need not."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import yaml

from plugcli.document import pointer
from plugcli.fix.edit import Unsure

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class Node:
    """A value: a mapping has keys and values, a sequence has items. `style` is the quote or the block indicator."""

    kind: Literal["mapping", "sequence", "scalar"]
    start: int
    end: int
    is_flow: bool = False
    style: str = ""
    keys: list["Node"] = field(default_factory=list)
    values: list["Node"] = field(default_factory=list)
    text: str = ""

    def member(self, name: str) -> tuple["Node", "Node"]:
        """The key and the value of a member; for an item, the item twice."""
        if self.kind == "sequence" and name.isdecimal() and int(name) < len(self.values):
            return self.values[int(name)], self.values[int(name)]
        index = self._indexes.get(name)
        if index is None:
            raise Unsure("it is not where it is expected")
        return self.keys[index], self.values[index]

    @cached_property
    def _indexes(self) -> dict[str, int]:
        """Where each key is, the first of equal ones; asked for when the node is whole."""
        return {key.text: index for index, key in reversed([*enumerate(self.keys)])}


def layout(text: str) -> Node:
    """The layout of a YAML text that has parsed. Raises Unsure for anchors and tags, which make one place mean two things."""
    stack: list[Node] = []
    root: Node | None = None
    event: Any
    for event in yaml.parse(text, Loader=_LOADER):
        if (
            isinstance(event, yaml.AliasEvent)
            or getattr(event, "anchor", None)
            or getattr(event, "tag", None)
        ):
            raise Unsure("the document has anchors or tags")
        start, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, yaml.ScalarEvent):
            end = start + len(text[start:end].rstrip())
            node = Node("scalar", start, end, style=event.style or "", text=event.value)
        elif isinstance(event, yaml.MappingStartEvent):
            node = Node("mapping", start, end, bool(event.flow_style))
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Node("sequence", start, end, bool(event.flow_style))
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            closed = stack.pop()
            # The parser knows the end of a block only when the next one starts.
            closed.end = end if closed.is_flow or not closed.values else closed.values[-1].end
            continue
        else:
            continue
        if not stack:
            root = node
        elif stack[-1].kind == "mapping" and len(stack[-1].keys) == len(stack[-1].values):
            stack[-1].keys.append(node)
        else:
            stack[-1].values.append(node)
        if node.kind != "scalar":
            stack.append(node)
    if root is None:
        raise Unsure("the document is empty")
    return root


def find(root: Node, where: str) -> tuple[Node, Node, Node]:
    """The node around the pointer `where`, and the key and the value there."""
    around = key = value = root
    for part in pointer.split(where):
        around = value
        key, value = around.member(part)
    return around, key, value
