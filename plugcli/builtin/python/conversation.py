"""The session that a request means: by the host's header, by `session`, or none.

Models tend to choose the same names, such as `data` or `analysis`, so a name inside a conversation belongs to that
conversation. A name alone reaches a session only within the same conversation, or where no conversation is given.
An id has at least 128 random bits and is sufficient by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from plugcli.builtin.python.execute_request import checked_name
from plugcli.builtin.python.terms import Terms
from plugcli.respond import Refusal
from plugcli.sandbox import Engine, Key, RunResult
from plugcli.sandbox.engine import OnOutput

HEADER = b"openai-conversation-id"
NEW = "new"
# No name holds it, so that no name reads like a key.
_BETWEEN = "\0"


@dataclass(frozen=True)
class Wish:
    """The session that a request asks for: its conversation, and a name, an id or NEW."""

    conversation: str | None
    session: str | None

    @property
    def is_fresh(self) -> bool:
        """Whether the request asks for no session."""
        return self.conversation is None and self.session is None

    @property
    def key(self) -> Key:
        """Return the key of the conversation that the engine is asked for."""
        if self.is_fresh or self.session == NEW:
            return Key()
        return Key((self.conversation or "") + _BETWEEN + (self.session or ""), id=self.session)


def wish(headers: Mapping[bytes, bytes], session: str | None, terms: Terms) -> Wish:
    """Return the session that a request with `headers` and `session` asks for. Raises Refusal (422) for an invalid name."""
    if terms.is_stateless:
        if session is not None:
            raise keeps_none("leave session out; each call then starts afresh")
        return Wish(None, None)
    given = headers.get(HEADER)
    if given is None:
        return Wish(None, session)
    conversation = given.decode("utf-8", "surrogateescape")
    return Wish(checked_name(conversation, f"the header {HEADER.decode()}"), session)


def keeps_none(hint: str) -> Refusal:
    """Return the refusal of a request that needs a session on a server that keeps none."""
    return Refusal(422, "this server keeps no sessions: it was started with --stateless", hint)


async def run(
    engine: Engine, wished: Wish, code: str, *, wall_seconds: float | None, on_output: OnOutput | None
) -> tuple[RunResult, str | None]:
    """Run `code` in the session that the request asks for, or in none. Return the result and the handle of the session's files."""
    if wished.is_fresh:
        return await engine.run(code, wall_seconds=wall_seconds, on_output=on_output), None
    session = await engine.open(wished.key)
    return await session.run(code, wall_seconds=wall_seconds, on_output=on_output), session.handle
