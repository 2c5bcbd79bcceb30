"""Sizes and limits, as people write them."""

import math

import pytest

from plugcli.errors import UsageError
from plugcli.sandbox import Policy
from plugcli.sandbox.amounts import parse_bytes, spell_bytes, spell_seconds


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("512MiB", 512 << 20),
        ("1073741824", 1 << 30),
        ("1.5g", 3 << 29),
        (" 2 GiB ", 2 << 30),
        ("10kb", 10_000),
        ("3MB", 3_000_000),
        ("2mb", 2_000_000),
        ("1 GB", 10**9),
        ("1m", 1 << 20),
        ("0", 0),
    ],
)
def test_sizes_mean_what_people_write(text: str, count: int) -> None:
    """Bytes or a unit, in any case."""
    assert parse_bytes(text) == count


@pytest.mark.parametrize("text", ["", "lots", "-1", "1e9", "1 XiB", "nan", "1,5g", "0x10"])
def test_what_is_no_size_is_refused(text: str) -> None:
    """With a sentence that names it."""
    with pytest.raises(UsageError, match="is not a size"):
        parse_bytes(text)


@pytest.mark.parametrize(
    "limits",
    [
        {"memory_bytes": 1},
        {"processes": 0},
        {"cpus": 0},
        {"sessions": -1},
        {"session_idle_seconds": 0},
        {"session_life_seconds": math.nan},
        {"session_life_seconds": 1e9},
        {"session_memory_bytes": 1 << 20},
        {"file_bytes": 0},
        {"files": 0},
        {"wall_seconds": 0},
        {"wall_seconds": -1.0},
        {"wall_seconds": math.nan},
        {"wall_seconds": math.inf},
        {"wall_seconds_max": 1e99},
        {"open_files": 3},
        {"output_bytes": -1},
        {"jails": 0},
    ],
)
def test_limits_that_make_no_sense_are_refused(limits: dict[str, float]) -> None:
    """A limit of nothing, or of no number, would bound nothing."""
    with pytest.raises(UsageError, match="the limit"):
        Policy(**limits)  # type: ignore[arg-type]


def test_workspace_is_at_most_half_of_the_memory() -> None:
    """It is memory: a full one must leave room for the code."""
    assert Policy(memory_bytes=100 << 20).workspace_bytes_held == 50 << 20
    assert Policy().workspace_bytes_held == 512 << 20


def test_amounts_are_spelled_for_people() -> None:
    """They stand in the sentence that names a limit."""
    assert [spell_bytes(1 << 30), spell_bytes(1288490189), spell_bytes(5)] == ["1 GiB", "1.2 GiB", "5 bytes"]
    for size, unit, smaller in (
        (1 << 30, "GiB", "1024 MiB"),
        (1 << 20, "MiB", "1024 KiB"),
        (1 << 10, "KiB", "1023 bytes"),
    ):
        assert spell_bytes(size) == f"1 {unit}"
        assert spell_bytes(size - 1) == smaller
    assert [spell_bytes(0), spell_bytes(1)] == ["0 bytes", "1 byte"]
    assert [spell_seconds(30.0), spell_seconds(0.5)] == ["30 s", "0.5 s"]
