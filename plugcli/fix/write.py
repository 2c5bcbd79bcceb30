"""Write a changed text where the old one was: as a whole or not at all, with its mode, its owner and its byte order mark."""

import codecs
import os
import stat
from pathlib import Path

from plugcli.atomic import reason, write_file
from plugcli.document import read_file
from plugcli.document.file import decode
from plugcli.document.problem import BadText
from plugcli.errors import PlugcliError


def check_writable(file: str) -> Path:
    """The real file behind `file`, at the end of its links. Raises PlugcliError where it may not be changed."""
    try:
        path = Path(file).resolve(strict=True)
        mode = path.stat().st_mode
    except (OSError, RuntimeError) as error:
        raise PlugcliError(f"cannot change {file}: {reason(error)}") from error
    if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(path, os.W_OK):
        raise PlugcliError(
            f"cannot change {file}: it is read-only", hint="--diff shows the changes without writing"
        )
    return path


def write(file: str, before: str, after: str) -> None:
    """Put `after` into `file`, which holds `before`. Raises PlugcliError."""
    path = check_writable(file)
    data = read_file(path)
    try:
        is_same = decode(data) == before
    except BadText:
        is_same = False
    if not is_same:
        raise PlugcliError(f"{file} was changed by somebody else in the meantime", hint="run it again")
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    try:
        write_file(path, mark + after.encode())
    except OSError as error:
        raise PlugcliError(f"cannot change {file}: {reason(error)}") from error
