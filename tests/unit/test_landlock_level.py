"""What is said of the level of Landlock, where it depends on the machine."""

import pytest

from plugcli.sandbox.levels import landlock


@pytest.mark.parametrize("scope", ["2", "3"])
def test_yama_that_hides_memory_is_named(scope: str) -> None:
    """chmod by a path fails there, and the person must learn why, and what to set."""
    (sentence,) = landlock.hidden_by_yama(scope)
    assert f"kernel.yama.ptrace_scope is {scope}. With 1" in sentence


@pytest.mark.parametrize("scope", ["0", "1"])
def test_yama_that_lets_parents_look_hides_nothing(scope: str) -> None:
    """The init is an ancestor of all code: Ubuntu's and Debian's default is enough."""
    assert landlock.hidden_by_yama(scope) == ()
