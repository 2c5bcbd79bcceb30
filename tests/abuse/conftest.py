"""Attacks on the sandbox, each with its control outside, as root and as an ordinary user, at both levels.

PLUGCLI_ABUSE_LEVELS=namespaces,landlock says which levels are tried. PLUGCLI_ABUSE_ROWS=first runs one test of each row of the catalogue
for each box, PLUGCLI_ABUSE_ROWS=rest all the others. PLUGCLI_ABUSE_WHO=root,user says as whom.
PLUGCLI_ABUSE_RECORD=FILE leaves out the tests that FILE names, and adds those that pass: for a run of hours, in several sittings. What
failed is told in FILE.failed at once.
"""

import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.abuse import here, left_out
from tests.abuse.box import REPOSITORY, USER, Box, can_run

LEVELS = os.environ.get("PLUGCLI_ABUSE_LEVELS", "namespaces").split(",")
_EVERYBODY = "user" if here.IS_HERE and os.geteuid() != 0 else "root,user"
WHOS = os.environ.get("PLUGCLI_ABUSE_WHO", _EVERYBODY).split(",")
RECORD = Path(os.environ["PLUGCLI_ABUSE_RECORD"]) if "PLUGCLI_ABUSE_RECORD" in os.environ else None
_BOXES = {
    who if level == "namespaces" else f"{who}-{level}": (who, level) for level in LEVELS for who in WHOS
}


@pytest.fixture(params=list(_BOXES.values()), ids=list(_BOXES))
def box(request: pytest.FixtureRequest) -> Box:
    """The sandbox as root and as an ordinary user, at each level: it holds for all or not at all."""
    return box_of(*request.param)


def box_of(who: str, level: str = LEVELS[0]) -> Box:
    """Return the box of `who`, root or user, that has to hold `level`."""
    if here.IS_HERE and os.geteuid() != 0:
        if who == "root":
            pytest.skip("this place has no root")
        return Box(who, sys.executable, level)
    if os.geteuid() != 0:
        pytest.skip(
            "the abuse tests make namespaces around themselves and drop to an ordinary user: run them as root"
        )
    python = sys.executable if who == "root" else _users_python()
    if python is None:
        pytest.skip(
            f"an ordinary user cannot run {Path(sys.executable).resolve()}: the abuse tests want a Python outside of root's "
            "home, such as Debian's: /usr/bin/python3 -m venv .venv"
        )
    return Box(who, python, level)


@cache
def _users_python() -> str | None:
    """Return this Python as an ordinary user finds it: with all our packages, so no other would do. None where it cannot be run."""
    if can_run(sys.executable, USER):
        return sys.executable
    # The checkout may be where nobody else can look; the box has it in /mnt, and the venv in it stands on another Python.
    own = Path(sys.executable)
    if own.is_relative_to(REPOSITORY) and can_run(str(own.resolve()), USER):
        return str(Path("/mnt/plugcli", own.relative_to(REPOSITORY)))
    return None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what left_out.toml says of this place and of a test's level, and keep the part of the rest that is asked for."""
    left = [item for item in items if _reason(item, here.IS_HERE)]
    part = os.environ.get("PLUGCLI_ABUSE_ROWS")
    if part:
        # The same tests in every kind of box, so that the others are the rest.
        first = _first_of_each_row([item for item in items if not _reason(item, is_here=True)])
        left += [item for item in items if item not in left and (item in first) == (part == "rest")]
    if RECORD and RECORD.exists():
        passed = RECORD.read_text().splitlines()
        left += [item for item in items if item not in left and item.nodeid in passed]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add a test that passed to the record, and tell how one failed."""
    if RECORD and report.when == "call" and report.passed:
        with RECORD.open("a") as record:
            record.write(f"{report.nodeid}\n")
    elif RECORD and report.failed:
        with RECORD.with_suffix(".failed").open("a") as told:
            told.write(f"== {report.nodeid}\n{report.longreprtext}\n")


def _reason(item: pytest.Item, is_here: bool) -> str | None:
    parameters: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
    level = parameters["box"][1] if "box" in parameters else parameters.get("level", LEVELS[0])
    return left_out.reason(item.name, level, is_here) if level in LEVELS else "another level is asked for"


def _first_of_each_row(items: list[pytest.Item]) -> set[pytest.Item]:
    """Return the first test of each row, for each box that shows it."""
    first: dict[tuple[object, object], pytest.Item] = {}
    for item in items:
        parameters = getattr(item, "callspec", None)
        box = parameters.params.get("box") if parameters else None
        for mark in item.iter_markers("row"):
            for row in mark.args:
                first.setdefault((row, box), item)
    return set(first.values())
