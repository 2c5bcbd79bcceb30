"""A file written whole or not at all: who reads it never sees half of it, and what was there stays until then."""

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path

from plugcli.errors import PlugcliError


def write_whole(file: str, text: str) -> None:
    """Put `text` into `file`, as UTF-8; its mode stays, and a symbolic link stays one.

    What is no regular file (a pipe, /dev/stderr) is written to and never replaced. Raises PlugcliError.
    """
    path = Path(file)
    data = text.encode("utf-8", errors="backslashreplace")  # half of a surrogate pair, from a name of a file
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as other:  # a folder says so here
                other.write(data)
            return
        if file.endswith("/"):  # Path drops it
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        _replace(path.resolve(), data)
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links; a NUL in the name
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        is_name = isinstance(error, (FileNotFoundError, NotADirectoryError, IsADirectoryError))
        hint = "name a file in a folder that is there" if is_name else ""
        raise PlugcliError(f"cannot write {file}: {reason}", hint=hint) from error


def _replace(path: Path, data: bytes) -> None:
    mode = None
    if path.exists():
        with path.open("ab"):  # a file that may not be written is not replaced either
            mode = path.stat().st_mode
    new = path.parent / f".plugcli-{secrets.token_hex(8)}"
    try:
        with new.open("xb") as file:
            file.write(data)
        if mode is not None:
            new.chmod(mode)
        new.replace(path)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise
