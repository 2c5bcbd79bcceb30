"""The targets of `validate`: a folder, a manifest, an OpenAPI document, or a URL."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from plugcli.dialect import is_openapi, openapi_dialect
from plugcli.document import document_or_problem, read_file
from plugcli.errors import PlugcliError, UsageError
from plugcli.plugin import (
    Plugin,
    load_plugin,
    manifest_file,
    openapi_file,
    plugin_of_manifest,
    plugin_of_openapi,
)

_MOST_FILES = 1000  # whose names are looked at
_MOST_READ = 20
_MOST_BYTES = 5 * 1024 * 1024


def is_url(target: str) -> bool:
    return target.startswith(("http://", "https://"))


def check_target(target: str) -> None:
    """Raise UsageError if `target` does not exist. No request is sent to a URL here."""
    if is_url(target):
        return
    try:
        is_there = bool(target) and Path(target).exists()
    except OSError as error:  # no permission for a folder, a name that is too long
        raise UsageError(f"{target!r} cannot be looked up: {str(error.strerror).lower()}") from error
    if not is_there and Path(target).is_symlink():
        raise UsageError(f"{target!r} is a symbolic link to a file that does not exist")
    if target == "-":
        raise UsageError(
            "plugcli does not read a target from standard input", hint="write it to a file, and name the file"
        )
    if not is_there:
        hint = "name a folder, a manifest, an OpenAPI document, or a URL that starts with https://"
        if re.fullmatch(r"[\w-]+(\.[\w-]+)*(:\d+)?(/.*)?", target) and re.search(r":\d|\.\w", target):
            scheme = "http" if target.startswith(("localhost", "127.")) else "https"
            hint = f"if it is a URL, write {scheme}://{target}"
        raise UsageError(f"{target!r} does not exist", hint=hint)


def each_plugin_once(targets: Sequence[str]) -> list[str]:
    """`targets` without duplicates, and without documents whose plugin is also named: they are judged with it.

    So a commit hook may name each file that changed. Every target must exist.
    """
    places: dict[object, str] = {}
    for each in targets:
        places.setdefault(each if is_url(each) else Path(each).resolve(), each)
    once = [*places.values()]
    files = {target for target in once if not is_url(target) and Path(target).is_file()}
    if len(once) < 2 or not files:
        return once
    alone = {each for each in files if is_openapi(Path(each).name, read_file(Path(each)))}
    plugins = [Path(each) for each in once if each not in alone and not is_url(each)]
    found = [*map(openapi_file, plugins), *(manifest_file(each) for each in plugins if each.is_dir())]
    judged = {each.resolve() for each in found if each is not None}
    return [each for each in once if each not in files or Path(each).resolve() not in judged]


async def load_target(target: str) -> Plugin:
    """The plugin at the address `target`, or in the folder or file `target`, which is read in a thread.

    Raises UsageError if it does not exist, and PlugcliError if it cannot be read. If a URL does not answer, the
    `live` of the plugin says why.
    """
    if is_url(target):
        from plugcli.fetch import fetch_plugin  # 60 ms, which a folder does not need

        return await fetch_plugin(target)
    import asyncio  # free while an event loop runs; reading a folder does not need it

    return await asyncio.to_thread(load_files, target)


def load_files(target: str) -> Plugin:
    """The plugin in the folder or file `target`. Raises as `load_target`."""
    check_target(target)
    path = Path(target)
    try:
        if path.is_dir():
            return _with_nearby(load_plugin(path), path, ("*", "*/*"))
    except OSError as error:
        raise PlugcliError(f"cannot read {target}: {error}") from error
    data = read_file(path)
    if is_openapi(path.name, data):
        return plugin_of_openapi(path, data)
    folder = path.parent.parent if path.parent.name == ".well-known" else path.parent
    return _with_nearby(plugin_of_manifest(path), folder, ("*",))


def _with_nearby(plugin: Plugin, folder: Path, patterns: Sequence[str]) -> Plugin:
    """`plugin`, with the OpenAPI document in `folder` that matches `patterns`, if it has none of its own."""
    if plugin.openapi_path is not None:
        return plugin
    nearby = next((each for each in _texts_in(folder, patterns) if _is_api(each)), None)
    return plugin if nearby is None else replace(plugin, nearby=str(nearby))


def _texts_in(folder: Path, patterns: Sequence[str]) -> list[Path]:
    """The files that may hold a document, nearest first. Only a few, because one of them will be suggested."""
    texts = [
        path
        for pattern in patterns
        for path in islice(folder.glob(pattern), _MOST_FILES)
        if path.suffix in (".json", ".yaml", ".yml") and not path.parent.name.startswith(".")
    ]
    return sorted(texts, key=lambda each: (len(each.parts), "openapi" not in each.name, each))[:_MOST_READ]


def _is_api(path: Path) -> bool:
    try:
        document, _ = document_or_problem(read_file(path, _MOST_BYTES), str(path))
    except PlugcliError:
        return False
    return document is not None and openapi_dialect(document.data) == "openapi"
