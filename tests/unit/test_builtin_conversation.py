"""Which session a request means."""

import pytest

from plugcli.builtin.python.conversation import Wish, wish
from plugcli.builtin.python.terms import Terms
from plugcli.respond import Refusal
from plugcli.sandbox import Key

HEADER = b"openai-conversation-id"


def asked(conversation: str | None, session: str | None, *, is_stateless: bool = False) -> Wish:
    """What a request with this header and this `session` asks for."""
    headers = {} if conversation is None else {HEADER: conversation.encode("utf-8", "surrogateescape")}
    return wish(headers, session, Terms(is_stateless=is_stateless))


def test_conversations_and_names_are_kept_apart() -> None:
    """A conversation has one session, and its own for each name; a name outside is another one again."""
    wishes = [
        asked(conversation, session)
        for conversation in (None, "a", "b")
        for session in (None, "a", "b", "ab")
    ]
    keys = [each.key for each in wishes if not each.is_fresh]
    assert len({*keys}) == len(keys) == 11
    assert asked("a", "b").key == asked("a", "b").key


def test_neither_is_a_fresh_call() -> None:
    """As in the original plugin."""
    assert asked(None, None).is_fresh
    assert asked(None, None).key == Key()


def test_new_is_nobody_elses() -> None:
    """Each `new` is one more session, also inside a conversation."""
    for conversation in (None, "a"):
        assert not asked(conversation, "new").is_fresh
        assert asked(conversation, "new").key == Key()


@pytest.mark.parametrize(
    "name",
    [
        "a\0b",
        "\0",
        "a\n",
        "\x1b[31m",
        "\u202e",
        "\udcff",
        "\x7f",
        "\xa0",
        "a\xad",
        "a\u200b",
        "\u2028",
        "\u3164",
        "\ufeffa",
        "",
        "x" * 201,
        "x" * 10_000,
    ],
)
def test_header_that_names_nothing_is_422(name: str) -> None:
    """A caller chooses it as freely as `session`: neither can be made to read like a key."""
    with pytest.raises(Refusal) as caught:
        asked(name, "s")
    assert (caught.value.status, bool(caught.value.hint)) == (422, True)
    assert caught.value.error.isprintable()


def test_names_of_any_language_are_taken() -> None:
    """And of the full length."""
    assert asked("ä" * 100, None).conversation == "ä" * 100
    assert asked(None, "分析 1").session == "分析 1"


def test_stateless_server_knows_no_sessions() -> None:
    """The header comes with every call of a host, so it is no reason to refuse; a `session` is a wish."""
    assert asked("a", None, is_stateless=True).is_fresh
    assert asked("\x00", None, is_stateless=True).is_fresh
    for name in ("x", "new"):
        with pytest.raises(Refusal, match="--stateless"):
            asked(None, name, is_stateless=True)
