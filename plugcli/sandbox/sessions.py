"""The sessions of a Sandbox: which key has which, how many there may be, and when each ends.

At the maximum number, or when all together use too much memory, the oldest idle one makes room. The files of a session that has ended stay
for a while: whoever comes back with its key gets them in the new session, and their addresses still work.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from plugcli.sandbox.busy import Busy
from plugcli.sandbox.handle import Jail
from plugcli.sandbox.policy import Policy, spell_bytes, spell_seconds
from plugcli.sandbox.session import Session
from plugcli.sandbox.workspace import Workspace

_GRACE_SECONDS = 600.0
_REMEMBERED = 4096
"""How many ended sessions are remembered, so that whoever comes back to one is told that it was."""
_TICK_SECONDS = 1.0


@dataclass
class _Ended:
    """What is left of a session: why it ended, and for a while its files."""

    why: str
    files: Workspace | None
    when: float


class Sessions:
    """Opens, finds and ends sessions. `take_jail` gets a jail for one, `bury` ends it."""

    def __init__(
        self, policy: Policy, take_jail: Callable[[], Awaitable[Jail]], bury: Callable[[Jail], None]
    ) -> None:
        self._policy = policy
        self._take_jail = take_jail
        self._bury = bury
        self._alive: dict[str, Session] = {}  # by id
        self._keys: dict[str, str] = {}  # key -> id
        self._ended: dict[str, _Ended] = {}  # by id, the oldest first
        self._handles: dict[str, str] = {}  # handle -> id
        self._opening: dict[str, asyncio.Lock] = {}
        self._clock: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._alive)

    async def open(self, key: str | None) -> Session:
        """Return the session of `key`, or that has it as its id; a new one if there is none, or if `key` is None.

        Raises Busy when there is no room, and SandboxUnavailable when no jail can be made.
        """
        session = self.find(key) if key is not None else None
        if session is not None:
            session.touch()
            return session
        if key is None:
            return await self._new(None)
        lock = self._opening.setdefault(key, asyncio.Lock())
        try:
            async with lock:  # two calls at once with a new key are two calls of one session
                return self.find(key) or await self._new(key)
        finally:
            if not lock.locked():
                self._opening.pop(key, None)

    def find(self, key: str) -> Session | None:
        """Return the session of `key`, or that has it as its id; None when there is none alive."""
        session = self._alive.get(self._keys.get(key, key))
        if session is not None and session.is_expired:
            self._expire(session)
            return None
        return session

    def files(self, handle: str) -> Workspace | None:
        """Return the files of the session that `handle` names, also for a while after it has ended."""
        id_ = self._handles.get(handle, "")
        session = self._alive.get(id_)
        if session is not None:
            return session.workspace
        return self._ended[id_].files if id_ in self._ended else None

    def close(self) -> None:
        """End all of them, and let go of what is left of others."""
        if self._clock is not None:
            self._clock.cancel()
        for session in list(self._alive.values()):
            self._end(session, "plugcli ended")
        for ended in self._ended.values():
            if ended.files is not None:
                ended.files.close()
        self._ended.clear()

    async def _new(self, key: str | None) -> Session:
        if not self._policy.sessions:
            raise Busy("there are no sessions here", hint="leave the session out")
        self._tick()
        while len(self._alive) >= self._policy.sessions:
            self._make_room(f"there are {self._policy.sessions} sessions already: the limit on their number")
        old = self._ended.get(self._keys.get(key, key)) if key is not None else None
        remains, why = None, ""
        if old is not None:
            remains, old.files = old.files, None
            lost = "variables and imports are lost, so run the set-up again"
            why = f"{old.why}: {lost}" if remains else f"{old.why}: {lost}, and upload its files again"
        session = Session(self._policy, self._take_jail, self._bury, was_lost=why, remains=remains)
        self._alive[session.id] = session
        self._handles[session.handle] = session.id
        session.when_used = self._hold_sum
        if key is not None:
            self._keys[key] = session.id
        try:
            await session.open()
        except BaseException:
            self._end(session, "it could not be started")
            raise
        if self._clock is None:
            self._clock = asyncio.get_running_loop().call_later(_TICK_SECONDS, self._run_clock)
        return session

    def _make_room(self, why: str) -> None:
        """End the session that has been idle longest. Raises Busy when all are in use."""
        idle = [session for session in self._alive.values() if session.is_idle]
        if not idle:
            raise Busy(f"{why}, and all are in use", hint="try again when one of their calls has ended")
        self._end(max(idle, key=lambda session: session.idle_seconds), "the session made room for others")

    def _hold_sum(self) -> None:
        """Keep the memory of all sessions together within its limit."""
        limit = self._policy.session_memory_bytes_held
        while len(self._alive) > 1 and sum(each.used_bytes for each in self._alive.values()) > limit:
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

    def _run_clock(self) -> None:
        self._tick()
        self._clock = asyncio.get_running_loop().call_later(_TICK_SECONDS, self._run_clock)

    def _tick(self) -> None:
        """End what has expired, and let go of files whose grace is over."""
        for session in [each for each in self._alive.values() if each.is_expired]:
            self._expire(session)
        for ended in self._ended.values():
            if ended.files is not None and time.monotonic() - ended.when > _GRACE_SECONDS:
                ended.files.close()
                ended.files = None

    def _expire(self, session: Session) -> None:
        idle = self._policy.session_idle_seconds
        if session.idle_seconds >= idle:
            self._end(session, f"the session ended after {spell_seconds(idle)} without use")
        else:
            life = spell_seconds(self._policy.session_life_seconds)
            self._end(session, f"the session ended after {life}: the longest life of one")

    def _end(self, session: Session, why: str) -> None:
        self._alive.pop(session.id, None)
        self._ended[session.id] = _Ended(why, session.close(why), time.monotonic())
        while len(self._ended) > _REMEMBERED:
            oldest = next(iter(self._ended))
            forgotten = self._ended.pop(oldest)
            if forgotten.files is not None:
                forgotten.files.close()
            self._keys = {key: id_ for key, id_ in self._keys.items() if id_ != oldest}
            self._handles = {handle: id_ for handle, id_ in self._handles.items() if id_ != oldest}
