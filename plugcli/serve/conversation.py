"""Which session a request means: by the host's header, by `session`, or none at all.

A model that names its session calls it `data` or `analysis`, as do all others: inside a conversation such a name
is that conversation's own. Nobody reaches a session by a name but those who share the conversation or have no
conversation at all; an id, which has 128 random bits, is right enough by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from plugcli.sandbox import Sandbox, Session
from plugcli.serve.answer import Refusal
from plugcli.serve.call import checked_name
from plugcli.serve.terms import Terms

HEADER = b"openai-conversation-id"
NEW = "new"
# No name holds it, so that no name reads like a key.
_BETWEEN = "\0"


@dataclass(frozen=True)
class Wish:
    """What a request says of its session: the conversation it is part of, and a name, an id or NEW."""

    conversation: str | None
    session: str | None

    @property
    def is_fresh(self) -> bool:
        """Whether it asks for no session at all."""
        return self.conversation is None and self.session is None

    @property
    def key(self) -> str | None:
        """What the session is kept under; None for one that nobody else can mean."""
        if self.is_fresh or self.session == NEW:
            return None
        return (self.conversation or "") + _BETWEEN + (self.session or "")


def wish(headers: Mapping[bytes, bytes], session: str | None, terms: Terms) -> Wish:
    """What a request with `headers` and this `session` asks for. Raises Refusal (422) for what names nothing."""
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
    """The refusal of what needs a session where none are kept."""
    return Refusal(422, "this server keeps no sessions: it was started with --stateless", hint)


def find(sandbox: Sandbox, wished: Wish) -> Session | None:
    """The session that is meant, if it lives."""
    key = _key(sandbox, wished)
    return None if key is None else sandbox.sessions.find(key)


async def open_session(sandbox: Sandbox, wished: Wish) -> Session:
    """The session that is meant, made if there is none. Raises Busy when no more can be had."""
    return await sandbox.sessions.open(_key(sandbox, wished))


def _key(sandbox: Sandbox, wished: Wish) -> str | None:
    """What `Sessions` knows the session by: its id, if one has or had it, else the wish's own key."""
    name = wished.session
    return name if name is not None and sandbox.sessions.knows(name) else wished.key
