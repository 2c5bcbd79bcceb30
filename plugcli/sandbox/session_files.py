"""The files of a session, alive or ended, as the Engine of this machine provides them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from plugcli.sandbox.engine import Stored
from plugcli.sandbox.file import FileRefused, Listing
from plugcli.sandbox.workspace import OpenedFile, Workspace


class SessionFiles:
    """The files in what `workspace` returns at each call: None once they are gone. `seconds_left` returns how long the session lives."""

    def __init__(self, workspace: Callable[[], Workspace | None], seconds_left: Callable[[], int]) -> None:
        self._find_workspace = workspace
        self._count_seconds_left = seconds_left

    async def list(self) -> Listing:
        """Return the files. If the code made its workspace slow to walk, only part of it is listed."""
        workspace = self._workspace()
        return await workspace.aside(workspace.list)

    @asynccontextmanager
    async def open(self, name: str) -> AsyncIterator[OpenedFile]:
        """Open the file `name` for reading. It can be read to its end whatever becomes of the session. Raises FileRefused."""
        async with self._workspace().opened(name) as opened:
            yield opened

    async def write(self, name: str, chunks: AsyncIterator[bytes]) -> Stored:
        """Write `chunks` to the file `name`: all of them or nothing. Raises FileRefused."""
        return Stored(await self._workspace().put(name, chunks), self._count_seconds_left())

    async def delete(self, name: str) -> None:
        """Remove a file. Raises FileRefused."""
        workspace = self._workspace()
        await workspace.aside(workspace.delete, name)

    def _workspace(self) -> Workspace:
        workspace = self._find_workspace()
        if workspace is None:
            raise FileRefused("missing", "the session has ended", "use another session")
        return workspace
