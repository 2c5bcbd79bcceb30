"""Make untrusted text safe for a terminal: no escapes, no control characters, no overlong lines."""

import unicodedata
from typing import TYPE_CHECKING

from plugcli.sandbox import gate

if TYPE_CHECKING:  # importing it takes a fifth of the start of a short command
    from plugcli.document import Excerpt

printable = gate.line


def fitted(line: "Excerpt", width: int) -> tuple[str, int]:
    """Return the part of `line` around its column that fits into `width` cells, and how many cells come before the column."""
    text, is_cut = line.text, line.is_cut_before or line.is_cut_after
    if len(text) <= width - 12 and not is_cut and text.isascii() and text.isprintable():  # nearly always
        return text, min(line.column - 1, len(text))
    cells = list(map(printable, text))
    cell_width = len if text.isascii() else _width
    at = min(line.column - 1, len(cells))
    start = end = at
    used = 0
    # Grow around the column, twice as far to the right, because the text after it says more.
    while (
        start > 0 or end < len(cells)
    ) and used < width - 12:  # leaves room for dots at both ends and three wide characters
        if end < len(cells):
            used += cell_width(cells[end])
            end += 1
        if end < len(cells):
            used += cell_width(cells[end])
            end += 1
        if start > 0:
            start -= 1
            used += cell_width(cells[start])
    before = ("..." if start > 0 or line.is_cut_before else "") + "".join(cells[start:at])
    after = "..." if end < len(cells) or line.is_cut_after else ""
    return before + "".join(cells[at:end]) + after, _width(before)


def _width(text: str) -> int:
    """Return how many terminal cells `text` takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1
        for each in text
    )
