"""Writes a report to the file that the user named: the whole report or nothing."""

import errno
import os
from pathlib import Path

from plugcli.atomic import reason, write_file
from plugcli.errors import PlugcliError


def write_whole(file: str, text: str) -> None:
    """Write `text` to `file` as UTF-8. Keeps the file's mode, and keeps a symbolic link.

    A file that is not regular (a pipe, /dev/stderr) is written to, never replaced. Raises PlugcliError.
    """
    path = Path(file)
    data = text.encode(
        "utf-8", errors="backslashreplace"
    )  # half of a surrogate pair, from the name of a file
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as other:  # raises an error for a folder
                other.write(data)
            return
        if file.endswith("/"):  # Path would drop the slash
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if path.exists():
            with path.open("ab"):  # a file without write permission is not replaced either
                pass
        write_file(path.resolve(), data)
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, or a NUL in the name
        is_name = isinstance(error, (FileNotFoundError, NotADirectoryError, IsADirectoryError))
        hint = "name a file in a folder that exists" if is_name else ""
        raise PlugcliError(f"cannot write {file}: {reason(error)}", hint=hint) from error
