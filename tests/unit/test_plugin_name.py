"""A new plugin's name and e-mail address are checked before they are written anywhere."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugcli import plugin_name
from plugcli.errors import UsageError


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Python Runner", "Python Runner"),
        ("  two   blanks  ", "two blanks"),
        ('"quotes" and \\', '"quotes" and \\'),
        ("{{ 7 * 7 }}{% x %}", "{{ 7 * 7 }}{% x %}"),
        ("</script><b>", "</script><b>"),
        ("天気", "天気"),
        ("יומן שלי", "יומן שלי"),
        ("\N{RIGHT-TO-LEFT MARK}יומן", "\N{RIGHT-TO-LEFT MARK}יומן"),
        ("👩\N{ZERO WIDTH JOINER}🚀 Space", "👩\N{ZERO WIDTH JOINER}🚀 Space"),
        ("Cafe\N{COMBINING ACUTE ACCENT}", "Café"),
        ("x" * 20, "x" * 20),
    ],
)
def test_name_of_one_line_is_taken(name: str, expected: str) -> None:
    """A name is the author's to choose, in any script."""
    assert plugin_name.checked_name(name) == expected


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("\N{ZERO WIDTH SPACE}", "empty"),
        ("x" * 21, "21 characters"),
        ("x" * 300, "300 characters"),
        ("two\nlines", "a line break (character 4)"),
        ("two\N{LINE SEPARATOR}lines", "a line break (character 4)"),
        ("a\ttab", "the control character U+0009 (character 2)"),
        ("\x1b[31mred", "the control character U+001B (character 1)"),
        ("\x00", "the control character U+0000"),
        ("\udcff", "bytes that are not UTF-8"),
        ("abc\N{RIGHT-TO-LEFT OVERRIDE}gnp", "the text direction control U+202E (character 4)"),
        ("ab\u200bc", "U+200B, which is not shown"),
        ("ab\u3164", "U+3164, which is not shown"),
        ("ab\U000e0041", "U+E0041, which is not shown"),
        ("\uffff", "U+FFFF, which is not a character"),
        ("My Plugin", "'plugin'"),
        ("chatgpt helper", "'chatgpt'"),
        ("OPENAI", "'openai'"),
        ("\uff30\uff4c\uff55\uff47\uff49\uff4e", "'plugin'"),
        ("plúgin", "'plugin'"),
    ],
)
def test_name_that_no_host_would_take_is_refused_with_the_reason(name: str, reason: str) -> None:
    """The host says nothing but no: the author must hear here what is wrong."""
    with pytest.raises(UsageError) as refusal:
        plugin_name.checked_name(name)
    assert reason in refusal.value.message
    assert refusal.value.hint


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Python Runner", "python_runner"),
        ("Höhe & Tiefe", "hohe_tiefe"),
        ("Smørrebrød", "smorrebrod"),
        ("Straße", "strasse"),
        ("3D Printer", "todo_manager_3d_printer"),
        ("天気", "todo_manager"),
        ("天気 App", "app"),
        ("🚀", "todo_manager"),
        ("--", "todo_manager"),
        ("\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 20, "todo_manager"),
        ("㎭" * 20, "rad" * 16 + "ra"),
    ],
)
def test_name_for_model_is_made_of_the_latin_letters_of_the_name(name: str, expected: str) -> None:
    """Hosts take [A-Za-z][A-Za-z0-9_]* and 50 characters here, whatever script people read."""
    assert plugin_name.name_for_model(name, fallback="TODO Manager") == expected


@pytest.mark.slow
@settings(deadline=None)  # the machine may be busy
@given(st.text())
def test_name_for_model_always_fits(name: str) -> None:
    """No name, however strange, may lead to a manifest that a host refuses."""
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,49}", plugin_name.name_for_model(name, fallback="TODO Manager"))


@settings(deadline=None)  # the machine may be busy
@given(st.text())
def test_folder_name_is_a_plain_name(name: str) -> None:
    """A new folder must neither leave the current one nor need quotes."""
    assert re.fullmatch(r"[a-z][a-z0-9-]{0,49}", plugin_name.folder_name(name, fallback="TODO Manager"))


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("weather-bot", "Weather Bot"),
        ("a/b/my_API.v2", "My API V2"),
        (".hidden", "Hidden"),
        ("my-plugin", None),
        ("a-folder-with-a-name-that-is-long", None),
        ("/", None),
        ("..", None),
        ("天気", "天気"),
        ("new\nline", "New Line"),
    ],
)
def test_folder_suggests_a_name_where_it_makes_a_good_one(folder: str, expected: str | None) -> None:
    """Two plugins in two folders should not both be called Python Runner."""
    assert plugin_name.name_of_folder(Path(folder)) == expected


@pytest.mark.parametrize("email", ["ada@example.org", " a+b@x.co.uk ", "jürgen@müller.example", "o'x@a.b"])
def test_email_address_is_taken(email: str) -> None:
    """Anything that may be an address is the author's to give."""
    assert plugin_name.checked_email(email) == email.strip()


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "ada@",
        "@b.c",
        "a@b@c.d",
        "a@b",
        "a@.b",
        "a b@c.d",
        "a@b.c\nx",
        "<a@b.c>",
        "a@b.\udcff",
        "x" * 300,
    ],
)
def test_text_that_is_no_email_address_is_refused(email: str) -> None:
    """A typing error here would be found by a user who cannot reach the author."""
    with pytest.raises(UsageError) as refusal:
        plugin_name.checked_email(email)
    assert refusal.value.hint


def test_address_to_edit_passes_its_own_check() -> None:
    """What stands in for a missing address must not break what a real one would not."""
    assert plugin_name.checked_email(plugin_name.EMAIL_TO_EDIT) == plugin_name.EMAIL_TO_EDIT
