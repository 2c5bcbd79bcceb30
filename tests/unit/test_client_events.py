"""Server-sent events, as the specification writes them and as `serve` does."""

import pytest

from plugcli.client.events import Event, events


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_events_come_with_their_names(end: bytes) -> None:
    """Comments, other fields, events without data and data in several lines: all are in the specification."""
    lines = [
        b": hello",
        b"event: a",
        b'data: {"x":',
        b"data:1}",
        b"id: 7",
        b"",
        b"event: b",
        b"",
        b"data: {}",
        b"",
    ]
    assert list(events(line + end for line in lines)) == [Event("a", {"x": 1}), Event("", {})]


def test_event_comes_with_its_last_line() -> None:
    """Output is shown as it comes: an event does not wait for the next one, and half of one is none."""
    lines = iter([b"data: {}\n", b"\n", b"data: {}\n"])
    stream = events(lines)
    assert next(stream) == Event("", {})
    assert list(lines) == [b"data: {}\n"]
    assert list(stream) == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "Expecting value"),
        (b"1", "not a JSON object"),
        (b"[]", "not a JSON object"),
        (b"{", "Expecting property name"),
        (b"\xff", "decode"),
        (b'{"a":' * 100_000, "nests too deeply"),
    ],
)
def test_data_that_is_no_object_is_refused(data: bytes, words: str) -> None:
    """Whatever it is, it is one kind of error."""
    with pytest.raises(ValueError, match=words):
        list(events([b"data: " + data + b"\n", b"\n"]))
