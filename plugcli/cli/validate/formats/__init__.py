"""Formats of a report, one a file: each has `render(reports, paper)`, which makes text of reports as they come.

The file name is what `--format` calls it; nothing lists them. A format prints nothing and opens no file.
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
    """Where a report goes to: how many cells fit on a line, and whether a person sees it there, in colour.

    A file and a pipe have `width` for excerpts only: what is one line for a person is one line for grep.
    """

    width: int = 100
    is_terminal: bool = False
    is_coloured: bool = False


Render = Callable[[Iterable[Report], Paper], Iterator[str]]


def format_called(name: str) -> Render:
    """The format `name`. Raises UsageError where there is none."""
    formats = sys.modules[__name__]
    names = sorted(ids(formats))
    if name not in names:
        close = get_close_matches(name.lower(), names, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise UsageError(f"unknown format {name!r}", hint=f"{hint}one of {', '.join(names)}")
    return load(formats, name, "render", FunctionType)  # only this one: text does not need sarif
