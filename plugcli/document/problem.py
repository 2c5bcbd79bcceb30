"""Places in a text, and what is wrong with a text that is neither JSON nor YAML."""

import re
from bisect import bisect_right
from dataclasses import dataclass

from plugcli.errors import PlugcliError

# Several times deeper than any real document we have, and shallow enough for code that recurses.
MAX_DEPTH = 200

# Where an editor starts a line. YAML 1.1 also breaks at U+0085, U+2028 and U+2029; editors do not.
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class Position:
    """A place in a text: line and column count from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True)
class ParseProblem:
    """Why a text cannot be read: the place, a sentence, and what to do about it.

    `source` is the line it is on, raw: it may hold terminal escapes.
    """

    file: str
    position: Position
    message: str
    hint: str
    source: str


class UnreadableDocument(PlugcliError):
    """A text is neither JSON nor YAML. `problem` is a value that a Finding can be made of."""

    def __init__(self, problem: ParseProblem) -> None:
        place = f"{problem.file}:{problem.position.line}:{problem.position.column}"
        super().__init__(f"{place}: {problem.message}", hint=problem.hint)
        self.problem = problem


class BadText(Exception):
    """Raised inside this package: what is wrong at `offset`, before the text has a name."""

    def __init__(self, offset: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message
        self.hint = hint


class Lines:
    """The line ends of a text, found once: offsets to positions and lines."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(end.end() for end in _LINE_END.finditer(text))]

    def position(self, offset: int) -> Position:
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """Line `number`, counted from 1, without its end; empty beyond the last."""
        if not 1 <= number <= len(self._starts):
            return ""
        start = self._starts[number - 1]
        end = _LINE_END.search(self._text, start)
        return self._text[start : end.start() if end else len(self._text)]
