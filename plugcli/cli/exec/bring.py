"""The files named by `--file`, read here and copied into the sandbox."""

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from plugcli.errors import PlugcliError, UsageError

CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True)
class Input:
    """One file, with the name that it has in the sandbox: its base name."""

    path: str
    name: str
    size: int

    @contextlib.contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the file for reading. Raises PlugcliError."""
        try:
            # O_NONBLOCK, because a file that has been replaced by a FIFO would wait for a writer.
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
            file = os.fdopen(descriptor, "rb")
        except OSError as error:
            raise _unreadable(self.path, error) from error
        with file:
            yield file

    def chunks(self, file: BinaryIO) -> Iterator[bytes]:
        """Yield the content of `file`, as many bytes as it had at first. Raises PlugcliError if it has become shorter."""
        left = self.size
        while left:
            try:
                chunk = file.read(min(left, CHUNK_BYTES))
            except OSError as error:
                raise _unreadable(self.path, error) from error
            if not chunk:
                raise PlugcliError(
                    f"{self.path} became shorter while plugcli read it",
                    hint="try again when the file is complete",
                )
            left -= len(chunk)
            yield chunk


def look_at(paths: Sequence[str], script: str | None) -> list[Input]:
    """Return the files at `paths`. Raises PlugcliError for a file that cannot be read.

    Raises UsageError if two files, or a file and the `script`, have the same base name.
    """
    inputs = [_look_at(path) for path in paths]
    taken = {} if script is None else {script: "the script"}
    for each in inputs:
        if each.name in taken:
            raise UsageError(
                f"{taken[each.name]} and --file {each.path} have the same name: {each.name}",
                hint="the code finds each file by its base name; rename one, or copy it",
            )
        taken[each.name] = f"--file {each.path}"
    return inputs


def _look_at(path: str) -> Input:
    try:
        status = Path(path).stat()
    except FileNotFoundError:
        raise PlugcliError(
            f"{path} does not exist", hint="--file needs a file to copy into the sandbox"
        ) from None
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if not stat.S_ISREG(status.st_mode):
        what = "is a folder" if stat.S_ISDIR(status.st_mode) else "is not a regular file"
        raise PlugcliError(f"{path} {what}", hint="--file takes one file; repeat it for more")
    found = Input(path, Path(path).name, status.st_size)
    with found.open():  # opened once here, before anything runs
        return found


def _unreadable(path: str, error: Exception) -> PlugcliError:
    reason = getattr(error, "strerror", None) or str(error)
    return PlugcliError(
        f"{path} cannot be read: {reason}", hint="--file needs a file that you have permission to read"
    )
