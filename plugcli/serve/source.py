"""Where the served plugin comes from: a folder, which is read again whenever it changes, or memory."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from plugcli.errors import PlugcliError, UsageError
from plugcli.plugin import MANIFEST_PATHS, Plugin, load_plugin, plugin_from_files

CODE_FILE = "plugin.py"


@dataclass(frozen=True)
class Source:
    """A plugin that may change. `plugin()` returns it as it is now. `folder` is None for a plugin in memory.

    `plugin()` reads files and may raise PlugcliError. Call it outside of the event loop.
    """

    name: str
    folder: Path | None
    plugin: Callable[[], Plugin]

    def code(self) -> bytes | None:
        """Return the text of plugin.py, or None if there is no such file. Raises PlugcliError if it cannot be read."""
        try:
            return self.plugin().read(CODE_FILE)
        except FileNotFoundError:
            return None


def is_plugin(folder: Path) -> bool:
    """Whether `folder` has a manifest in one of the two places where it may be."""
    return any((folder / path).is_file() for path in MANIFEST_PATHS)


def folder_source(folder: Path) -> Source:
    """Return the plugin in `folder`. Raises UsageError if there is no such folder, PlugcliError if it is not a plugin."""
    if not folder.exists():
        raise UsageError(f"there is no folder {folder}", hint=f"plugcli init {folder} starts a plugin there")
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file, not a folder", hint="name the folder that holds the plugin")
    if not is_plugin(folder):
        raise PlugcliError(
            f"{folder} is not a plugin: it has no {MANIFEST_PATHS[0]}",
            hint=f"plugcli init {folder} starts one there; without a folder, the built-in one is served",
        )
    return Source(str(folder), folder, _reread(folder))


def source_of(folder: Path | None, built_in: Callable[[], Source]) -> Source:
    """Return the plugin in `folder`, else the one in the current directory, else `built_in()`. Raises PlugcliError."""
    if folder is not None:
        return folder_source(folder)
    return folder_source(Path()) if is_plugin(Path()) else built_in()


def memory_source(files: Mapping[str, bytes], name: str) -> Source:
    """Return the plugin made of `files`, which maps relative paths to bytes."""
    plugin = plugin_from_files(files, name)
    return Source(name, None, lambda: plugin)


def _reread(folder: Path) -> Callable[[], Plugin]:
    """Load `folder` again only if a file beside its documents has changed: a large YAML file takes a second to read."""
    last: tuple[object, Plugin] | None = None

    def plugin() -> Plugin:
        nonlocal last
        beside = Path(last[1].openapi_path or ".").parent if last else Path()
        state = [_state(folder / name) for name in (".", ".well-known", beside)]
        if last is None or last[0] != state:
            last = (state, load_plugin(folder))
        return last[1]

    return plugin


def _state(folder: Path) -> list[tuple[str, int, int, int]]:
    try:
        with os.scandir(folder) as entries:
            found = [(entry.name, _status(entry)) for entry in entries]
    except OSError:  # no such folder, or no permission: loading reports it where it matters
        return []
    return sorted((name, status.st_mtime_ns, status.st_size, status.st_ino) for name, status in found)


def _status(entry: os.DirEntry[str]) -> os.stat_result:
    try:
        return entry.stat()
    except OSError:  # a link to nothing
        return entry.stat(follow_symlinks=False)
