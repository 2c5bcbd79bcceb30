"""Tests that a place or a level of the sandbox cannot show, and why: left_out.toml."""

import tomllib
from pathlib import Path

from tests.abuse import here

FILE = Path(__file__).with_name("left_out.toml")


def by_reason() -> dict[str, dict[str, str]]:
    """Return the reasons by test, of each level and of `here`."""
    read: dict[str, dict[str, str]] = tomllib.loads(FILE.read_text())
    return read


def reason(name: str, level: str) -> str | None:
    """Return why the test, or this one of its parameters, is left out at `level` and in this place; None if it is not."""
    bare = name.partition("[")[0]
    parts = [level, "here"] if here.IS_HERE else [level]
    for part in parts:
        known = by_reason().get(part, {})
        found = known.get(name) or known.get(bare)
        if found:
            return found
    return None
