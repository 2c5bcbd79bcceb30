"""Files that a request brings, into the workspace of the session that it means."""

from collections.abc import Awaitable, Callable, Mapping

from plugcli.builtin.python.body import Body
from plugcli.builtin.python.execute_request import NAME_CHARACTERS, checked_name
from plugcli.builtin.python.multipart import Multipart, boundary_of
from plugcli.respond import Refusal
from plugcli.sandbox import Conversation, Stored

# The session that a name (None: none given) means.
OpenSession = Callable[[str | None], Awaitable[Conversation]]
_HOW = "for instance: curl -F file=@data.csv, or curl --data-binary @data.csv with ?name=data.csv"
_FIELD_BYTES = 4 * NAME_CHARACTERS + 4


async def store(
    body: Body, headers: Mapping[bytes, bytes], query: Mapping[str, str], open_session: OpenSession
) -> tuple[Conversation, list[Stored]]:
    """Store the files in `body`: every file of a form, or the whole body under the `name` in `query`.

    Raises Refusal for a request that makes no sense, and what `open_session` and Conversation.write raise.
    """
    boundary = boundary_of(headers.get(b"content-type", b""))
    if boundary is not None:
        return await _store_form(Multipart(body.chunks(), boundary), query, open_session)
    if "name" not in query:
        raise Refusal(422, "the upload has no name, and it is not a form whose files have names", _HOW)
    session = await open_session(query.get("session"))
    return session, [await session.write(query["name"], body.chunks())]


async def _store_form(
    form: Multipart, query: Mapping[str, str], open_session: OpenSession
) -> tuple[Conversation, list[Stored]]:
    if "name" in query:
        raise Refusal(422, "name is for an upload of bytes alone: each file of a form has its own", _HOW)
    session: Conversation | None = None
    named = query.get("session")
    files: list[Stored] = []
    async for part in form.parts():
        if part.file is not None:
            if session is None:
                session = await open_session(named)
            files.append(await session.write(part.file, form.data()))
        elif part.name == "session":
            named = await _session_field(form, named, is_late=session is not None)
    if session is None:
        raise Refusal(422, "the form brings no file: none of its parts has a filename", _HOW)
    return session, files


async def _session_field(form: Multipart, named: str | None, *, is_late: bool) -> str:
    value = b""
    async for chunk in form.data():
        value += chunk
        if len(value) > _FIELD_BYTES:
            raise Refusal(
                422, f"session is longer than {NAME_CHARACTERS} characters", "choose a shorter name"
            )
    name = checked_name(value.decode("utf-8", "surrogateescape"), "session")
    if is_late and name != named:
        raise Refusal(
            422,
            "the field session comes after a file",
            "put it before the files, or give ?session= in the address",
        )
    if named is not None and name != named:
        raise Refusal(422, f"two sessions are named: {named[:40]!r} and {name[:40]!r}", "name one")
    return name
