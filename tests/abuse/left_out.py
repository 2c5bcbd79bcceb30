"""Tests that a place or a level of the sandbox cannot show, and why: left_out.toml."""

import tomllib
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("left_out.toml")


@cache
def by_reason() -> dict[str, dict[str, str]]:
    """Return the reasons by test, of each level and of `here`."""
    read: dict[str, dict[str, str]] = tomllib.loads(FILE.read_text())
    return read


def reason(name: str, level: str, is_here: bool) -> str | None:
    """Return why the test, or this one of its parameters, is left out at `level`, or where the box is a place as it is; else None."""
    bare = name.partition("[")[0]
    parts = [level, "here"] if is_here else [level]
    for part in parts:
        known = by_reason().get(part, {})
        found = known.get(name) or known.get(bare)
        if found:
            return found
    return None
