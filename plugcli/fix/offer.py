"""What a fix of a document consists of: edits of its text, and the change that they must make to its values."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from plugcli.document import Document
from plugcli.fix.edit import Edit
from plugcli.fix.json_editor import JsonEditor
from plugcli.fix.yaml_editor import YamlEditor


@dataclass(frozen=True)
class Offer:
    """One fix that can be made. `change` does to the values what the edits do to the text: the two must agree."""

    rule: str
    where: str
    message: str
    edits: tuple[Edit, ...]
    change: Callable[[dict[str, Any]], None]


def editor(document: Document) -> JsonEditor | YamlEditor:
    """An editor of the document's text. Raises Unsure if a place in it is ambiguous."""
    return JsonEditor(document.text) if document.is_json else YamlEditor(document.text)


def at(data: Any, *parts: str) -> Any:
    """The value in `data` that `parts` lead to. It must exist."""
    for part in parts:
        data = data[int(part)] if isinstance(data, list) else data[part]
    return data
