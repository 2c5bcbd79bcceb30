"""The unified diff of two similar texts, as `patch -p0` accepts it.

The standard library takes ten seconds for a 4 MB document with 500 changes. So lines that occur only once split the texts into short
pieces first. Neither a file's name nor a line that repeats many times must change the meaning of the diff or make it slow.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher

_CONTEXT = 3
# The most pairs of equal lines in a piece. The standard library takes 24 seconds for a million pairs, and its time is cubic in the lines.
_MOST_PAIRS = 10_000
# Characters that a reader of the header takes for its end, for a quote, or for something outside the name.
_MISREAD = re.compile(r'[\x00-\x1f\x7f"\\]|\A | \Z')


class _Matcher(SequenceMatcher[str]):
    """Matches two lists of lines piece by piece."""

    def __init__(self, before: list[str], after: list[str]) -> None:
        super().__init__(None, before, after, autojunk=False)
        self._lines = before, after

    def get_opcodes(self) -> list[tuple[str, int, int, int, int]]:  # type: ignore[override]
        before, after = self._lines
        found: list[tuple[str, int, int, int, int]] = []
        start, other = 0, 0
        for end, other_end in [*_anchors(before, after), (len(before), len(after))]:
            piece = _opcodes(before[start:end], after[other:other_end])
            for tag, first, last, first_after, last_after in piece:
                code = (tag, start + first, start + last, other + first_after, other + last_after)
                if found and found[-1][0] == tag == "equal":
                    code = (tag, found[-1][1], code[2], found.pop()[3], code[4])
                found.append(code)
            start, other = end, other_end
        return found


def diff(file: str, before: str, after: str) -> Iterator[str]:
    """Yield the lines of the diff, with their line ends; none if the texts are equal."""
    name = _header_name(file)
    old, new = (re.findall(r"[^\n]*\n|[^\n]+", text) for text in (before, after))
    for number, group in enumerate(_Matcher(old, new).get_grouped_opcodes(_CONTEXT)):
        if number == 0:
            yield f"--- {name}\n+++ {name}\n"
        first, last = group[0], group[-1]
        yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n"
        for tag, start, end, other, other_end in group:
            yield from (_line(" " if tag == "equal" else "-", line) for line in old[start:end])
            if tag != "equal":
                yield from (_line("+", line) for line in new[other:other_end])


def _header_name(file: str) -> str:
    """Return `file` as git writes it: quoted if a bare name could be misread, and followed by a tab if it has spaces."""
    name = _MISREAD.sub(lambda found: f"\\{ord(found[0]):03o}", file)
    return (file if name == file else f'"{name}"') + ("\t" if " " in name else "")


def _opcodes(before: list[str], after: list[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """Yield the changes from `before` to `after`. All between the first and the last difference may become one replacement."""
    shorter = min(len(before), len(after))
    start = next((index for index in range(shorter) if before[index] != after[index]), shorter)
    rest = range(1, shorter - start + 1)
    tail = next((back - 1 for back in rest if before[-back] != after[-back]), shorter - start)
    end, end_after = len(before) - tail, len(after) - tail
    if start:
        yield "equal", 0, start, 0, start
    old, new = before[start:end], after[start:end_after]
    counts, counts_after = Counter(old), Counter(new)
    if sum(number * counts_after[line] for line, number in counts.items()) > _MOST_PAIRS:
        yield "replace", start, end, start, end_after
    else:
        for tag, *places in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            first, last, first_after, last_after = (start + place for place in places)
            yield tag, first, last, first_after, last_after
    if tail:
        yield "equal", end, len(before), end_after, len(after)


def _anchors(before: list[str], after: list[str]) -> list[tuple[int, int]]:
    """Return the places of lines that occur once in each text: the longest chain that is in order in both."""
    counts, counts_after = Counter(before), Counter(after)
    places = {line: index for index, line in enumerate(after) if counts_after[line] == 1 == counts[line]}
    ends: list[int] = []  # of the chains of each length, the place in `after` where the best one ends
    tops: list[tuple[int, int]] = []
    came_from: dict[tuple[int, int], tuple[int, int] | None] = {}
    for index, line in enumerate(before):
        if line not in places:
            continue
        pair = (index, places[line])
        length = bisect_left(ends, pair[1])
        came_from[pair] = tops[length - 1] if length else None
        ends[length : length + 1] = [pair[1]]
        tops[length : length + 1] = [pair]
    chain: list[tuple[int, int]] = []
    top = tops[-1] if tops else None
    while top is not None:
        chain.append(top)
        top = came_from[top]
    return chain[::-1]


def _range(start: int, end: int) -> str:
    length = end - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def _line(sign: str, line: str) -> str:
    return sign + (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
