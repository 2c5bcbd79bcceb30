"""A stranger's text on its way to the terminal."""

import pytest

from plugcli.cli import render
from plugcli.document import Excerpt
from plugcli.errors import PlugcliError
from plugcli.terminal_text import fitted, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain \u00e9 \u65e5\u672c \U0001f40d", "plain \u00e9 \u65e5\u672c \U0001f40d"),
        ("\x1b]52;c;AAAA\x07", r"\x1b]52;c;AAAA\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("a\r\nb\tc\x00", r"a\x0d\x0ab c\x00"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("\u2066x\u2069", r"\u2066x\u2069"),
        ("a\u2028b", r"a\u2028b"),
        ("half \ud83d", r"half \ud83d"),
        ("\u200b\u2060\u3164\xad", r"\u200b\u2060\u3164\xad"),
        ("hidden \U000e0068\U000e0069", r"hidden \U000e0068\U000e0069"),
        ("\u0645\u200c\u0646 \u2764\ufe0f", "\u0645\u200c\u0646 \u2764\ufe0f"),
    ],
)
def test_control_characters_never_reach_the_terminal(text: str, shown: str) -> None:
    """A manifest from a URL could otherwise fill the clipboard, or hide what it says."""
    assert shown == printable(text)


def test_errors_and_notes_are_one_harmless_line_each(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They quote names of files, keys and what a server answers: a stranger's words."""
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    render.error(PlugcliError("no \x1b]0;pwned\x07", hint="a\nb"))
    render.note("left \x9b6n")
    shown = r"""error: no \x1b]0;pwned\x07
  hint: a\x0ab
plugcli: left \x9b6n
"""
    assert shown == capsys.readouterr().err


def test_caret_stands_below_its_character() -> None:
    """Wide characters take two cells, combining ones none."""
    line, before = fitted(Excerpt("\u65e5\u672c e\u0301: x", 7), 80)
    assert ("\u65e5\u672c e\u0301: x", 7) == (line, before)


def test_long_line_is_cut_around_the_place() -> None:
    """A document may be one line of megabytes."""
    line, before = fitted(Excerpt("a" * 200 + "X" + "b" * 200, 201, is_cut_after=True), 60)
    assert line.startswith("...a")
    assert line.endswith("b...")
    assert "X" == line[before]
    assert len(line) <= 60


def test_line_that_was_cut_says_so() -> None:
    """The reader must not take a piece for the whole."""
    assert ("...abc...", 3) == fitted(Excerpt("abc", 1, is_cut_before=True, is_cut_after=True), 60)
