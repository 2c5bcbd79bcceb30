"""What a session's interpreter says of its calls: taken when it is a reply to the call that runs, and nothing else is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugcli.sandbox.talk import BrokenReply, Reply, parse_reply

REPLY = {"call": 7, "status": 0, "interrupted": False, "result": "42", "displays": []}


def reply(**changes: object) -> bytes:
    """Return a reply's bytes, some of its fields changed."""
    return json.dumps(REPLY | changes).encode()


def test_reply_is_taken() -> None:
    """Its displays too, as text or as a file."""
    displays = [{"mime": "text/html", "text": "<b>"}, {"mime": "image/png", "file": "figure-1.png"}]
    assert parse_reply(reply(displays=displays), 7) == Reply(0, "42", tuple(displays))
    assert parse_reply(reply(result=None, status=255), 7) == Reply(255, None, ())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 50_000,
        reply(call=8),
        reply(call="7"),
        reply(status=256),
        reply(status=-1),
        reply(status=True),
        reply(status=float("nan")),
        reply(result=42),
        reply(result="x" * 200_000),
        reply(displays={}),
        reply(displays=["text"]),
        reply(displays=[{"mime": "a"}]),
        reply(displays=[{"mime": "a", "text": "b", "url": "file:///etc/passwd"}]),
        reply(displays=[{"mime": "a", "text": 1}]),
        reply(displays=[{"mime": "a" * 200, "text": "b"}]),
    ],
)
def test_what_is_no_reply_is_refused(data: bytes) -> None:
    """A wrong number, a wrong type, too much: that interpreter is not talked to any more."""
    with pytest.raises(BrokenReply):
        parse_reply(data, 7)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.sampled_from(list(REPLY)), VALUES))
def test_any_json_is_a_reply_or_refused(changes: dict[str, object]) -> None:
    """Nothing else is raised, and what is taken has the types that it must have."""
    try:
        taken = parse_reply(reply(**changes), 7)
    except BrokenReply:
        return
    assert 0 <= taken.status <= 255
    assert taken.result is None or isinstance(taken.result, str)
    assert all(set(each) in ({"mime", "text"}, {"mime", "file"}) for each in taken.displays)
