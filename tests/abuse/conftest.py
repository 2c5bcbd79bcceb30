"""Attacks on the sandbox, each with its control outside, as root and as an ordinary user."""

import os
import sys

import pytest

from tests.abuse.box import USER, Box, can_run


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
    if who == "root":
        return Box("root", sys.executable)
    python = sys.executable if can_run(sys.executable, USER) else "/usr/bin/python3"
    if not can_run(python, USER):
        pytest.skip("no Python here that an ordinary user can run: install Debian's python3")
    return Box("user", python)
