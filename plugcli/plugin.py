"""A plugin: a manifest and an OpenAPI document, loaded from a folder or from files in memory.

Loading judges nothing and fetches nothing. A missing document is None; a document that does not parse is None
with its problem beside it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import unquote, urlsplit

from plugcli.address import Address, address
from plugcli.document import Document, ParseProblem, document_or_problem, read_file
from plugcli.errors import PlugcliError
from plugcli.exchange import Exchanges

# Where a host looks for the manifest, and where an author may keep it before it is deployed.
MANIFEST_PATHS = (".well-known/ai-plugin.json", "ai-plugin.json")
# Where Microsoft's tools keep the manifest of a Microsoft 365 Copilot plugin.
_COPILOT_PATH = "appPackage/ai-plugin.json"
_OPENAPI_NAMES = ("openapi.yaml", "openapi.yml", "openapi.json")


@dataclass(frozen=True, eq=False)
class Plugin:
    """A manifest and an OpenAPI document, each present, missing, or unreadable with its problem.

    `name` is the user's name for it. `manifest_path` and `openapi_path` are relative to the plugin's
    folder. `scope` says what the user asked to validate: with `openapi` a manifest cannot be missing. `url`
    is the address where the plugin is, or is judged as if it were; None if that is not known. `live` is what
    its server answered, None for files. `nearby` is an OpenAPI document that nobody named and that is not part
    of the plugin: plugcli suggests it if there is nothing else to judge.
    """

    name: str
    manifest: Document | None = None
    openapi: Document | None = None
    manifest_problem: ParseProblem | None = None
    openapi_problem: ParseProblem | None = None
    manifest_path: str | None = None
    openapi_path: str | None = None
    scope: Literal["plugin", "openapi"] = "plugin"
    url: str | None = None
    live: Exchanges | None = None
    nearby: str | None = None
    _read: Callable[[str], bytes] = field(default=lambda path: _nothing(path), repr=False)

    @property
    def stands_at(self) -> Address | None:
        """Where the plugin is now: on the host of `api.url`, else where it was fetched; None if neither is known."""
        url = self.manifest.get("api", "url") if self.manifest is not None else None
        named = address(url.strip()) if isinstance(url, str) else None
        if named is not None and (named.host or named.kind == "no-scheme"):
            return address(named.with_scheme) if named.kind == "no-scheme" else named
        return address(self.url) if self.url is not None and self.live is not None else None

    @cached_property  # called for each finding
    def is_on_localhost(self) -> bool:
        """Whether the plugin is known to be on localhost, with a port, where a host lets the author's own browser send the requests."""
        url = self.url or (self.manifest.get("api", "url") if self.manifest else None)
        found = address(url) if isinstance(url, str) else None
        return found is not None and found.kind == "localhost" and found.port is not None

    def read(self, relative_path: str) -> bytes:
        """The bytes of a file in the plugin's folder.

        Raises FileNotFoundError if there is no such file, or if the path leads out of the folder, even by a
        symbolic link; PlugcliError if the file cannot be read.
        """
        return self._read(relative_path)


def load_plugin(folder: Path) -> Plugin:
    """The plugin in `folder`. Raises PlugcliError if the folder or a file in it cannot be read."""
    if not folder.is_dir():
        raise PlugcliError(f"{folder} is not a folder", hint="name the folder that holds the plugin")
    return _load(_reader(folder), str(folder), prefix=folder)


def plugin_from_files(files: Mapping[str, bytes], name: str) -> Plugin:
    """The plugin made of `files`, which map relative paths with slashes to bytes."""

    def read(relative_path: str) -> bytes:
        path = str(PurePosixPath(relative_path))
        return files[path] if path in files else _nothing(relative_path)

    return _load(read, name, prefix=Path())


def plugin_of_manifest(path: Path) -> Plugin:
    """The plugin whose manifest is the file `path`."""
    folder = _folder_of(path)
    relative_path = path.relative_to(folder).as_posix()
    return _load(_reader(folder), str(path), prefix=folder, manifest_paths=(relative_path,))


def manifest_file(folder: Path) -> Path | None:
    """The manifest of the plugin in `folder`; None if there is none."""
    found = _first(_reader(folder), (*MANIFEST_PATHS, _COPILOT_PATH))
    return None if found is None else folder / found


def openapi_file(path: Path) -> Path | None:
    """The OpenAPI document of the plugin in the folder `path`, or with the manifest `path`; None if there is none."""
    folder = path if path.is_dir() else _folder_of(path)
    read = _reader(folder)
    paths = MANIFEST_PATHS if path.is_dir() else (path.relative_to(folder).as_posix(),)
    manifest_path = _first(read, paths)
    manifest = None
    if manifest_path is not None:
        manifest, _ = document_or_problem(read(manifest_path), manifest_path, is_json=True)
    openapi_path = _first(read, _openapi_paths(manifest, manifest_path))
    return None if openapi_path is None else folder / openapi_path


def plugin_of_openapi(path: Path, data: bytes | None = None) -> Plugin:
    """The OpenAPI document `path` alone, without a manifest. `data` is the content of the file if it has been read already."""
    openapi, problem = document_or_problem(read_file(path) if data is None else data, str(path))
    return Plugin(
        str(path), None, openapi, openapi_problem=problem, openapi_path=path.name, scope="openapi",
        _read=_reader(path.parent),
    )  # fmt: skip


def _folder_of(manifest: Path) -> Path:
    return manifest.parent.parent if manifest.parent.name == ".well-known" else manifest.parent


def with_files(plugin: Plugin, files: Mapping[str, bytes]) -> Plugin:
    """`plugin` as it would be loaded if these of its files, by their relative paths, held other bytes."""

    def read(relative_path: str) -> bytes:
        return files[relative_path] if relative_path in files else plugin.read(relative_path)

    if plugin.scope == "openapi" and plugin.openapi_path is not None:
        openapi, problem = document_or_problem(read(plugin.openapi_path), plugin.name)
        return replace(plugin, openapi=openapi, openapi_problem=problem, _read=read)
    paths = MANIFEST_PATHS if plugin.manifest_path is None else (plugin.manifest_path,)
    return _load(read, plugin.name, prefix=_prefix(plugin), manifest_paths=paths)


def _prefix(plugin: Plugin) -> Path:
    """The prefix of the relative paths in the names of the plugin's documents."""
    for path, found in (
        (plugin.manifest_path, plugin.manifest or plugin.manifest_problem),
        (plugin.openapi_path, plugin.openapi or plugin.openapi_problem),
    ):
        if path is not None and found is not None:
            name = found.name if isinstance(found, Document) else found.file
            return Path(name).parents[len(PurePosixPath(path).parts) - 1]
    return Path()


def _load(
    read: Callable[[str], bytes],
    name: str,
    *,
    prefix: Path,
    manifest_paths: tuple[str, ...] = (*MANIFEST_PATHS, _COPILOT_PATH),
) -> Plugin:
    manifest = openapi = manifest_problem = openapi_problem = None
    manifest_path = _first(read, manifest_paths)
    if manifest_path is not None:
        manifest, manifest_problem = document_or_problem(
            read(manifest_path), str(prefix / manifest_path), is_json=True
        )
    openapi_path = _first(read, _openapi_paths(manifest, manifest_path))
    if openapi_path is not None:
        openapi, openapi_problem = document_or_problem(read(openapi_path), str(prefix / openapi_path))
    return Plugin(
        name, manifest, openapi, manifest_problem, openapi_problem, manifest_path, openapi_path, _read=read
    )


def _first(read: Callable[[str], bytes], paths: tuple[str, ...]) -> str | None:
    for path in paths:
        try:
            read(path)
        except FileNotFoundError:
            continue
        return path
    return None


def _openapi_paths(manifest: Document | None, manifest_path: str | None) -> tuple[str, ...]:
    """Where the OpenAPI document may be, the likeliest first: the paths that the manifest names, then the usual names."""
    beside = PurePosixPath(manifest_path or ".").parent
    named = [_path_of_api_url(manifest)]
    for path in _paths_of_runtimes(manifest):
        named += [beside / path, path]
    names = [path.name for path in named if path.name]
    paths = [*named, *(folder / name for name in names for folder in (beside, PurePosixPath()))]
    paths += [folder / name for folder in (beside, PurePosixPath()) for name in _OPENAPI_NAMES]
    unlike_manifest = (str(path) for path in paths if path.name and str(path) != manifest_path)
    return tuple(dict.fromkeys(unlike_manifest))


def _path_of_api_url(manifest: Document | None) -> PurePosixPath:
    return _path(manifest.get("api", "url")) if manifest else PurePosixPath()


def _paths_of_runtimes(manifest: Document | None) -> Iterator[PurePosixPath]:
    """The paths that the runtimes of a Microsoft 365 Copilot manifest name, relative to it."""
    found = manifest.data.get("runtimes") if manifest else None
    for runtime in found if isinstance(found, list) else ():
        spec = runtime.get("spec") if isinstance(runtime, dict) else None
        path = _path(spec.get("url") if isinstance(spec, dict) else None)
        if path.name and runtime.get("type") != "RemoteMCPServer":
            yield path


def _path(url: object) -> PurePosixPath:
    if not isinstance(url, str):
        return PurePosixPath()
    try:
        return PurePosixPath(unquote(urlsplit(url).path).lstrip("/"))
    except ValueError:  # such as http://[
        return PurePosixPath()


def _reader(folder: Path) -> Callable[[str], bytes]:
    def read(relative_path: str) -> bytes:
        try:
            root = folder.resolve()
            path = (root / relative_path).resolve()
            if not path.is_relative_to(root) or not path.exists() or path.is_dir():
                return _nothing(relative_path)
        except (RuntimeError, ValueError):  # a loop of symbolic links; a NUL in the name
            return _nothing(relative_path)
        except PermissionError as error:
            raise PlugcliError(f"cannot read {folder / relative_path}: permission denied") from error
        except OSError:  # a name too long for the file system
            return _nothing(relative_path)
        return read_file(path)

    return read


def _nothing(relative_path: str) -> bytes:
    raise FileNotFoundError(relative_path)
