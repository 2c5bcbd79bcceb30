"""Write a changed text where the old one was: as a whole or not at all, with its mode, its owner and its byte order mark."""

import codecs
import contextlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

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
        raise PlugcliError(f"cannot change {file}: {_reason(error)}") from error
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
        _replace(path, mark + after.encode())
    except OSError as error:
        raise PlugcliError(f"cannot change {file}: {_reason(error)}") from error


def _replace(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=".plugcli-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        owner = path.stat()
        with contextlib.suppress(
            PermissionError
        ):  # only root may give a file away; the mode is kept in any case
            os.chown(name, owner.st_uid, owner.st_gid)
        shutil.copymode(path, name)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
