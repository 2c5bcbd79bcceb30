"""The gate: what a stranger says, before anybody else reads it."""

import os
import sys
import unicodedata
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugcli.respond import json_bytes
from plugcli.sandbox import gate

ANY_TEXT = st.text(st.characters(), max_size=40)  # halves of characters too
SAYABLE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=10,
)  # fmt: skip


@pytest.mark.slow
@given(SAYABLE, st.sampled_from([None, 2]))
def test_json_can_be_read_by_a_strict_reader(value: Any, indent: int | None) -> None:
    """Keys and values; in ASCII for a terminal, in UTF-8 for HTTP."""
    said = gate.json_text(value, indent=indent)
    orjson.loads(said)
    assert said.isascii()
    assert said.replace("\n", "").isprintable()
    orjson.loads(json_bytes(value))


def test_json_keeps_what_it_can_say() -> None:
    """Only halves of characters are replaced; a whole one, and a backslash that looks like one, stay."""
    value = {"a": ["\U0001f40d", "\\ud800", "\ufffd", 1.5, 2**64 - 1, None], "\x7f\x00": True}
    assert value == orjson.loads(gate.json_text(value))
    assert "\U0001f40d \\ud800 \ufffd" == orjson.loads(gate.json_text("\U0001f40d \\ud800 \ud800"))


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_number_that_json_lacks_is_an_error(number: float) -> None:
    """It is never written: whoever has one says null or text."""
    for write in (gate.json_text, json_bytes):
        with pytest.raises(ValueError, match="JSON"):
            write({"a": [number]})


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"{}{}", b"NaN", b'{"a": Infinity}', b'{"a": 1, "a": 2}', b"\xff", b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"), "{}".encode("utf-16-le"),
        b"[" * 100_000, b"1" * 5000, b'"\x00"', b"{'a': 1}", b"\xed\xa0\x80",
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused(data: bytes) -> None:
    """One spelling in one encoding, and ValueError for all else."""
    with pytest.raises(ValueError):  # noqa: PT011 (of several libraries)
        gate.read_json(data)


def test_every_character_that_steers_or_hides_is_written_out() -> None:
    """All that Unicode calls a control, a format, half of a pair or a line end, but for those that scripts and emoji need."""
    joiners = {0x200C, 0x200D}
    visible = {
        *range(0x0600, 0x0606),
        0x06DD,
        0x070F,
        0x0890,
        0x0891,
        0x08E2,
        0x110BD,
        0x110CD,
        *range(0x13430, 0x13440),
    }
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        is_control = unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        if is_control and code not in joiners | visible:
            shown = gate.line(character)
            assert (hex(code), True) == (
                hex(code),
                shown == " " if character == "\t" else shown.isascii() and shown.isprintable(),
            )
    assert all(gate.is_hidden(each) for each in "\u3164\u115f\u1160\uffa0\u2063\U000e0041")


@given(ANY_TEXT)
def test_lines_keep_their_ends_and_nothing_else(text: str) -> None:
    """A traceback stays readable; a line of it is one line."""
    assert text.count("\n") == gate.lines(text).count("\n")
    assert "\n" not in gate.line(text)
    gate.line(text).encode()
    gate.text(text).encode()


@pytest.mark.parametrize(
    ("mime", "is_one"),
    [
        ("text/html", True), ("image/svg+xml", True), ("application/vnd.plotly.v1+json", True), ("a/b", True), ("a" * 98 + "/b", True),
        ("a" * 99 + "/b", False), ("", False), ("text", False), ("text/", False), ("/html", False), ("a/b/c", False),
        ("text/html; charset=utf-8", False),
        ("text/html\n", False), ("text/h\r\nX: y", False), ("t\u00e9xt/html", False), ("text/\ud800", False), ("text/ html", False),
    ],
)  # fmt: skip
def test_media_type_is_type_and_subtype(mime: str, is_one: bool) -> None:
    """Nothing that a header or a page could read as more."""
    assert is_one == gate.is_mime(mime)


@given(ANY_TEXT)
def test_media_type_of_any_name_is_one(name: str) -> None:
    """Whatever the code calls its file."""
    assert gate.is_mime(gate.media_type(name))
    assert gate.is_mime(gate.media_type(f"data:{name},x"))


@given(ANY_TEXT)
def test_name_that_passes_is_a_path_below(name: str) -> None:
    """Of usual parts, without a second line."""
    if gate.is_file_name(name):
        path = os.path.normpath(f"/mnt/data/{name}")
        assert path.startswith("/mnt/data/")
        assert path.removeprefix("/mnt/data/") == name
        assert not any(
            unicodedata.category(each) in ("Cc", "Zl", "Zp") or each in "\\\u202e\u2066" for each in name
        )
