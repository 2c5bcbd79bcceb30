"""Carries files in and out of a run of `exec`, for `--file` and `--out`."""

from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack

from plugcli.cli.exec.bring import Input, look_at
from plugcli.cli.exec.out_folder import OutFolder
from plugcli.errors import PlugcliError
from plugcli.sandbox import File, FileRefused, Incoming, Limits, RunResult
from plugcli.sandbox.amounts import spell_bytes


class CarriedFiles(ExitStack):
    """The files `paths` for a run of `script`, and the folder `out` for the files that it makes.

    Use it in a `with` statement around the run. Raises UsageError or PlugcliError for a file that cannot be read and for a folder that
    cannot be used.
    """

    def __init__(self, paths: Sequence[str], out: str | None, script: str | None, limits: Limits) -> None:
        super().__init__()
        limit = limits.workspace_bytes_held
        self._inputs = look_at(paths, script)
        total = sum(each.size for each in self._inputs)
        if total > limit:
            raise PlugcliError(
                f"the files of --file have {spell_bytes(total)}, and the workspace holds {spell_bytes(limit)}",
                hint="the workspace has half of --memory, at most 512MiB; pass larger data through standard input",
            )
        self._out_folder = None if out is None else self.enter_context(OutFolder(out, limit))
        self._problem: PlugcliError | None = None

    @property
    def incoming(self) -> list[Incoming]:
        """Return the files of --file, as the run finds them."""
        return [Incoming(each.name, _chunks(each)) for each in self._inputs]

    async def take(self, file: File, chunks: AsyncIterator[bytes]) -> None:
        """Write a file that the run made or changed. Keeps an error for `notes`, so that the end of the run is reported first."""
        if self._out_folder is None or self._problem is not None:
            return
        try:
            await self._out_folder.receive(file.name, file.bytes, chunks)
        except FileRefused as refused:
            self._out_folder.leave_out(refused.message)
        except PlugcliError as problem:
            self._problem = problem

    def finish(self, result: RunResult) -> None:
        """Note the files that the run made and that are not listed."""
        if self._out_folder is not None and (left_out := result.truncated["files"]):
            self._out_folder.leave_out(f"{left_out} files or more, beyond the first {len(result.files)}")

    def notes(self, *, is_brief: bool) -> list[str]:
        """Return the notes on the files, for the end of the run.

        Raises the PlugcliError that kept them from being written, however the code ended: a caller who asked for files must not take
        missing files for success.
        """
        if self._problem is not None:
            raise self._problem
        return [] if self._out_folder is None else self._out_folder.notes(is_brief=is_brief)


async def _chunks(given: Input) -> AsyncIterator[bytes]:
    with given.open() as file:
        for chunk in given.chunks(file):
            yield chunk
