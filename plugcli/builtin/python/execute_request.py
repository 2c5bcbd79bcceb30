"""The request in the body of `POST /execute`."""

import json
import re
from dataclasses import dataclass

from plugcli.respond import Refusal
from plugcli.sandbox.crowded import is_crowded

NAME_CHARACTERS = 200
# Control characters, line ends, spaces that look like another one, and what is invisible or turns the direction.
# As the OpenAPI document of templates/python has it: in escapes that every dialect of regular expressions reads.
NAME_PATTERN = (
    r"^[^\u0000-\u001F\u007F-\u00A0\u00AD\u061C\u115F\u1160\u1680\u17B4\u17B5\u180B-\u180F\u2000-\u200F"
    r"\u2028-\u202F\u205F-\u206F\u3000\u3164\uFEFF\uFFA0\uFFF0-\uFFFF]+$"
)
_FIELDS = frozenset({"code", "session", "timeout"})
_EXAMPLE = 'send for instance {"code": "print(6*7)"}'
_NOT_GIVEN = object()
_NAME = re.compile(NAME_PATTERN)
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")  # not valid Unicode


@dataclass(frozen=True)
class ExecuteRequest:
    """Code to run, its time limit (None: the server's default) and its session (None: not given)."""

    code: str
    wall_seconds: float | None = None
    session: str | None = None


def parse_request(body: bytes, *, wall_seconds_max: float) -> ExecuteRequest:
    """Return the request in `body`. Raises Refusal: 400 when it is not JSON, 422 when it is not a valid request."""
    if is_crowded(body):
        raise Refusal(400, "the body holds far more values than a call has", _EXAMPLE)
    try:
        asked = json.loads(body)
    except RecursionError:
        raise Refusal(400, "the body nests too deeply", _EXAMPLE) from None
    except ValueError as error:
        raise Refusal(400, f"the body is not JSON: {error}", _EXAMPLE) from None
    if not isinstance(asked, dict):
        raise Refusal(422, f"the body is {_kind(asked)}, not a JSON object", _EXAMPLE)
    if not asked.keys() <= _FIELDS:
        unknown = min(asked.keys() - _FIELDS)
        raise Refusal(422, f"unknown field {unknown[:40]!r}", f"the fields are {', '.join(sorted(_FIELDS))}")
    if "code" not in asked:
        raise Refusal(422, "the field code is missing", _EXAMPLE)
    code = asked["code"]
    if not isinstance(code, str):
        raise Refusal(422, f"code is {_kind(code)}, not a string", _EXAMPLE)
    session = asked.get("session", _NOT_GIVEN)
    return ExecuteRequest(
        code,
        _wall_seconds(asked.get("timeout", _NOT_GIVEN), wall_seconds_max),
        None if session is _NOT_GIVEN else checked_name(session, "session"),
    )


def checked_name(name: object, what: str) -> str:
    """Return `name`, which a caller gave as `what`. Raises Refusal (422) when it is not a valid name.

    Names with invisible characters are refused, because they look like other names in a log and on a screen.
    """
    hint = f"give 1 to {NAME_CHARACTERS} printable characters"
    if not isinstance(name, str):
        raise Refusal(422, f"{what} is {_kind(name)}, not a string", f"{hint}, or leave it out")
    if not name:
        raise Refusal(422, f"{what} is empty", f"{hint}, or leave it out")
    if len(name) > NAME_CHARACTERS:
        raise Refusal(422, f"{what} is {len(name)} characters long", hint)
    if _NAME.fullmatch(name) is None or _HALF_A_PAIR.search(name):
        raise Refusal(422, f"{what} has a character that is not printable: {ascii(name)[:80]}", hint)
    return name


def _wall_seconds(timeout: object, longest: float) -> float | None:
    if timeout is _NOT_GIVEN:
        return None
    if isinstance(timeout, (int, float)) and not isinstance(timeout, bool) and 0 < timeout <= longest:
        return float(timeout)  # NaN is not above 0
    raise Refusal(
        422,
        f"timeout must be a number of seconds above 0 and at most {longest:g}",
        f"leave it out for the default, or give for instance {min(10, longest):g}",
    )


def _kind(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
