"""What a streamed answer holds back until it is sent: as much as was said, in few events."""

import json

from plugcli.builtin.python.stream import _Said


def said(events: list[bytes]) -> dict[str, str]:
    """Return the text of each stream in `events`."""
    texts: dict[str, str] = {}
    for event in events:
        words = json.loads(event.partition(b"data: ")[2])
        texts[words["stream"]] = texts.get(words["stream"], "") + words["text"]
    return texts


def test_streams_that_take_turns_at_each_byte_are_few_events() -> None:
    """A million events, made in one go for a client that reads slowly, kept everybody else waiting for seconds."""
    waiting = _Said()
    for number in range(10_000):
        waiting.add("stdout", b"%d" % (number % 10))
        waiting.add("stderr", b"x")
    events = waiting.take(is_over=True)
    assert {"stdout": "0123456789" * 1000, "stderr": "x" * 10_000} == said(events)
    assert len(events) <= 70


def test_order_of_the_streams_is_kept_while_little_waits() -> None:
    """Whoever reads along sees an error where it happened."""
    waiting = _Said()
    for name, data in (("stdout", b"one"), ("stderr", b"two"), ("stdout", b"three")):
        waiting.add(name, data)
    texts = [json.loads(event.partition(b"data: ")[2])["text"] for event in waiting.take(is_over=True)]
    assert ["one", "two", "three"] == texts


def test_long_text_comes_in_pieces() -> None:
    """Between two of them others have their turn."""
    waiting = _Said()
    waiting.add("stdout", b"\0" * 100_000)
    events = waiting.take(is_over=False)
    assert [{"stdout": "\0" * 100_000}, True] == [said(events), max(map(len, events)) < 100_000]
