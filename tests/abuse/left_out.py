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
    """Return why the test is left out at `level`, or where the box is a place as it is; None if it is not.

    A key is a test's name, or that and, after a space, a part of the parameters in its id.
    """
    test, _, parameters = name.partition("[")
    for part in [level, "here"] if is_here else [level]:
        for key, why in by_reason().get(part, {}).items():
            wanted, _, some = key.partition(" ")
            if wanted == test and some in parameters:
                return why
    return None
