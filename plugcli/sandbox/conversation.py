"""A session as one caller opened it: a Conversation of this machine's Engine."""

from typing import Literal

from plugcli.sandbox.engine import OnOutput
from plugcli.sandbox.result import RunResult
from plugcli.sandbox.session import Session
from plugcli.sandbox.session_files import SessionFiles


class OpenedSession(SessionFiles):
    """`session` as one caller opened it. If `state` is "new", it was made for this caller."""

    def __init__(self, session: Session, state: Literal["new", "kept"]) -> None:
        super().__init__(session.files, lambda: session.seconds_left)
        self._session = session
        self.id = session.id
        self.handle = session.handle
        self.state = state
        self.seconds_left = session.seconds_left

    async def run(
        self, code: str | bytes, *, wall_seconds: float | None = None, on_output: OnOutput | None = None
    ) -> RunResult:
        """Run `code` where the earlier calls left off: see Session.run."""
        return await self._session.run(code, wall_seconds=wall_seconds, on_output=on_output)
