"""The results of `validate`: a finding is one problem, a verdict is what one host would do."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from plugcli.document import Excerpt, ParseProblem, Place, Position

Severity = Literal["error", "warning", "note"]
# How we know: the host refuses it; its documentation says so, but approved plugins break it; its reviewers
# check it; somebody saw it happen.
Basis = Literal["enforced", "documented", "review", "observed"]

_WORST_FIRST: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One problem: which rule, for which host, how bad, how we know, where, and what to do.

    Line and column count from 1. `file` is the user's name of the text, or of the plugin if the problem has no place in a
    text. `host_says` is the host's own message, only if it is sourced. `loses` names what the host leaves out because of the
    problem; empty if it leaves out nothing.
    """

    rule: str
    host: str
    severity: Severity
    basis: Basis
    file: str
    where: Place | ParseProblem | None
    message: str
    host_says: str | None
    hint: str
    loses: str = ""

    @property
    def line(self) -> int:
        return self._position.line

    @property
    def column(self) -> int:
        return self._position.column

    @property
    def pointer(self) -> str:
        """The pointer of the value that the finding is about, or of the nearest value around it that exists."""
        return self.where.existing if isinstance(self.where, Place) else ""

    @property
    def source(self) -> Excerpt | None:
        """The line of the text, raw; None if the problem has no place in a text."""
        match self.where:
            case Place():
                return self.where.excerpt
            case ParseProblem():
                return self.where.source
        return None

    @property
    def order(self) -> tuple[int, ...]:
        """Sorts the findings of one file in the order of its text."""
        return self.where.order if isinstance(self.where, Place) else ()

    @property
    def _position(self) -> Position:
        match self.where:
            case Place():
                return self.where.shown
            case ParseProblem():
                return self.where.position
        return Position(1, 1)

    def as_json(self) -> dict[str, object]:
        """The finding in version 1 of `validate --format json`, which is frozen."""
        return {
            "rule": self.rule,
            "host": self.host,
            "severity": self.severity,
            "basis": self.basis,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "pointer": self.pointer,
            "message": self.message,
            "host_says": self.host_says,
            "hint": self.hint,
        }


@dataclass(frozen=True)
class Verdict:
    """What one host would do with the plugin. `losses` are counts of what it leaves out: `2 operations`."""

    host: str
    verdict: Literal["accepts", "accepts_with_losses", "refuses", "not_judged"]
    errors: int
    warnings: int
    losses: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The verdict in version 1 of `validate --format json`, which is frozen."""
        return {
            "host": self.host,
            "verdict": self.verdict,
            "errors": self.errors,
            "warnings": self.warnings,
        }


@dataclass(frozen=True)
class Ignored:
    """A problem that the author ignores, by a comment beside it or in the configuration."""

    findings: tuple[Finding, ...]
    reason: str
    is_comment: bool


@dataclass(frozen=True)
class Report:
    """All results for one target.

    Ignored problems are only in `ignored` and affect nothing else. `configuration` says which file changed the results, and how;
    it is empty if none did.
    """

    target: str
    verdicts: tuple[Verdict, ...]
    findings: tuple[Finding, ...]
    ignored: tuple[Ignored, ...] = ()
    configuration: str = ""

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst finding; None if there is none."""
        return min({each.severity for each in self.findings}, key=_WORST_FIRST.index, default=None)

    def as_json(self) -> dict[str, object]:
        """One member of `targets` in version 1 of `validate --format json`, which is frozen."""
        return {
            "target": self.target,
            "verdicts": [verdict.as_json() for verdict in self.verdicts],
            "findings": [finding.as_json() for finding in self.findings],
        }


def problems(findings: Iterable[Finding]) -> Iterator[list[Finding]]:
    """The findings of each problem of a rule: one for each host that reports it, the worst first.

    `findings` are in the order of the text, so the hosts' findings on one problem are close together.
    """
    return _alike(findings, lambda each: (each.rule, each.where, each.message))


def told_problems(findings: Iterable[Finding]) -> Iterator[list[Finding]]:
    """Like `problems`, but the same sentence about the same place is one problem even if several rules say it. This is for people."""
    return _alike(findings, lambda each: (_spot(each.where), each.message))


def _alike(findings: Iterable[Finding], key: Callable[[Finding], object]) -> Iterator[list[Finding]]:
    for _, near in groupby(findings, key=lambda each: (each.file, each.order)):
        first, *others = near
        if not others:
            yield [first]
            continue
        alike: dict[object, list[Finding]] = {}
        for finding in (first, *others):
            alike.setdefault(key(finding), []).append(finding)
        for problem in alike.values():
            yield sorted(problem, key=lambda each: _WORST_FIRST.index(each.severity))


def _spot(where: Place | ParseProblem | None) -> object:
    """The place, no matter whether its key or its value is shown."""
    return (where.pointer, where.position) if isinstance(where, Place) else where


def rules_of(alike: Iterable[Finding]) -> str:
    """The rules that found the problem, for people: `openapi-schema, openapi-structure`."""
    return ", ".join(sorted({each.rule for each in alike}))
