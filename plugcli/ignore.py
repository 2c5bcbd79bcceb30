"""Ignored findings: comments in a YAML document, and the list in the configuration.

An ignore without a reason has no effect: a later reader must be able to tell whether it is still needed.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from plugcli.document import Document, Position, remembered
from plugcli.finding import Finding, Ignored, problems

# A comment that starts like an ignore comment but is not a valid one is a mistake, and is reported.
_COMMENT = re.compile(r"#[ \t]*(?i:plugcli:[ \t]*ignore)\b[ \t]*(\[([^\]\r\n]*)\])?([^\r\n]*)")


@dataclass(frozen=True)
class Ignore:
    """One entry of the configuration's list: a rule, where to ignore it, and why.

    `path` is a pattern for the file or a folder around it, relative to `folder`; * matches any text, including slashes. A URL is
    compared as it is. `pointer` (RFC 6901) names a value, and covers what is inside it too. If both are empty, the rule is ignored
    everywhere.
    """

    rule: str
    reason: str
    path: str = ""
    pointer: str = ""
    folder: Path = Path()

    def is_for(self, file: str) -> bool:
        """Whether `path` is a pattern for `file`."""
        if not self.path:
            return True
        if not file.startswith(("https://", "http://")):
            path = Path(file).resolve()
            if not path.is_relative_to(self.folder):
                return False
            file = path.relative_to(self.folder).as_posix()
        pattern = self.path.removeprefix("./").rstrip("/")
        return fnmatchcase(file, pattern) or fnmatchcase(file, f"{pattern}/*")


@dataclass(frozen=True)
class IgnoreComment:
    """`# plugcli: ignore[rule, rule] reason`, on the line of what it ignores, or alone on the lines above."""

    document: Document
    position: Position
    rules: tuple[str, ...]
    reason: str
    line: int


class Ignores:
    """All ignores of one plugin, from its documents and from the configuration."""

    def __init__(self, comments: Sequence[IgnoreComment], listed: Sequence[Ignore]) -> None:
        self._listed = listed
        self._indexes: dict[tuple[str, str], dict[str, int]] = {}
        self._comments = {
            (each.document.name, each.line, rule): each
            for each in comments
            if each.reason
            for rule in each.rules
        }

    def __bool__(self) -> bool:
        """Whether there are any ignores."""
        return bool(self._comments or self._listed)

    def of(self, finding: Finding) -> Ignore | IgnoreComment | None:
        """The ignore that covers `finding`, if any."""
        comment = self._comments.get(_spot(finding)) if self._comments else None
        return comment or self._entry(finding)

    def _entry(self, finding: Finding) -> Ignore | None:
        """The first entry of the list that covers `finding`."""
        asked = finding.file, finding.rule
        if (
            asked not in self._indexes
        ):  # resolving a path is slow, and one file can have thousands of findings
            indexes = self._indexes[asked] = dict[str, int]()
            for index, each in enumerate(self._listed):
                if each.rule == finding.rule and each.pointer not in indexes and each.is_for(finding.file):
                    indexes[each.pointer] = index
        indexes = self._indexes[asked]
        if not indexes:
            return None
        found = [indexes[where] for where in _around(finding.pointer) if where in indexes]
        return self._listed[min(found)] if found else None

    def ignored(self, findings: Iterable[Finding]) -> tuple[Ignored, ...]:
        """The problems of `findings`, which are ignored, each with its reason."""
        because = [(tuple(each), self.of(each[0])) for each in problems(findings)]
        return tuple(
            Ignored(alike, why.reason, is_comment=isinstance(why, IgnoreComment))
            for alike, why in because
            if why is not None
        )

    def idle(self, findings: Iterable[Finding]) -> list[tuple[IgnoreComment, str]]:
        """The ignore comments that match none of `findings`, each with the rule that it names."""
        found = set(map(_spot, findings)) if self._comments else set()
        return [(each, spot[2]) for spot, each in self._comments.items() if spot not in found]


def _around(where: str) -> Iterator[str]:
    """The pointer `where` and the pointers of everything around it."""
    yield where
    while where:
        where = where.rpartition("/")[0]
        yield where


def _spot(finding: Finding) -> tuple[str, int, str]:
    return finding.file, finding.line, finding.rule


@remembered
def ignore_comments(document: Document) -> tuple[IgnoreComment, ...]:
    """The ignore comments of the document, including those without rules or a reason."""
    return tuple(_found(document))


def _found(document: Document) -> Iterator[IgnoreComment]:
    for match, position in document.comments(_COMMENT):
        rules = tuple(filter(None, (each.strip().lower() for each in (match[2] or "").split(","))))
        reason = match[3].strip(" \t:-")
        yield IgnoreComment(document, position, rules, reason, document.line_after_comment(position.line))
