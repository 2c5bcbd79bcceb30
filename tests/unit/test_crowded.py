"""JSON that takes long to read for its length is not read."""

import json

import pytest

from plugcli.sandbox.crowded import is_crowded

LONG = 200_000


@pytest.mark.parametrize(
    "data",
    [
        b"[" + b"[]," * LONG + b"[]]",
        b"[" * LONG,
        b"[" + b"0," * LONG + b"0]",
        b"[" + b'"",' * LONG + b'""]',
        b"{" + b'"a":{},' * LONG + b'"a":{}}',
        b'{"a": "' + b"x" * LONG + b'", "b": [' + b"null," * LONG + b"null]}",
    ],
)
def test_many_values_are_too_many(data: bytes) -> None:
    """Four megabytes of empty lists keep the interpreter's lock for a second."""
    assert is_crowded(data)


@pytest.mark.parametrize(
    "text", ["[]," * LONG, '"' * LONG, "\\" * LONG, '\\"' * LONG, "\0" * LONG, "\U0001f600" * LONG]
)
@pytest.mark.parametrize("is_ascii", [True, False])
def test_long_text_is_not(text: str, is_ascii: bool) -> None:
    """Code with data in it, a table's HTML: whatever a text holds, it is one value."""
    words = {"call": 1, "result": text, "displays": [{"mime": "text/html", "text": text}] * 32}
    assert not is_crowded(json.dumps(words, ensure_ascii=is_ascii).encode())


@pytest.mark.parametrize(
    "data", [b"", b"[]" * 100, b'"' + b"x" * LONG, b"\xff" * 10, b'{"a": "' + b"\x01" * LONG]
)
def test_what_is_no_json_is_left_to_its_reader(data: bytes) -> None:
    """The reader says what is wrong with it, and where."""
    assert not is_crowded(data)
