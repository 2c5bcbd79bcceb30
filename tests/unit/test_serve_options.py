"""The options of `plugcli serve` against the library's own numbers."""

import inspect
from dataclasses import asdict

import pytest

from plugcli.cli.serve import _modules, _times, serve
from plugcli.errors import UsageError
from plugcli.sandbox import Policy
from plugcli.sandbox.amounts import parse_bytes
from plugcli.serve.fit import ANSWER_CHARACTERS


def test_defaults_are_those_of_the_library() -> None:
    """They stand in the help text too, which must not import the sandbox."""
    default = {name: each.default for name, each in inspect.signature(serve).parameters.items()}
    sizes = {f"{name}_bytes": parse_bytes(default[name]) for name in ("memory", "workspace", "output")}
    sizes["file_bytes"] = parse_bytes(default["file_size"])
    numbers = {name: default[name] for name in ("processes", "open_files", "cpus", "jails", "sessions")}
    lives = {f"session_{name}_seconds": default[f"session_{name}"] for name in ("idle", "life")}
    policy = asdict(Policy())
    wall_seconds, wall_seconds_max = _times(None, None)
    times = {"wall_seconds": wall_seconds, "wall_seconds_max": wall_seconds_max}
    given = {**sizes, **numbers, **times, **lives, "session_memory_bytes": default["sessions_memory"]}
    assert given == {name: policy[name] for name in policy if name != "files"}
    assert default["answer_characters"] == ANSWER_CHARACTERS


@pytest.mark.parametrize(
    ("timeout", "timeout_max", "expected"),
    [(None, 10, (10, 10)), (100, None, (100, 100)), (5, None, (5, 60)), (5, 7, (5, 7)), (None, 90, (30, 90))],
)
def test_one_time_takes_the_other_along(
    timeout: float | None, timeout_max: float | None, expected: tuple[float, float]
) -> None:
    """`--timeout 100` alone must not be cut to 60 in silence."""
    assert _times(timeout, timeout_max) == expected


def test_times_that_contradict_are_refused() -> None:
    """Both were typed: guessing which one is meant helps nobody."""
    with pytest.raises(UsageError, match="--timeout-max 40"):
        _times(50, 40)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("none", ()),
        ("", ()),
        ("numpy", ("numpy",)),
        (" numpy , pandas,", ("numpy", "pandas")),
        ("matplotlib.pyplot", ("matplotlib.pyplot",)),
    ],
)
def test_preload_is_a_list_of_modules(given: str, names: tuple[str, ...]) -> None:
    """With commas, as people write lists."""
    assert _modules(given) == names


@pytest.mark.parametrize(
    "given", ["numpy;pandas", "numpy pandas", "a..b", ".a", "../x", "none,numpy-x", "1", "a\0b"]
)
def test_preload_of_no_module_is_refused(given: str) -> None:
    """These names go into an import inside the launcher."""
    with pytest.raises(UsageError):
        _modules(given)
