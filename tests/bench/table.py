"""The table: what was measured of each side, and what its rows say of it."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Figures:
    """What was measured of one side."""

    kind: Literal["seconds", "rate", "bytes"]
    values: tuple[float, ...]
    """What the ratio is made of: each call's seconds, each turn's calls a second, or each reading's bytes."""
    calls: tuple[float, ...] = ()
    """Beside a rate: each call's seconds."""

    @property
    def middle(self) -> float:
        """The median."""
        return statistics.median(self.values)

    def __str__(self) -> str:
        """Say it for people: p50 (p95) of calls in milliseconds, calls a second, MiB."""
        match self.kind:
            case "seconds":
                return percentiles(self.values)
            case "rate":
                return f"{self.middle:.1f}/s {percentiles(self.calls)}"
            case "bytes":
                return f"{self.middle / 2**20:.2f} MiB"


def p95(values: Sequence[float]) -> float:
    """Return the smallest value that 95 of 100 are not above."""
    return sorted(values)[math.ceil(len(values) * 0.95) - 1]


def percentiles(seconds: Sequence[float]) -> str:
    """Return p50 (p95) in milliseconds."""
    return f"{statistics.median(seconds) * 1000:.2f} ({p95(seconds) * 1000:.2f})"


# What a measure brings home: figures of each of its sides; or why there are none, of a side or at all.
Measured = Mapping[str, Figures | str] | str


@dataclass(frozen=True)
class Row:
    """One line of the table: the ratio of two sides of a measure, and what it should be."""

    name: str
    measure: str
    """Which of the measures has its sides."""
    against: str
    """What it is measured against, in words."""
    other: str
    """That side."""
    sign: Literal["<=", ">="] = "<="
    target: float | None = None
    aim: float | None = None
    side: str = "plugcli"
    second: str = "landlock"
    """The side that says the same of the second level; not every measure has it."""

    def ratio(self, measured: Measured) -> float | str:
        """Return how many times the other side's figure this side's is, or why that is not known."""
        sides = self.sides(measured)
        return sides if isinstance(sides, str) else sides[0].middle / sides[1].middle

    def sides(self, measured: Measured) -> tuple[Figures, Figures] | str:
        """Return the figures of this side and the other, or why there are none."""
        if isinstance(measured, str):
            return measured
        ours, theirs = measured[self.side], measured[self.other]
        if isinstance(ours, str):
            return ours
        return theirs if isinstance(theirs, str) else (ours, theirs)

    def verdict(self, ratio: float, limit: float | None) -> str:
        """Say whether a ratio keeps to a limit, which it is held to unrounded."""
        if limit is None:
            return "-"
        is_met = ratio <= limit if self.sign == "<=" else ratio >= limit
        return f"{self.sign} {limit:g} {'met' if is_met else 'MISSED'}"

    def cells(self, measured: Measured) -> tuple[str, ...]:
        """Return the row's cells, in the order of HEAD."""
        sides, limits = self.sides(measured), (self.target, self.aim)
        if isinstance(sides, str):
            shown = [f"{self.sign} {limit:g}" if limit else "-" for limit in limits]
            return (self.name, self.against, "-", *shown, f"not measured: {sides}", "", "")
        ratio = sides[0].middle / sides[1].middle
        verdicts = (self.verdict(ratio, limit) for limit in limits)
        second = (
            measured.get(self.second) if self.side == "plugcli" and not isinstance(measured, str) else None
        )
        beside = f"{second.middle / sides[1].middle:.3g}: {second}" if isinstance(second, Figures) else "-"
        return (self.name, self.against, f"{ratio:.3g}", *verdicts, str(sides[0]), beside, str(sides[1]))


HEAD = (
    "measure",
    "against",
    "ratio",
    "target",
    "aim",
    "plugcli: p50 (p95) ms",
    "at level landlock: ratio: p50 (p95) ms",
    "the other: p50 (p95) ms",
)


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows, their head above, in columns. Only the last three columns may be wider than their place."""
    widths = [max(len(row[column]) for row in (HEAD, *rows)) for column in range(len(HEAD) - 3)]
    widths += [max(len(cells[column]) for cells in (HEAD, *rows) if cells[-1]) for column in (-3, -2)]
    lines = []
    for row in (HEAD, *rows):
        cells = [cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)]
        lines.append(" | ".join(cells).rstrip(" |"))
    lines.insert(1, "-|-".join("-" * width for width in [*widths, len(HEAD[-1])]))
    return "\n".join(lines)
