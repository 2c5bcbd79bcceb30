"""A file that the user names for a report: written whole or not at all, and what is wrong with it in a sentence."""

import errno
import os
from pathlib import Path

from plugcli.errors import PlugcliError
from plugcli.replace import replace


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
        if path.exists():
            with path.open("ab"):  # a file that may not be written is not replaced either
                pass
        replace(path.resolve(), data)
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links; a NUL in the name
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        is_name = isinstance(error, (FileNotFoundError, NotADirectoryError, IsADirectoryError))
        hint = "name a file in a folder that is there" if is_name else ""
        raise PlugcliError(f"cannot write {file}: {reason}", hint=hint) from error
