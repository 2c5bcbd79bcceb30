"""The files that come and go with a run of `exec`: `--file` and `--out`, at the sandbox's hooks."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from itertools import repeat

from plugcli.cli.exec.bring import CHUNK_BYTES, look_at
from plugcli.cli.exec.out_folder import OutFolder
from plugcli.errors import PlugcliError
from plugcli.sandbox import FileRefused, Policy, RunResult, Workspace
from plugcli.sandbox.policy import spell_bytes


class CarriedFiles(ExitStack):
    """The files `paths` for a run of the file `script`, and the folder `out` for what it makes.

    Use as `with` around the run. Raises UsageError and PlugcliError for files that cannot be had and a folder that cannot be used.
    """

    def __init__(self, paths: Sequence[str], out: str | None, script: str | None, policy: Policy) -> None:
        super().__init__()
        limit = policy.workspace_bytes_held
        self._inputs = look_at(paths, script)
        total = sum(each.size for each in self._inputs)
        if total > limit:
            raise PlugcliError(
                f"--file brings {spell_bytes(total)}, and {spell_bytes(limit)} is the limit of the workspace",
                hint="the workspace is half of --memory, at most 512MiB; larger data comes through standard input",
            )
        self._out_folder = None if out is None else self.enter_context(OutFolder(out, limit))
        self._problem: PlugcliError | None = None

    async def put(self, workspace: Workspace) -> None:
        """Bring the inputs into `workspace`."""
        for each in self._inputs:
            with each.open() as file:
                await workspace.put(each.name, _asynchronous(each.chunks(file)))

    async def fetch(self, workspace: Workspace, result: RunResult) -> None:
        """Write the files that the run made or changed. What goes wrong is told by `notes`: the run's own end is told first."""
        if self._out_folder is None:
            return
        for file in result.files:
            await asyncio.sleep(0)  # where Ctrl-C is heard
            try:
                with workspace.open(file["name"]) as download:
                    chunks = map(download.read, range(0, download.bytes, CHUNK_BYTES), repeat(CHUNK_BYTES))
                    self._out_folder.write(file["name"], download.bytes, chunks)
            except FileRefused as refused:
                self._out_folder.leave_out(refused.message)
            except PlugcliError as problem:
                self._problem = problem
                return
        if left_out := result.truncated["files"]:
            self._out_folder.leave_out(f"{left_out} files or more, beyond the first {len(result.files)}")

    def notes(self, *, is_brief: bool) -> list[str]:
        """Return what to say of the files at the end.

        Raises the PlugcliError that kept them from being written, whatever the code's own end: a caller who asked for files must not take
        their lack for success.
        """
        if self._problem is not None:
            raise self._problem
        return [] if self._out_folder is None else self._out_folder.notes(is_brief=is_brief)


async def _asynchronous(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
