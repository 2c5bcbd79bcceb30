"""Find a Python interpreter and its libraries without running it: it may belong to another user, and plugcli may be root."""

import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from plugcli.errors import UsageError

_OLDEST = (3, 11)


@dataclass(frozen=True)
class Interpreter:
    """A CPython that a jail can run."""

    executable: str
    """What to start. For a venv this is the link in its bin folder, so that the venv is found."""
    folders: tuple[str, ...]
    """The folders that it needs to see besides /usr."""
    is_our_own: bool
    """Whether it is the one that runs plugcli, so that forking saves a start."""

    def has(self, module: str) -> bool:
        """Whether the top-level `module` is installed in it, as far as its folders tell."""
        patterns = [f"{module}{end}" for end in ("", ".py", ".*.so")]
        return any(next(folder.glob(pattern), None) for folder in self.packages for pattern in patterns)

    @cached_property
    def packages(self) -> tuple[Path, ...]:
        """The folders that packages are installed to."""
        places = dict.fromkeys([str(Path(self.executable).parent.parent), *self.folders])
        patterns = [f"lib*/python3*/{packages}" for packages in ("site-packages", "dist-packages")]
        return tuple(path for place in places for pattern in patterns for path in Path(place).glob(pattern))

    def installed(self) -> tuple[int, ...]:
        """Return when those folders changed, in ns: this differs after a package is installed, removed or upgraded."""
        times = []
        for folder in self.packages:
            with suppress(OSError):
                times.append(folder.stat().st_mtime_ns)
        return tuple(times)


def own() -> Interpreter:
    """Return the interpreter that runs plugcli."""
    folders = [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix]
    real = Path(sys.executable).resolve().parent.parent
    return Interpreter(sys.executable, _needed([*map(Path, folders), real]), is_our_own=True)


def find(python: str) -> Interpreter:
    """Return the interpreter at the path `python`: an executable, or a venv's folder.

    Raises UsageError with the reason when a jail cannot run it.
    """
    given = Path(python).expanduser()
    if given.is_dir():
        given = given / "bin" / "python"
    path = given.absolute()
    try:
        real = path.resolve(strict=True)
        is_file = real.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(
            f"there is no interpreter at {python}", hint="name a python executable or a venv's folder"
        ) from error
    if str(path) == sys.executable:
        return own()
    if not is_file or not re.fullmatch(r"python(\d+(\.\d+)?t?)?", real.name):
        raise UsageError(
            f"{python} is not a Python interpreter" + (f" (it is {real})" if real != path else ""),
            hint="name the python executable of CPython 3.11 or newer, or a venv's folder",
        )
    prefix = real.parent.parent
    versions = sorted(_versions(prefix, real.name))
    if not versions:
        raise UsageError(
            f"{python} has no standard library beside it (no {prefix}/lib/python3.*/os.py)",
            hint="if it is a shim (pyenv, asdf), name the interpreter that it starts: `pyenv which python`",
        )
    if versions[-1] < _OLDEST:
        found = ".".join(map(str, versions[-1]))
        raise UsageError(f"{python} is Python {found}", hint="the sandbox runs CPython 3.11 or newer")
    folders = [prefix]
    venv = path.parent.parent
    if (venv / "pyvenv.cfg").is_file():
        folders.append(venv)
    return Interpreter(str(path), _needed(folders), is_our_own=False)


def _versions(prefix: Path, name: str) -> list[tuple[int, int]]:
    """Return the versions whose standard library lies in `prefix`: the one that `name` names, else all."""
    wanted = re.search(r"(\d+)\.(\d+)", name)
    pattern = f"python{wanted[0]}" if wanted else "python3.*"
    found = []
    for folder in (*prefix.glob(f"lib/{pattern}"), *prefix.glob(f"lib64/{pattern}")):
        version = re.fullmatch(r"python(\d+)\.(\d+)t?", folder.name)
        if version and (folder / "os.py").is_file():
            found.append((int(version[1]), int(version[2])))
    return found


def _needed(folders: list[Path]) -> tuple[str, ...]:
    """Return the folders outside /usr, each with its given path and its resolved path.

    Raises UsageError for a folder so high up that binding it would show the jail everything, such as a home folder.
    """
    paths: list[str] = []
    for folder in folders:
        for path in (folder, folder.resolve()):
            if path.is_relative_to("/usr") or str(path) in paths:
                continue
            if len(path.parts) < 3 or path in (Path.home(), *Path.home().parents):
                raise UsageError(
                    f"the interpreter's folder is {path}: the sandbox would show all of it to the code",
                    hint="use an interpreter in a folder of its own, such as a venv",
                )
            paths.append(str(path))
    return tuple(paths)
