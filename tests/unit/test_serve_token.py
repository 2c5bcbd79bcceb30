"""The token: where it comes from, which ones are taken, and how it is checked."""

from pathlib import Path

import pytest

from plugcli.bearer_token import TOKEN_VARIABLE, take_token
from plugcli.errors import UsageError
from plugcli.respond import Refusal
from plugcli.serve.token import check_token

GOOD = "q8Zr1-vK5_tW3xYb7Ld9"


def test_token_leaves_the_environment() -> None:
    """The plugin's code, and what it starts, must not find the key to the server there."""
    environment = {TOKEN_VARIABLE: GOOD, "HOME": "/"}
    assert take_token(None, environment) == GOOD
    assert environment == {"HOME": "/"}


def test_token_file_wins_and_the_variable_still_leaves(tmp_path: Path) -> None:
    """The option was typed on purpose; the variable may be left over."""
    file = tmp_path / "token"
    file.write_text(f"{GOOD}\n")
    environment = {TOKEN_VARIABLE: "another"}
    assert take_token(file, environment) == GOOD
    assert environment == {}


def test_no_token_is_none() -> None:
    """Loopback needs none."""
    assert take_token(None, {}) is None


@pytest.mark.parametrize(
    "weak", ["", "  ", "secret", "a" * 40, "abababababababababab", "with space in the middle"]
)
def test_weak_token_is_refused(weak: str) -> None:
    """A token that can be guessed opens a machine to its network, and looks safe."""
    with pytest.raises(UsageError) as caught:
        take_token(None, {TOKEN_VARIABLE: weak})
    assert "secrets" in caught.value.hint
    assert not weak.strip() or weak not in caught.value.message


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("0123456789abcde", "0123456789abcdef"),  # characters
        ("0123456" * 3, "01234567" * 3),  # different ones
        ("0123456789 abcdef", "0123456789!abcdef"),  # the first that a header can carry
        ("0123456789\x7fabcdef", "0123456789~abcdef"),  # the last
    ],
)
def test_token_is_taken_from_its_first_good_character_on(short: str, long: str) -> None:
    """Each bound has its own: one less is refused."""
    assert long == take_token(None, {TOKEN_VARIABLE: long})
    with pytest.raises(UsageError):
        take_token(None, {TOKEN_VARIABLE: short})


def test_unreadable_token_file_is_refused(tmp_path: Path) -> None:
    """A missing file, a folder, bytes that are no text: a sentence, never a traceback."""
    binary = tmp_path / "binary"
    binary.write_bytes(bytes(range(256)))
    for file in (tmp_path / "missing", tmp_path, binary):
        with pytest.raises(UsageError) as caught:
            take_token(file, {})
        assert str(file) in caught.value.message


@pytest.mark.parametrize("sent", [f"Bearer {GOOD}", f"bearer {GOOD}", f"Bearer  {GOOD} "])
def test_right_token_is_taken(sent: str) -> None:
    """RFC 7235: the scheme has no case."""
    check_token(GOOD.encode(), {b"authorization": sent.encode()})


@pytest.mark.parametrize(
    "sent", ["", "Bearer", f"Basic {GOOD}", GOOD, f"Bearer {GOOD}x", f"Bearer {GOOD[:-1]}", "\xff"]
)
def test_wrong_token_is_401(sent: str) -> None:
    """With the header that tells a client what to send."""
    with pytest.raises(Refusal) as caught:
        check_token(GOOD.encode(), {b"authorization": sent.encode("latin-1")})
    assert caught.value.status == 401
    assert dict(caught.value.headers)[b"www-authenticate"].startswith(b"Bearer")
