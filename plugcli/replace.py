"""Replace a file as a whole or not at all: who reads it never sees half of it, and what was there stays until then."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path


def replace(path: Path, data: bytes) -> None:
    """Put `data` into the regular file `path`, which keeps its mode and owner, or into a new one. `path` is no link. Raises OSError."""
    old = path.stat() if path.exists() else None
    new = path.parent / f".plugcli-{secrets.token_hex(8)}"
    try:
        # What nobody else may read must not be readable in between either.
        descriptor = os.open(
            new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666 if old is None else 0o600
        )
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if old is not None:
            with suppress(PermissionError):  # only root may give a file away; the mode is kept in any case
                os.chown(new, old.st_uid, old.st_gid)
            new.chmod(stat.S_IMODE(old.st_mode))
        new.replace(path)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise
