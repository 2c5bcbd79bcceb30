"""How deep a document may be nested: one number and one sentence for JSON and YAML, whatever their libraries support.

A library that gives up at its own limit may do so before it has reported what it read: Python's JSON raises a RecursionError, libyaml
0.2.6 stops at 1,000 brackets, and its scanner runs up to 1,024 characters ahead. So a library's error counts only if nothing before its
place is too deep.
"""

import re

from plugcli.document.problem import BadText

# Several times deeper than any real document we have, and shallow enough for code that recurses.
MAX_DEPTH = 200

_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


class TooDeep(BadText):
    """The value that starts at `offset` is inside `MAX_DEPTH` others."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset, f"nested more than {MAX_DEPTH} levels deep")


def check_json(text: str, end: int | None = None) -> None:
    """Raise TooDeep if `text` is nested too deeply before `end`. Up to `end` it must be JSON."""
    end = len(text) if end is None else end
    if text.count("[", 0, end) + text.count("{", 0, end) <= MAX_DEPTH:
        return
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text, 0, end):
        sign = found[0][0]
        if sign in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise TooDeep(found.start())
        elif sign in "]}":
            depth -= 1


def may_be_deep(text: str, depth: int, start: int, end: int) -> bool:
    """Whether a YAML text that is nested `depth` levels at `start` could be too deep before `end`: each level has one of these signs."""
    return depth + sum(text.count(sign, start, end) for sign in "[{-?:") > MAX_DEPTH
