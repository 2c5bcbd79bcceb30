"""Which CPUs a jail gets: as many as its policy says, of those that the zygote may use now, and other ones each time."""

import os
from collections.abc import Iterator

import pytest

from plugcli.sandbox.jail.limits import Rota


@pytest.fixture
def allowed() -> Iterator[list[int]]:
    """The CPUs that this thread may use; it gets them back."""
    before = os.sched_getaffinity(0)
    yield sorted(before)
    os.sched_setaffinity(0, before)


def test_every_cpu_has_its_turn(allowed: list[int]) -> None:
    rota = Rota(1)
    turns = [rota.next() for _ in range(3 * len(allowed))]
    assert sorted(turns) == sorted([[cpu] for cpu in allowed] * 3)


def test_more_than_there_are_is_all_of_them(allowed: list[int]) -> None:
    assert sorted(Rota(len(allowed) + 7).next()) == allowed


def test_what_this_process_may_use_can_change_meanwhile(allowed: list[int]) -> None:
    if len(allowed) == 1:
        pytest.skip("there is only one CPU here")
    rota = Rota(1)
    rota.next()
    os.sched_setaffinity(0, allowed[-1:])
    assert [rota.next(), rota.next()] == [allowed[-1:]] * 2
    os.sched_setaffinity(0, allowed)
    assert {cpu for _ in allowed for cpu in rota.next()} == set(allowed)
