"""Write a file or a folder whole or not at all. No reader sees half of it, and after an error everything is as it was before."""

import os
import secrets
import stat
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from plugcli.errors import PlugcliError


def write_file(path: Path, data: bytes) -> None:
    """Put `data` into the regular file `path`, which keeps its mode and owner, or into a new file.

    `path` must not be a symbolic link. Raises OSError, whose sentence is `reason`.
    """
    old = path.stat() if path.exists() else None
    new = path.parent / f".plugcli-{secrets.token_hex(8)}"
    try:
        # A file that only its owner may read must not be readable to others in between.
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


def write_folder(destination: Path, files: Mapping[str, bytes], *, force: bool = False) -> list[Path]:
    """Write `files`, by their relative paths, into the folder `destination`, which is created if needed; return their paths.

    Raises PlugcliError as `check_free` does, and if the folder cannot be written. `force` replaces files and symbolic
    links, but never follows a link out of the folder.
    """
    check_free(destination, files, force=force)
    try:
        with ExitStack() as undo_folders:
            _make_folders(destination, undo_folders)
            # Files that `force` replaces are kept here until everything is written.
            with (
                tempfile.TemporaryDirectory(prefix=".plugcli-", dir=destination) as aside,
                ExitStack() as undo,
            ):
                for number, (name, content) in enumerate(files.items()):
                    target = destination / name
                    _make_folders(target.parent, undo)
                    if force and os.path.lexists(target):
                        kept = Path(aside, str(number))
                        target.replace(kept)
                        undo.callback(kept.replace, target)
                    # Exclusive: never over a file that has appeared since the check, and never through a link.
                    with target.open("xb") as file:
                        undo.callback(target.unlink)
                        file.write(content)
                undo.pop_all()
            undo_folders.pop_all()
    except OSError as error:
        raise _cannot_write(destination, error) from error
    return [destination / name for name in files]


def check_free(destination: Path, names: Iterable[str], *, force: bool = False) -> None:
    """Raise PlugcliError where `write_folder` would refuse to write files called `names`; name every file that already exists."""
    try:
        if os.path.lexists(destination) and not destination.is_dir():
            raise PlugcliError(
                f"{destination} is not a folder", hint="name a folder, or a folder that does not exist yet"
            )
        found = dict.fromkeys(filter(None, (_obstacle(destination, name, force) for name in names)))
    except OSError as error:
        raise _cannot_write(destination, error) from error
    if found:
        raise PlugcliError(
            f"these files already exist in {destination}: {', '.join(found)}; nothing was written",
            hint="--force replaces only regular files and links: move these, or name another folder"
            if force
            else "name another folder, move the files, or overwrite them with --force",
        )


def reason(error: Exception) -> str:
    """Why a file could not be read or written, to end a sentence with: `permission denied`."""
    known: str | None = getattr(error, "strerror", None)
    return known.lower() if known else str(error)


def _obstacle(destination: Path, name: str, force: bool) -> str:
    """Return the path below `destination` that keeps `name` from being written, or an empty string."""
    for folder in reversed(Path(name).parents[:-1]):
        try:
            # Not is_dir(): a symbolic link to a folder leads out of this one.
            if not stat.S_ISDIR(os.lstat(destination / folder).st_mode):
                return folder.as_posix()
        except FileNotFoundError:
            return ""
    try:
        mode = os.lstat(destination / name).st_mode
    except FileNotFoundError:
        return ""
    return "" if force and (stat.S_ISREG(mode) or stat.S_ISLNK(mode)) else name


def _make_folders(folder: Path, undo: ExitStack) -> None:
    """Make `folder` and its missing parents, and have `undo` remove exactly those."""
    for each in reversed([folder, *folder.parents]):
        if not each.is_dir():
            each.mkdir()
            undo.callback(each.rmdir)


def _cannot_write(destination: Path, error: OSError) -> PlugcliError:
    return PlugcliError(
        f"cannot write to {destination}: {error.strerror} ({error.filename}); nothing was changed",
        hint="name a folder with write permission, on a disk that is not full",
    )
