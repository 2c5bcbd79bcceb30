"""`POST /execute`: code in, RunResult out.

200 for however the code ended; 4xx for a request that is refused; 5xx only for plugcli's own fault.
"""

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive

from plugcli.errors import PlugcliError
from plugcli.sandbox import Busy, RunResult, Sandbox
from plugcli.serve.answer import Refusal, json_bytes
from plugcli.serve.fit import ANSWER_CHARACTERS, fit
from plugcli.serve.log import CLIENT_GONE

ANSWER_CHARACTERS_KEY = "plugcli.answer_characters"  # in the ASGI scope, where `serve` puts its option
RETRY_SECONDS = 1


@dataclass(frozen=True)
class Call:
    """What a caller asks for: `wall_seconds` is None for the server's own default."""

    code: str
    wall_seconds: float | None


def execute_route(sandbox: Sandbox) -> Route:
    """The route `POST /execute {code, timeout?}`, run in `sandbox`, each call fresh."""

    async def execute(request: Request) -> Response:
        try:
            call = parse_call(await request.body(), wall_seconds_max=sandbox.policy.wall_seconds_max)
            result = await _unless_gone(
                sandbox.run(call.code, wall_seconds=call.wall_seconds), request.receive
            )
        except Refusal as refusal:
            return _problem(refusal.status, refusal.error, refusal.hint)
        except Busy as busy:
            return _problem(503, busy.message, busy.hint, {"retry-after": str(RETRY_SECONDS)})
        except PlugcliError as error:
            return _problem(500, error.message, error.hint)
        if result is None:
            return Response(status_code=CLIENT_GONE)
        limit = request.scope.get(ANSWER_CHARACTERS_KEY, ANSWER_CHARACTERS)
        return Response(fit(result.as_json(), limit), media_type="application/json")

    return Route("/execute", execute, methods=["POST"])


def parse_call(body: bytes, *, wall_seconds_max: float) -> Call:
    """The call in `body`. Raises Refusal: 400 for what is not JSON, 422 for JSON that is not a call."""
    try:
        asked = json.loads(body)
    except RecursionError:
        raise Refusal(400, "the body nests too deeply", _EXAMPLE) from None
    except ValueError as error:
        raise Refusal(400, f"the body is not JSON: {error}", _EXAMPLE) from None
    if not isinstance(asked, dict):
        raise Refusal(422, f"the body is {_kind(asked)}, not a JSON object", _EXAMPLE)
    unknown = sorted(asked.keys() - {"code", "timeout"})
    if unknown:
        raise Refusal(422, f"unknown field {unknown[0][:40]!r}", "the fields are code and timeout")
    if "code" not in asked:
        raise Refusal(422, "the field code is missing", _EXAMPLE)
    code, timeout = asked["code"], asked.get("timeout", _NOT_GIVEN)
    if not isinstance(code, str):
        raise Refusal(422, f"code is {_kind(code)}, not a string", _EXAMPLE)
    if timeout is _NOT_GIVEN:
        return Call(code, None)
    if (
        isinstance(timeout, (int, float))
        and not isinstance(timeout, bool)
        and 0 < timeout <= wall_seconds_max
    ):
        return Call(code, float(timeout))  # NaN is not above 0
    raise Refusal(
        422,
        f"timeout must be a number of seconds above 0 and at most {wall_seconds_max:g}",
        f"leave it out for the default, or give for instance {min(10, wall_seconds_max):g}",
    )


_NOT_GIVEN = object()
_EXAMPLE = 'send for instance {"code": "print(6*7)"}'


def _kind(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _problem(status: int, error: str, hint: str, headers: dict[str, str] | None = None) -> Response:
    return Response(json_bytes({"error": error, "hint": hint}), status, headers, "application/json")


async def _unless_gone(run: Coroutine[Any, Any, RunResult], receive: Receive) -> RunResult | None:
    """The result of `run`, or None if the client went away first: cancelling `run` kills the code."""
    running = asyncio.ensure_future(run)
    leaving = asyncio.ensure_future(_disconnect(receive))
    try:
        await asyncio.wait((running, leaving), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            return running.result()
        return None
    finally:
        leaving.cancel()
        if not running.done():
            running.cancel()
            await asyncio.wait((running,))


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
