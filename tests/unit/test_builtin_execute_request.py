"""What a body of POST /execute asks for."""

import pytest

from plugcli.builtin.python import routes
from plugcli.builtin.python.execute_request import ExecuteRequest, parse_request
from plugcli.respond import Refusal
from plugcli.sandbox import Sandbox


@pytest.mark.parametrize(
    ("body", "call"),
    [
        (b'{"code": "print(6*7)"}', ExecuteRequest("print(6*7)", None)),
        (b'{"code": ""}', ExecuteRequest("", None)),
        (b'{"code": "a\\nb\\t\\"\\u00e4\\ud83d\\ude00"}', ExecuteRequest('a\nb\t"\u00e4\U0001f600', None)),
        (b'{"code": "\\u0000\\ud800"}', ExecuteRequest("\x00\ud800", None)),
        (b'\xef\xbb\xbf{"code": "x", "timeout": 2}', ExecuteRequest("x", 2.0)),
        (b'{"code": "x", "timeout": 60}', ExecuteRequest("x", 60.0)),
        (b'{"code": "x", "timeout": 0.5}', ExecuteRequest("x", 0.5)),
        (b'{"code": "x", "session": "s"}', ExecuteRequest("x", None, "s")),
        (b'{"session": "my \\u00e4nalysis", "code": ""}', ExecuteRequest("", None, "my änalysis")),
    ],
)
def test_call_is_read(body: bytes, call: ExecuteRequest) -> None:
    """Code reaches the sandbox as it was sent: half a surrogate pair and NUL are the program's own errors."""
    assert parse_request(body, wall_seconds_max=60) == call


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"print(6*7)",
        b"{",
        b"{'code': 1}",
        b'{"code": "x"',
        b"\xff\xfe\x00",
        b"[" * 100000,
        b"\x00",
        b'{"code": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_not_json_is_400(body: bytes) -> None:
    """Also what a careless reader crashes on: depth, digits, bytes that are no text."""
    with pytest.raises(Refusal) as caught:
        parse_request(body, wall_seconds_max=60)
    assert (caught.value.status, bool(caught.value.hint)) == (400, True)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b"null",
        b'"print(1)"',
        b"1",
        b'{"code": null}',
        b'{"code": 1}',
        b'{"code": ["print(1)"]}',
        b'{"code": {"x": 1}}',
        b'{"code": true}',
        b'{"code": "x", "session": null}',
        b'{"code": "x", "session": ""}',
        b'{"code": "x", "session": 1}',
        b'{"code": "x", "session": ["s"]}',
        b'{"code": "x", "session": "a\\u0000b"}',
        b'{"code": "x", "session": "a\\nb"}',
        b'{"code": "x", "session": "\\ud800"}',
        '{"code": "x", "session": "a\u3164"}'.encode(),
        b'{"code": "x", "session": "' + b"s" * 201 + b'"}',
        b'{"code": "x", "session": "' + b"s" * 10240 + b'"}',
        b'{"code": "x", "name": "s"}',
        b'{"code": "x", "files": []}',
        b'{"Code": "x"}',
        b'{"code": "x", "timeout": null}',
        b'{"code": "x", "timeout": true}',
        b'{"code": "x", "timeout": "5"}',
        b'{"code": "x", "timeout": 0}',
        b'{"code": "x", "timeout": -1}',
        b'{"code": "x", "timeout": NaN}',
        b'{"code": "x", "timeout": Infinity}',
        b'{"code": "x", "timeout": 1e99}',
        b'{"code": "x", "timeout": 60.1}',
        b'{"code": "x", "timeout": [1]}',
        b'{"code": "x", "timeout": 1' + b"0" * 400 + b"}",
    ],
)
def test_json_that_is_no_call_is_422(body: bytes) -> None:
    """A request that is quietly read as another one misleads the model; it is told what is wrong instead."""
    with pytest.raises(Refusal) as caught:
        parse_request(body, wall_seconds_max=60)
    assert (caught.value.status, bool(caught.value.hint)) == (422, True)


def test_timeout_refusal_names_the_bound() -> None:
    """The model can then ask again with a time that is allowed."""
    with pytest.raises(Refusal, match="at most 60"):
        parse_request(b'{"code": "x", "timeout": 61}', wall_seconds_max=60)


def test_route_of_older_plugins_is_still_there() -> None:
    """Their plugin.py asks for it by name."""
    route = routes(Sandbox())[0]
    assert (route.path, route.methods) == ("/execute", {"POST"})
