"""What the bench makes of what it measured: a wrong sum here would praise a slow sandbox."""

from collections.abc import Iterator

import pytest

from tests.bench import load, memory
from tests.bench.table import Figures, Measured, Row, p95, table

ROW = Row("call", "one-shot", "baseline, paced", "baseline", "<=", 0.30, 0.22)
RATE = Row("throughput", "throughput", "baseline", "baseline", ">=", 1.5, 2.5)


def sides(ours: float, theirs: float) -> Measured:
    """Return figures of two sides."""
    return {"plugcli": Figures("seconds", (ours,)), "baseline": Figures("seconds", (theirs,))}


@pytest.mark.parametrize(
    ("row", "ratio", "target", "aim"),
    [
        (ROW, 0.22, "<= 0.3 met", "<= 0.22 met"),
        (ROW, 0.2201, "<= 0.3 met", "<= 0.22 MISSED"),
        (ROW, 0.30001, "<= 0.3 MISSED", "<= 0.22 MISSED"),
        (RATE, 2.5, ">= 1.5 met", ">= 2.5 met"),
        (RATE, 1.4999, ">= 1.5 MISSED", ">= 2.5 MISSED"),
    ],
)
def test_limits_hold_the_ratio_before_it_is_rounded(row: Row, ratio: float, target: str, aim: str) -> None:
    """0.3001 prints as 0.300; throughput is better when it is more, all else when it is less."""
    assert (target, aim) == row.cells(sides(ratio, 1.0))[3:5]


def test_ratio_is_of_medians() -> None:
    """One slow call among many says something of the machine, not of the sandbox."""
    measured = {
        "plugcli": Figures("seconds", (0.001, 0.002, 9.0)),
        "baseline": Figures("seconds", (0.02, 0.01, 0.01)),
    }
    assert pytest.approx(0.2) == ROW.ratio(measured)


@pytest.mark.parametrize(
    "measured",
    [
        "the server did not start",
        {"plugcli": Figures("seconds", (1.0,)), "baseline": "the server did not start"},
    ],
)
def test_what_was_not_measured_says_why_in_its_row(measured: Measured) -> None:
    """A row that is left out looks like one that is met."""
    cells = ROW.cells(measured)
    assert ("-", "not measured: the server did not start") == (cells[2], cells[5])
    assert "not measured: the server did not start" in table([cells])


def test_95th_percentile_is_a_value_that_was_measured() -> None:
    """Interpolation past the slowest call would print a time that nobody waited."""
    assert [95, 7] == [p95(range(1, 101)), p95([7])]


@pytest.mark.parametrize(
    ("spent", "wait"), [(0.0, 0.05), (0.01, 0.04), (0.05, 0.05), (0.12, 0.03), (1.001, 0.049)]
)
def test_paced_call_waits_for_the_next_tick(spent: float, wait: float) -> None:
    """A call that takes longer than a tick must not be followed by a burst that catches up."""
    assert pytest.approx(wait) == load.until_tick(spent, 0.05)


def test_first_turn_only_warms_up() -> None:
    """A server's first calls find nothing ready; the sides take turns so that a busy moment meets all."""
    order: list[str] = []

    def side(name: str) -> load.Turn:
        numbers: Iterator[int] = iter(range(10))

        def take() -> list[float]:
            order.append(name)
            return [float(next(numbers)), float(next(numbers))]

        return take

    assert {"a": [2, 3, 4, 5], "b": [2, 3, 4, 5]} == load.in_turn(2, {"a": side("a"), "b": side("b")})
    assert list("ababab") == order


def test_request_carries_code_and_conversation() -> None:
    """The clients write bytes of their own making: a wrong length would hang both sides."""
    head, _, body = load.request(5003, "print('ä')", "talk").partition(b"\r\n\r\n")
    assert b'{"code": "print(\'\\u00e4\')"}' == body
    assert b"openai-conversation-id: talk" in head.split(b"\r\n")
    assert b"Host: localhost:5003" in head.split(b"\r\n")
    assert len(body) == load.body_length(head)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"HTTP/1.1 429 Too Many Requests", b'{"error": "busy"}'),
        (b"HTTP/1.1 200 OK", b'{"returncode": 1, "stderr": "boom"}'),
    ],
)
def test_wrong_answers_are_not_measured(head: bytes, body: bytes) -> None:
    """A refusal is faster than any run."""
    with pytest.raises(load.NotMeasured, match=r"429.*busy|200.*boom"):
        load.answer_of(head, body)


def test_pss_is_read_in_bytes() -> None:
    """Pss_Anon and its like are parts of it, not more of it; a process that has ended shows nothing."""
    rollup = "00400000-7fff ---p 00000000 00:00 0  [rollup]\nRss: 9000 kB\nPss: 1234 kB\nPss_Dirty: 99 kB\nPss_Anon: 50 kB\n"
    assert [1234 * 1024, 0] == [memory.pss_bytes(rollup), memory.pss_bytes("")]


def test_descendants_are_found_at_any_depth() -> None:
    """Jails hang below the launcher, their processes below their init; strangers are not counted."""
    assert {10, 11, 12, 13} == memory.descendants(10, {1: 0, 10: 1, 11: 10, 12: 11, 13: 12, 20: 1, 21: 20})
