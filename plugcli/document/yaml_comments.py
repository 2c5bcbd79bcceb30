"""Comments in a YAML text. A # in quoted text or in a block of text does not start one; the scanner knows."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINE_END = re.compile(r"[\r\n]")


def find(text: str, wanted: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """The matches of `wanted`, which begins with a #, that are in comments. The text must have parsed.

    Scanning takes as long as parsing did, and is skipped if nothing matches.
    """
    matches = list(wanted.finditer(text))
    spans = list(_texts(text)) if matches else []
    for match in matches:
        before = bisect_right(spans, (match.start(), len(text))) - 1
        if before < 0 or match.start() >= spans[before][1]:
            yield match


def _texts(text: str) -> Iterator[tuple[int, int]]:
    """Where each text starts and ends, quoted or not. A block of text starts below its first line (`|`, `>-`)."""
    loader = _LOADER(text)
    try:
        while loader.check_token():
            token = loader.get_token()
            if isinstance(token, yaml.ScalarToken):
                start, end = token.start_mark.index, token.end_mark.index
                if token.style in ("|", ">"):
                    below = _LINE_END.search(text, start)
                    start = below.start() if below else end
                yield start, end
    finally:
        loader.dispose()
