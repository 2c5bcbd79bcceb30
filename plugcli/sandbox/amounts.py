"""Amounts as people write and read them: sizes and times."""

import re

from plugcli.errors import UsageError

KIB, MIB, GIB = 1024, 1024**2, 1024**3
_UNITS = {
    "": 1,
    "b": 1,
    "k": KIB,
    "kb": 1000,
    "kib": KIB,
    "m": MIB,
    "mb": 10**6,
    "mib": MIB,
    "g": GIB,
    "gb": 10**9,
    "gib": GIB,
}


def parse_bytes(text: str) -> int:
    """Return the number of bytes that `text` names: `1073741824`, `512MiB`, `1.5g`. Raises UsageError."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text.lower())
    if match is None or match[2] not in _UNITS:
        raise UsageError(
            f"{text!r} is not a size", hint="write bytes or a unit, such as 1073741824, 512MiB or 2GiB"
        )
    return int(float(match[1]) * _UNITS[match[2]])


def spell_bytes(count: int) -> str:
    """Return `count` bytes as people read it: `512 MiB`, `1.2 GiB`."""
    for unit, size in (("GiB", GIB), ("MiB", MIB), ("KiB", KIB)):
        if count >= size:
            return f"{count / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{count} byte" + "s" * (count != 1)


def spell_seconds(seconds: float) -> str:
    """Return a time as people read it: `30 s`, `0.5 s`."""
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + " s"
