"""The options of `plugcli serve` against the library's own numbers."""

import inspect
from dataclasses import fields

import pytest

from plugcli.builtin.python.fit import ANSWER_CHARACTERS, ANSWER_CHARACTERS_MIN
from plugcli.cli.serve.command import serve
from plugcli.errors import UsageError
from plugcli.sandbox import Policy
from plugcli.serve.options import Options, modules_of, wall_times


def test_each_option_is_a_flag_with_the_same_default() -> None:
    """The flags stand in the help text, which must not import the library, so they say their defaults again."""
    flags = {name: each.default for name, each in inspect.signature(serve).parameters.items()}
    flags["allow_origin"] = flags["allow_origin"] or ()
    assert flags == {each.name: each.default for each in fields(Options)}


def test_defaults_are_those_of_the_sandbox() -> None:
    """A plugin's author who makes a Sandbox without `serve` gets the same."""
    assert Policy() == Options().policy()
    assert ANSWER_CHARACTERS == Options().answer_characters


def test_shortest_answer_is_the_least_that_holds_every_field() -> None:
    """The flag says the number again, as the defaults do."""
    (flag,) = inspect.signature(serve).parameters["answer_characters"].annotation.__metadata__
    assert ANSWER_CHARACTERS_MIN == flag.min


def test_stateless_server_keeps_no_sessions() -> None:
    """Whatever number of them was asked for."""
    assert 0 == Options(stateless=True, sessions=7).policy().sessions


@pytest.mark.parametrize(
    ("timeout", "timeout_max", "expected"),
    [(None, 10, (10, 10)), (100, None, (100, 100)), (5, None, (5, 60)), (5, 7, (5, 7)), (None, 90, (30, 90))],
)
def test_one_time_takes_the_other_along(
    timeout: float | None, timeout_max: float | None, expected: tuple[float, float]
) -> None:
    """`--timeout 100` alone must not be cut to 60 in silence."""
    assert wall_times(timeout, timeout_max) == expected


def test_times_that_contradict_are_refused() -> None:
    """Both were typed: guessing which one is meant helps nobody."""
    with pytest.raises(UsageError, match="--timeout-max 40"):
        wall_times(50, 40)


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
def test_preload_is_a_list_ofmodules_of(given: str, names: tuple[str, ...]) -> None:
    """With commas, as people write lists."""
    assert modules_of(given) == names


@pytest.mark.parametrize(
    "given", ["numpy;pandas", "numpy pandas", "a..b", ".a", "../x", "none,numpy-x", "1", "a\0b"]
)
def test_preload_of_no_module_is_refused(given: str) -> None:
    """These names go into an import inside the launcher."""
    with pytest.raises(UsageError):
        modules_of(given)
