"""The folder of `--out`: writes the files that a run made to the user's disk.

Untrusted code chose the names and the bytes. Every file is created below a folder that was empty, through descriptors of folders and
without following links. It never opens a file that existed before, and never keeps a mode, an owner or a time from the sandbox.
"""

import contextlib
import errno
import os
import re
from collections.abc import AsyncIterable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from plugcli.errors import PlugcliError, UsageError
from plugcli.sandbox import gate
from plugcli.sandbox.amounts import spell_bytes

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# The file system rejects this name or already has it; the next file may be fine.
_OF_ONE_NAME = frozenset(
    {
        errno.ENAMETOOLONG,
        errno.EILSEQ,
        errno.EINVAL,
        errno.EEXIST,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.ELOOP,
    }
)
_NAMED = 10
_SHOWN_CHARACTERS = 60


class OutFolder:
    """The folder `path`, which must be new or empty, and at most `limit` bytes of files in it.

    Use it in a `with` statement around the run. Entering creates the folder; it raises UsageError for a folder that is not empty, and
    PlugcliError for a folder that cannot be created or listed. Leaving by an exception removes a folder that it created.
    """

    def __init__(self, path: str, limit: int) -> None:
        self._path = path
        self._limit = limit
        self._folder = -1
        self._is_made = False
        self._used = 0
        self._written: list[str] = []
        self._left_out: list[str] = []

    def __enter__(self) -> "OutFolder":
        try:
            try:
                Path(self._path).mkdir()
                self._is_made = True
            except FileExistsError:
                pass
            self._folder = os.open(self._path, _FOLDER)
        except (NotADirectoryError, FileExistsError):
            raise UsageError(
                f"--out {self._path} is not a folder", hint="name a new or empty folder"
            ) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise PlugcliError(
                f"--out {self._path} cannot be used: {reason}",
                hint="name a new folder in a place where you have permission to write",
            ) from error
        if os.listdir(self._folder):  # noqa: PTH208 (a descriptor)
            os.close(self._folder)
            raise UsageError(
                f"--out {self._path} is not empty",
                hint="the code chooses the names of its files, so --out needs a new or empty folder",
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._folder)
        if self._is_made and kind is not None:
            with contextlib.suppress(OSError):
                Path(self._path).rmdir()

    def write(self, name: str, size: int, chunks: Iterable[bytes]) -> None:
        """Write the file `name`, of at most `size` bytes, as a whole or not at all.

        A file that cannot be written because of its name or size is left out and noted. Raises PlugcliError if the folder cannot take
        any more files, and whatever `chunks` raises.
        """
        if not self._has_room(name, size):
            return
        with self._noting(name), self._new_file(name, size) as file:
            for chunk in chunks:
                if not file.take(chunk):
                    break

    async def receive(self, name: str, size: int, chunks: AsyncIterable[bytes]) -> None:
        """Write a file as `write` does, of bytes that come one by one."""
        if not self._has_room(name, size):
            return
        with self._noting(name), self._new_file(name, size) as file:
            async for chunk in chunks:
                if not file.take(chunk):
                    break

    def leave_out(self, what: str) -> None:
        """Note a file that is not written; `what` contains its name and the reason."""
        self._left_out.append(what)

    def notes(self, *, is_brief: bool = False) -> list[str]:
        """Return a line for each file that was not written and, unless `is_brief`, a summary of those that were."""
        lines = [f"not written: {each}" for each in self._left_out[:_NAMED]]
        if len(self._left_out) > _NAMED:
            lines.append(f"not written: {len(self._left_out) - _NAMED} more")
        if not is_brief:
            lines.append(self._summary())
        return lines

    def _summary(self) -> str:
        count = len(self._written)
        if not count:
            return f"no files in {self._path}"
        more = f", and {count - _NAMED} more" if count > _NAMED else ""
        files = "1 file" if count == 1 else f"{count} files"
        return f"{files} in {self._path}: {', '.join(self._written[:_NAMED])}{more}"

    def _has_room(self, name: str, size: int) -> bool:
        """Whether so many bytes are within the limit; a file that is not is noted."""
        has_room = size <= self._limit - self._used
        if not has_room:
            limit = spell_bytes(self._limit)
            self.leave_out(f"{shown(name)} ({spell_bytes(size)}): all files together may have {limit}")
        return has_room

    @contextlib.contextmanager
    def _noting(self, name: str) -> Iterator[None]:
        """Note a file that cannot be written because of its name or its size; raise PlugcliError for one that cannot for another reason."""
        try:
            yield
        except ValueError as problem:
            self.leave_out(f"{shown(name)}: {problem}")
        except OSError as problem:
            if problem.errno not in _OF_ONE_NAME:
                raise self._unwritable(name, problem) from problem
            self.leave_out(f"{shown(name)}: {problem.strerror}")

    @contextlib.contextmanager
    def _new_file(self, name: str, size: int) -> Iterator["_NewFile"]:
        """Make the file `name`, which is removed again when the block fails. Raises ValueError for a bad name."""
        parts = parts_of(name)
        folder = self._folder_of(parts[:-1])
        try:
            descriptor = os.open(parts[-1], _NEW_FILE, 0o666, dir_fd=folder)
            try:
                file = _NewFile(descriptor, size)
                yield file
            except BaseException:
                os.unlink(parts[-1], dir_fd=folder)
                raise
            finally:
                os.close(descriptor)
        finally:
            os.close(folder)
        self._used += file.count
        self._written.append(f"{shown(name)} ({spell_bytes(file.count)})")

    def _folder_of(self, parts: list[bytes]) -> int:
        """Return a descriptor of the folder at `parts`; create the folder if it is missing."""
        folder = os.dup(self._folder)
        try:
            for part in parts:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, 0o777, dir_fd=folder)
                below = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = below
        except BaseException:
            os.close(folder)
            raise
        return folder

    def _unwritable(self, name: str, problem: OSError) -> PlugcliError:
        done = f"{len(self._written)} files were written before" if self._written else "no file was written"
        return PlugcliError(
            f"the code ran, but {shown(name)} cannot be written to {self._path}: {problem.strerror}; {done}",
            hint="is the disk full, or do you lack permission to write there?",
        )


def parts_of(name: str) -> list[bytes]:
    """Return the parts of a relative path. Raises ValueError for any other path."""
    try:
        parts = os.fsencode(name).split(b"/")
    except UnicodeEncodeError:
        raise ValueError("not a valid file name") from None
    if any(part in (b"", b".", b"..") or b"\0" in part for part in parts):
        raise ValueError("not a relative path")
    return parts


def shown(name: str) -> str:
    """Return `name` for a list on a terminal: quoted and escaped unless it is plain."""
    text = name if re.fullmatch(r"[\w./+=@%-]+", name) and gate.line(name) == name else gate.line(repr(name))
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 20]}...{text[-17:]}"


@dataclass
class _NewFile:
    """A file that is being written, of at most `size` bytes."""

    descriptor: int
    size: int
    count: int = 0

    def take(self, chunk: bytes) -> bool:
        """Write `chunk`, or what still fits of it; return whether more may come."""
        view = memoryview(chunk)[: self.size - self.count]
        self.count += len(view)
        while view:
            view = view[os.write(self.descriptor, view) :]
        return self.count < self.size
