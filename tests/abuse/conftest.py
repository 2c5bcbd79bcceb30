"""Attacks on the sandbox, each with its control outside, as root and as an ordinary user."""

import os
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.abuse.box import REPOSITORY, USER, Box, can_run


@pytest.fixture(params=["root", "user"])
def box(request: pytest.FixtureRequest) -> Box:
    """The sandbox as root and as an ordinary user: it holds for both or not at all."""
    return box_of(request.param)


def box_of(who: str) -> Box:
    """Return the box of `who`, root or user."""
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
    return Box(who, python)


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
