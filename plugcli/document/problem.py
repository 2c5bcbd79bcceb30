"""Places in a text, and what is wrong with a text that is neither JSON nor YAML."""

import re
from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate

from plugcli.errors import PlugcliError

# The hint for a text that is not a document at all, from a file or from a server.
A_SERVERS_ANSWER = "if a server sent this, check whether it is an error page, a login page or a redirect"
# Where an editor starts a line. YAML 1.1 also breaks at U+0085, U+2028 and U+2029; editors do not.
_NEARBY = 200
_BLOCK = 1024
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class Position:
    """A place in a text: line and column count from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True)
class Excerpt:
    """The line of a text around a place, raw: it may hold terminal escapes. `column` counts from 1 in `text`.

    A document may be one line of 30 MB, and a thousand findings may be in it: so it is only the part nearby.
    """

    text: str
    column: int
    is_cut_before: bool = False
    is_cut_after: bool = False


@dataclass(frozen=True)
class ParseProblem:
    """Why a text cannot be read: the place, a sentence, what to do about it, and the line it is on.

    `doubted_by` are the versions of YAML whose parsers may accept the text.
    """

    file: str
    position: Position
    message: str
    hint: str
    source: Excerpt
    doubted_by: tuple[str, ...] = ()


class UnreadableDocument(PlugcliError):
    """A text is neither JSON nor YAML. A Finding can be made from `problem`."""

    def __init__(self, problem: ParseProblem) -> None:
        place = f"{problem.file}:{problem.position.line}:{problem.position.column}"
        super().__init__(f"{place}: {problem.message}", hint=problem.hint)
        self.problem = problem


class BadText(Exception):
    """Raised inside this package: what is wrong at `offset`, before the text has a name."""

    def __init__(self, offset: int, message: str, hint: str = "", doubted_by: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.doubted_by = doubted_by
        self.offset = offset
        self.message = message
        self.hint = hint


class Lines:
    """The line ends of a text, counted once: offsets to positions and lines.

    They are counted in blocks, for a list of 90,000 would take longer to make than the few places in it that are asked for.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        # Each line end is one \n, where the next line begins.
        self._ends = text.replace("\r\n", " \n").replace("\r", "\n") if "\r" in text else text
        counts = (self._ends.count("\n", at, at + _BLOCK) for at in range(0, len(text), _BLOCK))
        self._ends_before = [0, *accumulate(counts)]  # each block, and the end

    def position(self, offset: int) -> Position:
        block = offset // _BLOCK
        line = 1 + self._ends_before[block] + self._ends.count("\n", block * _BLOCK, offset)
        return Position(line, offset - self._start(line) + 1)

    def offset(self, position: Position) -> int:
        return self._start(position.line) + position.column - 1

    def text(self, line: int) -> str:
        """The line `line`, without its end; empty below the last one."""
        if line > self._ends_before[-1] + 1:
            return ""
        start = self._start(line)
        end = _LINE_END.search(self._text, start)
        return self._text[start : end.start() if end else len(self._text)]

    def excerpt(self, position: Position) -> Excerpt:
        """The line of `position`, without its end: at most _NEARBY characters before and after it."""
        start = self._start(position.line)
        offset = start + position.column - 1
        first = max(start, offset - _NEARBY)
        end = _LINE_END.search(self._text, offset, offset + _NEARBY)
        last = end.start() if end else min(offset + _NEARBY, len(self._text))
        is_cut_after = end is None and last < len(self._text)
        return Excerpt(self._text[first:last], offset - first + 1, first > start, is_cut_after)

    def _start(self, line: int) -> int:
        """Where the line `line` begins."""
        if line == 1:
            return 0
        block = bisect_left(self._ends_before, line - 1) - 1
        end = block * _BLOCK - 1
        for _ in range(line - 1 - self._ends_before[block]):
            end = self._ends.index("\n", end + 1)
        return end + 1
