"""The files of a session: `/files`.

    POST /files     store: multipart/form-data, or the bytes alone with ?name=data.csv
    GET  /files     list

The guard passes uploads on without reading them. Their size, time and number are limited here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from plugcli.builtin.python import conversation, file
from plugcli.builtin.python.body import Body
from plugcli.builtin.python.execute_request import checked_name
from plugcli.builtin.python.fit import first_files, fit_list
from plugcli.builtin.python.refusals import busy, refusal_of
from plugcli.builtin.python.terms import UPLOADS, Terms
from plugcli.builtin.python.upload import store
from plugcli.errors import PlugcliError
from plugcli.respond import (
    ClientGone,
    Refusal,
    json_bytes,
    send_answer,
    send_early_refusal,
    send_refusal,
)
from plugcli.sandbox import Conversation, Engine
from plugcli.sandbox.aside import computed

UPLOADS_MAX = 8
FORM_BYTES = 1024 * 1024  # what a form may take beside the bytes of its files


def files_routes(engine: Engine, terms: Terms) -> list[Route]:
    """Return the routes, on `terms`."""
    return [
        Route(UPLOADS, _Files(engine, terms), methods=["GET", "POST"]),
        Route(file.PATH, file.OneFile(engine, terms), methods=["GET", "DELETE"]),
    ]


def with_url(listed: Mapping[str, Any], path: str, handle: str, terms: Terms, scope: Scope) -> dict[str, Any]:
    """Return a file as JSON, with its address. `path` is its exact name, which may not be valid Unicode."""
    return {**listed, "url": terms.url(scope, handle, path)}


@dataclass
class _Files:
    """`/files`, as an ASGI application. The mark `bounds_own_body` has the guard pass uploads on unread."""

    bounds_own_body: ClassVar = frozenset({"POST"})
    engine: Engine
    terms: Terms
    _uploads: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        terms = self.terms
        headers: dict[bytes, bytes] = dict(scope["headers"])
        body: Body | None = None
        try:
            if terms.is_stateless:
                raise conversation.keeps_none("put the data into the code, or start the server without it")
            if scope["method"] == "POST":
                if not _brings_file(headers):
                    raise Refusal(
                        422,
                        "the request brings no file: it has neither a body nor a content type",
                        "send the bytes; an empty file needs Content-Type: application/octet-stream",
                    )
                body = Body(receive, headers, self.engine.limits.workspace_bytes_held + FORM_BYTES)
                content = await self._store(body, headers, terms, scope)
            else:
                content = await self._list(headers, terms, scope)
        except ClientGone:
            pass
        except (Refusal, PlugcliError) as error:
            refusal = error if isinstance(error, Refusal) else refusal_of(error)
            if scope["method"] == "POST" and (body is None or not body.is_over):
                await send_early_refusal(refusal, receive, send)
            else:
                await send_refusal(refusal, send)
        else:
            await send_answer(send, 200 if body is None else 201, content)

    async def _store(self, body: Body, headers: Mapping[bytes, bytes], terms: Terms, scope: Scope) -> bytes:
        if self._uploads >= UPLOADS_MAX:
            raise busy(f"{UPLOADS_MAX} uploads are under way", "try again in a few seconds")

        async def open_session(name: str | None) -> Conversation:
            return await self.engine.open(conversation.wish(headers, name, terms).key)

        self._uploads += 1
        try:
            session, stored = await store(body, headers, _query(scope, "name", "session"), open_session)
        finally:
            self._uploads -= 1
        files = [each.file for each in stored]
        listed = [with_url(each.as_json(), each.name, session.handle, terms, scope) for each in files]
        return json_bytes({"files": listed, "session": _as_json(session, stored[-1].seconds_left)})

    async def _list(self, headers: Mapping[bytes, bytes], terms: Terms, scope: Scope) -> bytes:
        wished = conversation.wish(headers, _query(scope, "session").get("session"), terms)
        session = await self.engine.find(wished.key)
        if session is None:
            raise _no_session(wished)
        listing = await session.list()

        def write() -> bytes:
            files = first_files([each.as_json() for each in listing.files], terms.answer_characters)
            left_out = listing.left_out + len(listing.files) - len(files)
            made = zip(files, listing.files, strict=False)  # the first files only
            listed = [with_url(file, each.name, session.handle, terms, scope) for file, each in made]
            content = {
                "files": listed,
                "left_out": left_out,
                "session": _as_json(session, session.seconds_left),
            }
            return fit_list(content, terms.answer_characters)

        return await terms.aside.do(computed, write)


def _brings_file(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the request brings a file. A client without one sends an empty body and no content type."""
    has_body = headers.get(b"content-length", b"0").strip(b"0") != b"" or b"transfer-encoding" in headers
    return has_body or b"content-type" in headers


def _query(scope: Scope, *known: str) -> dict[str, str]:
    """Return the parameters of the query. Raises Refusal (422) for a parameter that is not `known` or is given twice."""
    given = scope["query_string"].decode("latin-1")
    pairs = parse_qsl(given, keep_blank_values=True, errors="surrogateescape")
    query = dict(pairs)
    if len(query) < len(pairs):
        raise Refusal(422, "a parameter of the address is given twice", "give it once")
    for name in query.keys() - {*known}:
        raise Refusal(422, f"unknown parameter {name[:40]!r}", f"the parameters are {', '.join(known)}")
    if "session" in query:
        checked_name(query["session"], "session")
    return query


def _no_session(wished: conversation.Wish) -> Refusal:
    if wished.is_fresh:
        return Refusal(
            404,
            "the request names no session, and there are no files without one",
            "give ?session= with the session's id",
        )
    return Refusal(
        404,
        "there is no such session: it has expired, or nothing has been run or uploaded in it yet",
        "run code or upload a file first; that starts one",
    )


def _as_json(session: Conversation, seconds_left: int) -> dict[str, object]:
    return {"id": session.id, "state": session.state, "seconds_left": seconds_left}
