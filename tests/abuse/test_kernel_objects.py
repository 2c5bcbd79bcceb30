"""Promise 4, the kernel's memory: whatever code in a jail can make or hold there is bounded. The table is kernel_objects/."""

import re
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import pytest

from tests.abuse import scales, table
from tests.abuse.box import Box
from tests.abuse.conftest import box_of
from tests.abuse.kernel_objects import LEVELS, PROLOGUE, ROWS, Bounded, Denied, Killed, Level, Row, TakenBack

TRIED = [row for row in ROWS.values() if row.attack]
_ROOM_PART, _ROOM_BYTES = 10, 32 << 20
"""How far a jail may be over its limit for a moment: a part of it, or what two CPUs touch in some 10 ms."""


class Form(NamedTuple):
    """Whom the sandbox runs as, and how it holds the memory."""

    name: str
    who: str
    level: Level
    weigh: Callable[..., dict[str, Any]]


@pytest.fixture(params=["root-cgroup", "user-measured"])
def form(request: pytest.FixtureRequest) -> Form:
    """As root with a memory cgroup for each jail, and as an ordinary user; test_memory.py has root without groups, too."""
    return _form(request.param, request.node.callspec.params["level"])


def _form(name: str, level: Level) -> Form:
    if not scales.are_there():
        pytest.skip("nothing to weigh with: no writable memory cgroup of version 1")
    who, means = name.split("-")
    weigh = partial(box_of(who, level).weighed, with_cgroups=means == "cgroup")
    return Form(name, "root" if means == "cgroup" else "user", level, weigh)


@pytest.mark.row("B16")
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("row", TRIED, ids=lambda row: row.id)
def test_jail_holds_no_more_than_it_may(form: Form, row: Row, level: Level) -> None:
    """What no memory group charges, a memory limit does not hold: the machine's memory would be the only bound."""
    result = form.weigh(PROLOGUE + row.attack, memory_bytes=row.limit_bytes, wall_seconds=12.0)
    held = _held(result)
    weight = result["peak_bytes"] - _empty_bytes(form.name, form.level) + held * row.bytes_each
    outcome = row.at[level][form.who]
    match outcome:
        case Denied():
            assert held == 0, result
            assert _errors(result) != set(), result
            assert _errors(result) <= set(outcome.errors), result
            assert result["outcome"] == "ok", result
        case Killed():
            assert result["outcome"] == "out_of_memory", result
            assert outcome.held in result["reason"]
        case Bounded():
            assert result["outcome"] in ("ok", "out_of_memory"), result
            assert outcome.most is None or held <= outcome.most, result
        case TakenBack():
            assert (result["outcome"], held) == ("ok", row.wanted), result
            weight = result["kept_bytes"]
    room = max(row.limit_bytes // _ROOM_PART, _ROOM_BYTES)
    assert weight < row.limit_bytes + room, result
    assert result["then"]["stdout"] == "next\n"
    assert result["left"] == []


@pytest.mark.parametrize("row", TRIED, ids=lambda row: row.id)
def test_control_makes_all_that_it_wants(root_box: Box, row: Row) -> None:
    """Outside, nobody stops the attack: else a row would show nothing."""
    result = root_box.weighed_outside(PROLOGUE + row.attack)
    assert _held(result) >= row.wanted, result


def test_every_row_is_tried_or_shown_elsewhere() -> None:
    """A row without a test is a promise without one."""
    for row in ROWS.values():
        assert (row.attack == "") == (row.elsewhere != ""), row.id
        assert set(row.at) == (set(LEVELS) if row.attack else set()), row.id
        if row.elsewhere:
            file, _, name = row.elsewhere.partition("::")
            assert f"\ndef {name}(" in (table.HERE / file).read_text(), row.id


@pytest.fixture
def root_box() -> Box:
    """For controls: root outside may do whatever an ordinary user may."""
    if not scales.are_there():
        pytest.skip("nothing to weigh with: no writable memory cgroup of version 1")
    return box_of("root")


def _held(result: dict[str, Any]) -> int:
    """Return how many units the attack has said that it holds."""
    return sum(map(int, re.findall(r"^\+(\d+)$", result["stdout"], re.MULTILINE)))


def _errors(result: dict[str, Any]) -> set[str]:
    """Return the names of the errors that the attack met."""
    return set(re.findall(r"^!(\w+)$", result["stdout"], re.MULTILINE))


@cache
def _empty_bytes(name: str, level: Level) -> int:
    """Return what everything around an empty program takes."""
    return int(_form(name, level).weigh("", memory_bytes=128 << 20)["peak_bytes"])
