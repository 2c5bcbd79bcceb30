"""The sessions of a Sandbox: which key names which session, how many there may be, and when each ends.

At the maximum number, or when all together use too much memory, the session that has been idle longest makes room. The files of a session
that has ended stay for a while: a caller who comes back with its key finds them in the new session, and their URLs still work.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from plugcli.sandbox.amounts import spell_bytes, spell_seconds
from plugcli.sandbox.aside import Aside
from plugcli.sandbox.busy import Busy
from plugcli.sandbox.engine import Key
from plugcli.sandbox.handle import Jail
from plugcli.sandbox.limits import Capacity, Limits
from plugcli.sandbox.session import Past, Session
from plugcli.sandbox.talk import Talk
from plugcli.sandbox.workspace import Workspace

_GRACE_SECONDS = 600.0
_REMEMBERED = 4096
"""How many ended sessions are remembered, so that a caller who comes back learns that the session has ended."""
_TICK_SECONDS = 1.0
_PREPARE_SECONDS = 0.02  # after the answer to the first call of a session is on its way
_Name = tuple[str | None, str]
"""An owner, and the name under which one of its sessions is kept."""


class Sessions:
    """Opens, finds and ends sessions. `take_jail` gets a jail for one, `bury` ends it, and `look` checks for package upgrades."""

    def __init__(
        self,
        limits: Limits,
        capacity: Capacity,
        memory_bytes: int,
        take_jail: Callable[[], Awaitable[Jail]],
        bury: Callable[[Jail], None],
        look: Callable[[], None],
        aside: Aside,
        *,
        has_spare: bool,
    ) -> None:
        self._limits = limits
        self._capacity = capacity
        self._memory_bytes = memory_bytes  # of all together
        self._take_jail = take_jail
        self._bury = bury
        self._look = look
        self._aside = aside
        self._alive: dict[str, Session] = {}  # by id
        self._past: dict[str, Past] = {}  # by id, the oldest first
        self._ids: dict[_Name, str] = {}
        self._handles: dict[str, str] = {}  # handle -> id
        self._opening: WeakValueDictionary[_Name | str, asyncio.Lock] = WeakValueDictionary()
        """By id, or by name where no session has had the name; each lives as long as somebody holds it or waits for it."""
        self._coming = 0
        self._ending: set[Session] = set()
        self._has_spare = has_spare and capacity.sessions > 0
        self._spare: asyncio.Task[Talk] | None = None
        self._clock: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._alive)

    async def open(self, key: Key) -> Session:
        """Return the session that `key` names; a new one if there is none. This counts as use.

        Raises Busy when there is no room, and SandboxUnavailable when no jail can be made.
        """
        session = self.find(key)
        if session is not None:
            session.touch()
            return session
        while (which := self._id(key) or _name(key)) is not None:
            async with self._opening.setdefault(which, asyncio.Lock()):
                # Two calls at once that mean one session are two calls of one session.
                if which == (self._id(key) or _name(key)):
                    return self.find(key) or await self._new(key)
                if session := self.find(key):
                    return session
        return await self._new(key)

    def find(self, key: Key) -> Session | None:
        """Return the session that `key` names; None if no such session is alive."""
        session = self._alive.get(self._id(key))
        if session is not None and session.is_expired:
            self._expire(session)
            return None
        return session

    def _known_id(self, key: Key) -> str | None:
        """Return the id in `key`, if its owner has or had a session with that id."""
        if key.id is None:
            return None
        known = self._alive.get(key.id) or self._past.get(key.id)
        return key.id if known is not None and known.owner == key.owner else None

    def _id(self, key: Key) -> str:
        """Return the id of the session that `key` names, alive or ended; empty if there is none."""
        name = _name(key)
        return self._known_id(key) or (self._ids.get(name, "") if name is not None else "")

    def files(self, handle: str) -> Workspace | None:
        """Return the files of the session that `handle` names, also for a while after it has ended."""
        id_ = self._handles.get(handle, "")
        session = self._alive.get(id_)
        if session is not None:
            return session.workspace
        return self._past[id_].files if id_ in self._past else None

    def prepare(self) -> None:
        """Have an interpreter ready for the next new session."""
        if self._has_spare and self._spare is None:
            self._spare = asyncio.create_task(self._make_talk())
            self._spare.add_done_callback(lambda spare: spare.cancelled() or spare.exception())

    def renew(self) -> None:
        """Replace the interpreter that waits ready with a new one."""
        spare, self._spare = self._spare, None
        if spare is not None:
            spare.add_done_callback(self._discard_spare)
            spare.cancel()
        self.prepare()

    async def close(self) -> None:
        """End all sessions, and drop the files of those that have ended."""
        self._has_spare = False
        if self._clock is not None:
            self._clock.cancel()
        if self._spare is not None:
            self._spare.cancel()
            for talk in await asyncio.gather(self._spare, return_exceptions=True):
                if isinstance(talk, Talk):
                    self._bury(talk.jail)
        for session in list(self._alive.values()):
            self._end(session, "plugcli ended")
        for session in list(self._ending):
            self._end_late(session)
        for past in self._past.values():
            past.let_go()
        self._past.clear()

    async def _new(self, key: Key) -> Session:
        if not self._capacity.sessions:
            raise Busy("sessions are turned off here", hint="send the call without a session")
        self._tick()
        name = None if self._known_id(key) else _name(key)
        past = self._past.get(self._id(key))
        if past is not None:
            past.is_coming_back = True
        try:
            while len(self._alive) + self._coming >= self._capacity.sessions:
                self._make_room(
                    f"there are {self._capacity.sessions} sessions already: the limit on their number"
                )
        except Busy:
            if past is not None:
                past.is_coming_back = False
            raise
        session = Session(
            self._limits, self._take_talk, self._bury, self._aside, owner=key.owner, before=past
        )
        session.when_used = self._hold_sum
        self._coming += 1
        try:
            await session.open()
        except BaseException:
            self._end(session, "it could not be started")
            raise
        finally:
            self._coming -= 1
        self._past.pop(session.id, None)
        self._alive[session.id] = session
        self._handles[session.handle] = session.id
        if name is not None:
            self._ids[name] = session.id
        if self._clock is None:
            self._clock = asyncio.get_running_loop().call_later(_TICK_SECONDS, self._run_clock)
        return session

    async def _take_talk(self) -> Talk:
        """Return the interpreter that waits ready, else a new one."""
        self._look()
        while True:
            spare, self._spare = self._spare, None
            if spare is None:
                return await self._make_talk()
            asyncio.get_running_loop().call_later(_PREPARE_SECONDS, self.prepare)
            try:
                talk = await spare
            except asyncio.CancelledError:
                spare.cancel()
                raise
            if not talk.is_over:
                return talk
            self._bury(talk.jail)  # it was killed while it waited

    async def _make_talk(self) -> Talk:
        jail = await self._take_jail()
        try:
            return await Talk.open(jail, jail.places.workspace, self._aside)
        except BaseException:
            self._bury(jail)
            raise

    def _discard_spare(self, spare: asyncio.Task[Talk]) -> None:
        if not spare.cancelled() and spare.exception() is None:
            self._bury(spare.result().jail)

    def _make_room(self, why: str) -> None:
        """End the session that has been idle longest. Raises Busy when all are in use."""
        idle = [session for session in self._alive.values() if session.is_idle]
        if not idle:
            raise Busy(f"{why}, and all are in use", hint="try again when one of their calls has ended")
        oldest = max(idle, key=lambda session: session.idle_seconds)
        # Its processes end after the new session's first call has its answer: ending them takes as long as that call.
        self._end(oldest, "the session made room for others", after_seconds=_PREPARE_SECONDS)

    def _hold_sum(self) -> None:
        """Keep the memory of all sessions and of the files of ended ones within the limit for all together."""
        limit = self._memory_bytes
        while self._used_bytes > limit:
            if remains := self._remains():
                remains[0].let_go()
                continue
            if len(self._alive) < 2:
                return
            others = [each for each in self._alive.values() if each.is_idle]
            session = (
                max(others, key=lambda each: each.idle_seconds)
                if others
                else max(self._alive.values(), key=lambda each: each.used_bytes)
            )
            self._end(
                session,
                f"all sessions together used more than {spell_bytes(limit)}, and this one had to make room",
            )

    @property
    def _used_bytes(self) -> int:
        alive = sum(session.used_bytes for session in self._alive.values())
        return alive + sum(past.used_bytes for past in self._past.values())

    def _run_clock(self) -> None:
        self._tick()
        self._clock = asyncio.get_running_loop().call_later(_TICK_SECONDS, self._run_clock)

    def _tick(self) -> None:
        """End expired sessions, and close files whose grace period is over."""
        for session in [each for each in self._alive.values() if each.is_expired]:
            self._expire(session)
        for past in self._remains():
            if time.monotonic() - past.when > _GRACE_SECONDS:
                past.let_go()
        self._hold_sum()  # small changes are not reported

    def _expire(self, session: Session) -> None:
        idle = self._limits.session_idle_seconds
        if session.idle_seconds >= idle:
            self._end(session, f"the session ended after {spell_seconds(idle)} without use")
        else:
            life = spell_seconds(self._limits.session_life_seconds)
            self._end(session, f"the session ended after {life}: the limit on its lifetime")

    def _end(self, session: Session, why: str, *, after_seconds: float = 0) -> None:
        self._alive.pop(session.id, None)
        self._remember(session.close(why))
        if not after_seconds:
            session.end()
            return
        self._ending.add(session)
        asyncio.get_running_loop().call_later(after_seconds, self._end_late, session)

    def _end_late(self, session: Session) -> None:
        session.end()
        self._ending.discard(session)

    def _remains(self) -> list[Past]:
        """Return the ended sessions whose files are still there, the oldest first, without those that are coming back with them."""
        return [past for past in self._past.values() if past.files is not None and not past.is_coming_back]

    def _remember(self, past: Past) -> None:
        self._past.pop(past.id, None)
        self._past[past.id] = past  # the last one
        for each in self._remains()[: -self._capacity.sessions]:  # each holds a descriptor
            each.let_go()
        while len(self._past) > _REMEMBERED:
            oldest = self._past.pop(next(id_ for id_, each in self._past.items() if not each.is_coming_back))
            oldest.let_go()
            self._handles.pop(oldest.handle, None)
            self._ids = {name: id_ for name, id_ in self._ids.items() if id_ != oldest.id}


def _name(key: Key) -> _Name | None:
    return None if key.name is None else (key.owner, key.name)
