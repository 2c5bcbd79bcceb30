"""Report formats, one per file: each has `render(reports, paper)`, which turns reports into text as they arrive.

The name of the file is the name of the format; no list is kept. A format never prints and never opens a file.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from types import FunctionType

from plugcli.errors import UsageError
from plugcli.extensions import ids, load
from plugcli.finding import Report

DEFAULT = "text"


@dataclass(frozen=True)
class Paper:
    """Where a report goes: how many cells fit on a line, whether it is a terminal, and whether it is coloured.

    In a file or pipe, `width` limits excerpts only, so that each message stays on one line for grep.
    """

    width: int = 100
    is_terminal: bool = False
    is_coloured: bool = False


Render = Callable[[Iterable[Report], Paper], Iterator[str]]


def format_called(name: str) -> Render:
    """Return the format `name`. Raises UsageError if there is no such format."""
    formats = sys.modules[__name__]
    names = sorted(ids(formats))
    if name not in names:
        close = get_close_matches(name.lower(), names, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise UsageError(f"unknown format {name!r}", hint=f"{hint}one of {', '.join(names)}")
    return load(formats, name, "render", FunctionType)  # only this one: text does not need sarif
