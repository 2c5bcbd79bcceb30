"""The routes of a plugin that runs code: `POST /execute`, and the files of its sessions.

The status is 200 however the code ended, 4xx for a request that is refused, and 5xx only for a fault of plugcli.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from plugcli.builtin.python import conversation, stream
from plugcli.builtin.python.conversation import Wish, wish
from plugcli.builtin.python.execute_request import ExecuteRequest, parse_request
from plugcli.builtin.python.files import files_routes, with_url
from plugcli.builtin.python.fit import LONG_CHARACTERS, first_files, fit, least_characters
from plugcli.builtin.python.leaving import unless_gone
from plugcli.builtin.python.refusals import refusal_of
from plugcli.builtin.python.terms import Terms, terms_of
from plugcli.errors import PlugcliError
from plugcli.respond import ClientGone, Refusal, send_answer, send_refusal
from plugcli.sandbox import Engine, RunResult
from plugcli.sandbox.aside import computed
from plugcli.sandbox.engine import OnOutput


def routes(sandbox: Engine, terms: Terms | None = None) -> list[Route]:
    """`POST /execute {code, session?, timeout?}`, run in `sandbox`, and the files of its sessions below /files.

    Without `terms` they are those of the `plugcli serve` that runs the plugin, or else the defaults.
    """
    terms = terms or terms_of(sandbox)
    return [Route("/execute", _Execute(sandbox, terms), methods=["POST"]), *files_routes(sandbox, terms)]


@dataclass(frozen=True)
class _Execute:
    """The operation, as an ASGI application."""

    engine: Engine
    terms: Terms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        terms = self.terms
        headers: dict[bytes, bytes] = dict(scope["headers"])
        when_busy = 503
        try:
            call = await self._call(await _body(receive))
            wished = wish(headers, call.session, terms)
            if not wished.is_fresh:
                when_busy = 429
            if stream.is_wanted(headers):
                run = partial(self._run, call, wished, terms, scope)
                await unless_gone(stream.stream(run, send), receive)
                return
            answer = await unless_gone(self._run(call, wished, terms, scope), receive)
        except ClientGone:
            return
        except Refusal as refusal:
            await send_refusal(refusal, send)
        except PlugcliError as error:
            await send_refusal(refusal_of(error, when_busy=when_busy), send)
        else:
            if answer is not None:
                await send_answer(send, 200, answer)

    async def _call(self, body: bytes) -> ExecuteRequest:
        """Return the request in `body`. Raises Refusal."""
        parse = partial(parse_request, body, wall_seconds_max=self.engine.limits.wall_seconds_max)
        return parse() if len(body) < LONG_CHARACTERS else await self.terms.aside.do(computed, parse)

    async def _run(
        self,
        call: ExecuteRequest,
        wished: Wish,
        terms: Terms,
        scope: Scope,
        on_output: OnOutput | None = None,
    ) -> bytes:
        """Run the code; return the RunResult as JSON."""
        run, handle = await conversation.run(
            self.engine, wished, call.code, wall_seconds=call.wall_seconds, on_output=on_output
        )
        return await self._answer(run, handle, terms, scope)

    async def _answer(self, run: RunResult, handle: str | None, terms: Terms, scope: Scope) -> bytes:
        """Return the RunResult as JSON. A thread writes it when it is long, so that the code cannot hold up the event loop."""
        result = run.as_json()
        write = partial(_written, result, [file["name"] for file in run.files], handle, terms, scope)
        if least_characters(result) < LONG_CHARACTERS:
            return write()
        return await terms.aside.do(computed, write)


def _written(
    result: dict[str, Any], names: list[str], handle: str | None, terms: Terms, scope: Scope
) -> bytes:
    """Return the JSON of a RunResult. `names` are the exact names of its files; `handle` names its session, if it has one."""
    if result["files"]:
        files = first_files(result["files"], terms.answer_characters)
        left_out = result["truncated"]["files"] + len(result["files"]) - len(files)
        result["truncated"] = result["truncated"] | {"files": left_out}
        if handle is not None:
            made = zip(files, names, strict=False)  # the first files only
            files = [with_url(file, name, handle, terms, scope) for file, name in made]
        result["files"] = files
    if result["displays"] and handle is not None:
        result["displays"] = [_shown(each, handle, terms, scope) for each in result["displays"]]
    return fit(result, terms.answer_characters)


async def _body(receive: Receive) -> bytes:
    """Return the whole body. The guard has read it already and passes it on in one piece."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    if message["type"] == "http.disconnect":
        raise ClientGone
    return body


def _shown(display: dict[str, str], handle: str, terms: Terms, scope: Scope) -> dict[str, Any]:
    """Return `display`; if it is a file, with its address."""
    if "file" not in display:
        return display
    return {"mime": display["mime"], "url": terms.url(scope, handle, display["file"])}
