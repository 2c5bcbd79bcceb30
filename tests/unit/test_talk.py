"""What a session's interpreter says of its calls: taken when it is a reply to the call that runs, and nothing else is."""

import json
import re

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugcli.respond import json_bytes
from plugcli.sandbox.talk import BrokenReply, Reply, parse_reply

REPLY = {"call": 7, "status": 0, "interrupted": False, "result": "42", "displays": []}
NO_MIMES = [
    "",
    "png",
    "a/",
    "/b",
    "a/b/c",
    "a/b; c",
    "a/b\r\nX: y",
    "a/b\n",
    "a/\x1b[2J",
    "a/\u202e",
    "\u00e4/b",
    "a" * 99 + "/b",
]
NO_NAMES = [
    "",
    ".",
    "..",
    "/etc/passwd",
    "a/../b",
    "a//b",
    "a\0b",
    "a\nb",
    "a\x1bb",
    "a\u202eb",
    "\ud800",
    "x" * 256,
    "C:\\x",
    " ",
]


def reply(**changes: object) -> bytes:
    """Return a reply's bytes, some of its fields changed."""
    return json.dumps(REPLY | changes).encode()


def test_reply_is_taken() -> None:
    """Its displays too, as text or as a file."""
    displays = [{"mime": "text/html", "text": "<b>"}, {"mime": "image/png", "file": "figure-1.png"}]
    assert parse_reply(reply(displays=displays), 7) == Reply(0, "42", tuple(displays))
    assert parse_reply(reply(result=None, status=255), 7) == Reply(255, None, ())


HALF = b'"\\ud800"'
TEXT = {"mime": "text/html", "text": "<b>"}
FILE = {"mime": "image/png", "file": "figure-1.png"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 50_000,
        reply(call=8),
        reply(call="7"),
        reply(call=7.0),
        reply(call=True),
        reply().replace(b'"call": 7', b'"call": 7.0'),
        reply().replace(b'"call": 7', b'"call": 7e0'),
        reply().replace(b'"call": 7', b'"call": 07'),
        reply().replace(b'"call": 7', b'"call": -7'),
        reply().replace(b'"call": 7', b'"call": ' + b"7" * 5000),
        reply().replace(b'"call": 7', '"call": \u0667'.encode()),  # a digit, but not of JSON
        reply().replace(b'"call": 7', b'"call": 8, "call": 7'),
        reply().decode().encode("utf-16"),
        reply().decode().encode("utf-16-le"),
        reply().decode().encode("utf-32"),
        b"\xef\xbb\xbf" + reply(),
        reply() + b"\n",
        reply() + b"}",
        reply()[:-1],
        reply(more=1),
        reply(status=256),
        reply(status=-1),
        reply(status=True),
        reply(status=1.0),
        reply(status=float("nan")),
        reply(interrupted=0),
        reply(result=42),
        reply(result="x" * 200_000),
        reply(result=[[[]]]),
        reply().replace(b'"42"', b'"\x00"'),
        reply().replace(b'"42"', b'"\xed\xa0\x80"'),
        reply(displays={}),
        reply(displays=["text"]),
        reply(displays=[TEXT] * 33),
        reply(displays=[TEXT, TEXT]).replace(b"}, {", b"}{"),
        reply(displays=[TEXT]).replace(b"}]", b"}, ]"),
        reply(displays=[{"mime": "a/b"}]),
        reply(displays=[TEXT | {"url": "file:///etc/passwd"}]),
        reply(displays=[TEXT | {"text": 1}]),
        reply(displays=[TEXT | {"text": "x" * 70_000}]),
        *(reply(displays=[{"mime": mime, "text": "b"}]) for mime in NO_MIMES),
        *(reply(displays=[{"mime": "image/png", "file": name}]) for name in NO_NAMES),
        reply(displays=[FILE]).replace(b'"figure-1.png"', HALF),
        reply(displays=[TEXT]).replace(b'"text/html"', HALF),
    ],
)
def test_what_is_no_reply_is_refused(data: bytes) -> None:
    """A wrong number, a wrong type, too much, a name or a media type that is none: that interpreter is not talked to any more."""
    with pytest.raises(BrokenReply):
        parse_reply(data, 7)


def test_half_a_character_is_replaced() -> None:
    """JSON can spell half of a surrogate pair, and no strict reader takes it: neither may an answer that goes on."""
    told = parse_reply(reply(result="\ud83d", displays=[TEXT | {"text": "a\udc00"}]), 7)
    assert ("\ufffd", "a\ufffd") == (told.result, told.displays[0]["text"])
    assert "\U0001f40d" == parse_reply(reply(result="\U0001f40d"), 7).result


STRINGS = st.text(st.characters(), max_size=30) | st.sampled_from(
    [*NO_MIMES, *NO_NAMES, "image/png", "a.png"]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | STRINGS
SHOWN = st.fixed_dictionaries({"mime": STRINGS}, optional={"text": STRINGS, "file": STRINGS})
VALUES = LEAVES | st.lists(SHOWN | LEAVES, max_size=3) | st.dictionaries(STRINGS, LEAVES, max_size=3)
CHANGES = st.fixed_dictionaries({}, optional={name: VALUES for name in REPLY})
SPELLINGS = st.sampled_from(["utf-8", "utf-16", "utf-8-sig", "utf-32-be", "latin-1"])


@pytest.mark.slow
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CHANGES, st.binary(max_size=3), st.integers(0, 200), SPELLINGS, st.booleans())
def test_whatever_the_door_says_is_a_reply_or_refused(
    changes: dict[str, object], noise: bytes, at: int, spelling: str, is_ascii: bool
) -> None:
    """Nothing else is raised; and what is taken goes on as JSON that the strictest reader takes, with the types that it must have."""
    frame = json.dumps(REPLY | changes, ensure_ascii=is_ascii).encode(spelling, "backslashreplace")
    try:
        taken = parse_reply(frame[:at] + noise + frame[at + len(noise) :], 7)
    except BrokenReply:
        return
    assert 0 <= taken.status <= 255
    answer = json_bytes({"result": taken.result, "displays": taken.displays})
    assert {"result": taken.result, "displays": [*taken.displays]} == orjson.loads(answer)
    for each in taken.displays:
        assert re.fullmatch(r"[\w.+-]+/[\w.+-]+", each["mime"], re.ASCII)
        assert set(each) in ({"mime", "text"}, {"mime", "file"})
