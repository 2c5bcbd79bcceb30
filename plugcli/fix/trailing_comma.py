"""Commas before a closing bracket: the commonest mistake in a manifest, and the one that its host explains worst."""

import re
from collections.abc import Iterator

from plugcli.document import Document, UnreadableDocument
from plugcli.fix.edit import Edit, apply

# A string, or the rest of one that is never closed: a comma inside it does not count.
_STRING_OR_COMMA = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)|,(?=\s*[}\]])', re.DOTALL)


def trailing_commas(text: str, name: str) -> list[Edit]:
    """The edits that make `text` valid JSON; none if it is valid already, or if more than trailing commas is wrong."""
    if text.lstrip()[:1] not in ("{", "["):
        return []
    edits = list(_edits(text))
    try:
        Document.parse(apply(text, edits), name, is_json=True)
    except UnreadableDocument:
        return []
    return edits


def _edits(text: str) -> Iterator[Edit]:
    for found in _STRING_OR_COMMA.finditer(text):
        if found[0] == "," and _follows_a_value(text, found.start()):
            yield Edit(found.start(), 1)


def _follows_a_value(text: str, offset: int) -> bool:
    before = offset - 1
    while before >= 0 and text[before].isspace():
        before -= 1
    return before >= 0 and text[before] not in "[{,:"
