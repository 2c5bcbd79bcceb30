"""A session: the interpreter and workspace of one conversation, whose calls build on each other."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from plugcli.sandbox import workspace
from plugcli.sandbox.amounts import spell_seconds
from plugcli.sandbox.aside import Aside
from plugcli.sandbox.busy import Busy
from plugcli.sandbox.engine import OnOutput
from plugcli.sandbox.handle import Capture, Ending, Jail
from plugcli.sandbox.limits import Limits
from plugcli.sandbox.outcome import Conclusion, collect, conclude, conclude_status
from plugcli.sandbox.result import OUT_OF_MEMORY, TIMED_OUT, RunResult
from plugcli.sandbox.talk import CallEnd, Talk
from plugcli.sandbox.workspace import Workspace

_WAITING = 16
_LOST = "variables and imports are lost, so run the set-up again"
_FEW_SECONDS = 300
_ID_BYTES = 20
"""160 random bits, so that nobody can guess the id of another caller's session."""


@dataclass
class Past:
    """A session that has ended: its names, why it ended, and for a while its files."""

    id: str
    handle: str
    owner: str | None
    why: str
    files: Workspace | None
    when: float
    is_coming_back: bool = False
    """Whether a new session is being made that takes its place, and its files."""

    @property
    def lost(self) -> str:
        """Return the notice for a caller who comes back."""
        return f"{self.why}: {_LOST}" if self.files else f"{self.why}: {_LOST}, and upload its files again"

    @property
    def used_bytes(self) -> int:
        """Return the memory that its files take."""
        return self.files.used_bytes if self.files else 0

    def let_go(self) -> None:
        """Close its files."""
        if self.files is not None:
            self.files.close()
            self.files = None


class Session:
    """One conversation. Calls queue. Each finds what the calls before it left: variables, imports, files, processes."""

    def __init__(
        self,
        limits: Limits,
        take_talk: Callable[[], Awaitable[Talk]],
        bury: Callable[[Jail], None],
        aside: Aside,
        *,
        owner: str | None = None,
        before: "Past | None" = None,
    ) -> None:
        self.id = before.id if before else secrets.token_urlsafe(_ID_BYTES)
        """Whoever has the id may use the session."""
        self.handle = before.handle if before else secrets.token_urlsafe(_ID_BYTES)
        """Names the session in the URLs of files. It does not give access by itself."""
        self.owner = owner
        self.when_used: Callable[[], None] = lambda: None
        """Called when the memory that it uses has changed by a lot."""
        self._limits = limits
        self._take_talk = take_talk
        self._bury = bury
        self._aside = aside
        self._talk: Talk | None = None
        self._workspace = before.files if before else None
        self._lost = before.lost if before else ""
        """Why the next call does not find what earlier calls left; empty if it does."""
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._is_new = True
        self._is_closed = False
        self._born = self._last_used = time.monotonic()

    @property
    def workspace(self) -> Workspace:
        """Return its files."""
        assert self._workspace is not None, "a session that `Sessions.open` returned has one"
        return self._workspace

    def files(self) -> Workspace | None:
        """Return its files; None once it has ended."""
        return self._workspace

    @property
    def is_idle(self) -> bool:
        """Whether no call runs or waits."""
        return not self._turn.locked() and not self._waiting

    @property
    def idle_seconds(self) -> float:
        """Return how long it has not been used."""
        return time.monotonic() - self._last_used

    @property
    def seconds_left(self) -> int:
        """Return how long it lives without use."""
        now = time.monotonic()
        idle = self._last_used + self._limits.session_idle_seconds - now
        return max(0, round(min(idle, self._end_of_life - now)))

    @property
    def is_expired(self) -> bool:
        """Whether its time is over. It is not while a call runs."""
        now = time.monotonic()
        return self.is_idle and (
            now >= self._end_of_life or now - self._last_used >= self._limits.session_idle_seconds
        )

    @property
    def used_bytes(self) -> int:
        """Return the memory that it uses, as last reported."""
        if self._talk is not None:
            return self._talk.jail.used_bytes
        return 0 if self._workspace is None else self._workspace.used_bytes

    async def run(
        self, code: str | bytes, *, wall_seconds: float | None = None, on_output: OnOutput | None = None
    ) -> RunResult:
        """Run `code` where the earlier calls left off, and return how that went.

        Calls of one session queue. A call that takes too long is interrupted and keeps the variables; if that fails, the interpreter is
        ended and the result says so. Cancelling interrupts the call. Raises Busy when too many calls wait, or the session has ended,
        UsageError when `wall_seconds` is not a positive number, and SandboxUnavailable when no jail can be made.
        """
        limit = self._limits.time_limit(wall_seconds)
        source = code.encode("utf-8", "surrogatepass") if isinstance(code, str) else code
        await self._take_turn()
        is_released_later = False
        try:
            self._last_used = time.monotonic()
            capture = Capture.up_to(self._limits.output_bytes, on_output)
            talk = await self._ready()
            lost, self._lost = self._lost, ""
            is_new, self._is_new = self._is_new, False
            started = time.monotonic()
            try:
                call = await talk.call(source, wall_seconds=limit, capture=capture)
            except BaseException:
                is_released_later = True
                quieting = asyncio.ensure_future(self._quiet(talk))
                quieting.add_done_callback(lambda _: self._turn.release())
                raise
            self._last_used = time.monotonic()
            conclusion = await self._conclude(call, limit)
            state = "lost" if lost or call.reply is None else "new" if is_new else "kept"
            if call.reply is None:
                self._lose(conclusion[2])
                lost = self._lost
            session = {"id": self.id, "state": state, "seconds_left": self.seconds_left}
            return replace(
                await collect(conclusion, capture, self._workspace, self._limits, self._aside),
                duration_ms=round((self._last_used - started) * 1000),
                result=call.reply.result if call.reply else None,
                displays=list(call.reply.displays) if call.reply else [],
                session=session | {"notice": lost or self._notice()},
            )
        finally:
            self._last_used = time.monotonic()
            if not is_released_later:
                self._turn.release()

    async def open(self) -> None:
        """Get the interpreter and the workspace ready. Raises SandboxUnavailable."""
        await self._take_turn()
        try:
            await self._ready()
        finally:
            self._turn.release()

    def touch(self) -> None:
        """Note that the session is in use now."""
        self._last_used = time.monotonic()

    def close(self, why: str) -> Past:
        """Accept no more calls. Return what is left; the caller must close its files. `end` ends its processes.

        Calls that wait are told `why`.
        """
        self._is_closed = True
        self._lost = why
        if self._workspace is not None:
            self._workspace.scribe = None
        files, self._workspace = self._workspace, None
        return Past(self.id, self.handle, self.owner, why, files, time.monotonic())

    @property
    def _end_of_life(self) -> float:
        return self._born + self._limits.session_life_seconds

    async def _take_turn(self) -> None:
        if self._waiting >= _WAITING:
            raise Busy("too many calls wait for this session", hint="wait for their answers")
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        if self._is_closed:
            self._turn.release()
            raise Busy(f"the session ended while the call waited: {self._lost}", hint="send the call again")

    async def _ready(self) -> Talk:
        """Return the talk with a live interpreter. If the old one has ended, start a new one in a new jail, with the old files."""
        if self._talk is not None:
            self._talk.hear_early()
        if self._talk is not None and self._talk.is_over:  # it ended between the calls
            self._lose("the session's interpreter had ended since the last call")
        if self._talk is None:
            self._talk = await self._take_talk()
            jail = self._talk.jail
            jail.when_used = lambda: self.when_used()
            files = Workspace.of(jail, self._limits, self._aside)
            files.scribe = jail.scribe
            old, self._workspace = self._workspace, files
            if old is not None:
                try:
                    missing = await workspace.copy(old, files)
                except BaseException:
                    old.close()
                    self._lost += f"; the files in {files.path} are lost, because the caller left while they were being copied"
                    raise
                kept = f" except {missing} that could not be kept" if missing else ""
                self._lost += f"; the files in {files.path} are kept{kept}"
        return self._talk

    async def _quiet(self, talk: Talk) -> None:
        """Stop a call whose caller has left."""
        await talk.quiet()
        if talk.is_over:
            self._lose(
                "the caller of the previous call left, and that call could not be interrupted, so it was ended"
            )

    def _lose(self, why: str) -> None:
        """Drop an interpreter that has ended. The next call gets a new one."""
        self.end()
        self._lost = f"{why}: {_LOST}"

    def end(self) -> None:
        """End all its processes."""
        if self._talk is not None:
            if self._workspace is not None:
                self._workspace.scribe = None
            self._bury(self._talk.jail)
            self._talk = None

    def _notice(self) -> str:
        """Return a warning shortly before the end of the session's life; else empty."""
        left = self._end_of_life - time.monotonic()
        if left >= _FEW_SECONDS:
            return ""
        return (
            f"this session ends in {spell_seconds(round(max(0, left)))}, at the limit on its lifetime: "
            "fetch the files that are needed"
        )

    async def _conclude(self, call: CallEnd, limit: float) -> Conclusion:
        if self._is_closed:  # while a call runs, only the limit on all sessions together ends a session
            return "out_of_memory", OUT_OF_MEMORY, self._lost
        if call.is_timeout:
            after = f"stopped after {spell_seconds(limit)}: the time limit of a run"
            if call.reply is not None:
                return (
                    "timeout",
                    TIMED_OUT,
                    f"{after}; the session's variables are kept, its other processes ended",
                )
            return "timeout", TIMED_OUT, f"{after}; it could not be interrupted, so the interpreter was ended"
        if call.reply is not None:
            return conclude_status(call.reply.status)
        if call.is_broken:
            return (
                "died",
                128 + 9,
                "the code broke the connection between the session's interpreter and plugcli",
            )
        ending = call.ending or Ending()
        if ending == Ending() and self._talk is not None:
            ending = await self._talk.jail.post_mortem()
        if ending.exited is not None and ending.exited >= 0:
            return (
                "died",
                ending.exited,
                f"the code ended the session's interpreter with exit status {ending.exited}",
            )
        return conclude(ending, self._limits, limit)
