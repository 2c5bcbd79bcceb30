"""The documents that a host reads before it calls a plugin: manifest, OpenAPI document, logo, legal page.

They are read from the folder for each request, so that an edit shows at once. Their addresses are changed to those of this server
(see rewrite.py), and their limits to those that the server was started with (see bounds.py). If nothing has to change, the author's
own text is sent.
"""

import asyncio
import json
import math
from collections.abc import Callable, Iterator
from typing import Any, Literal
from urllib.parse import unquote

import yaml

from plugcli.document import Document, ParseProblem
from plugcli.errors import PlugcliError
from plugcli.plugin import Plugin
from plugcli.respond import Ready, json_bytes
from plugcli.sandbox import gate
from plugcli.serve.bounds import Bounds, bounded_openapi, without_path
from plugcli.serve.rewrite import local_path, moved_manifest, moved_openapi
from plugcli.serve.source import Source

MANIFEST = "/.well-known/ai-plugin.json"
JSON_MIME = "application/json"
YAML_MIME = "application/yaml"  # RFC 9512

_FIXED = {
    MANIFEST: "manifest",
    "/openapi.yaml": "openapi",
    "/openapi.yml": "openapi",
    "/openapi.json": "openapi",
    "/logo.png": "logo",
    "/legal": "legal",
}
_WIDTH = 1_000_000  # lines are folded nowhere
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


async def find_document(source: Source, path: str, here: str, bounds: Bounds | None = None) -> Ready | None:
    """Return the document at `path` for a client that reaches this server at `here`. None if there is no such document.

    `bounds` are those of a plugin that runs code.
    """
    return await asyncio.to_thread(_find, source, path, here, bounds)


async def is_document(source: Source, path: str) -> bool:
    """Whether `path` is one from which a host reads a document, whether plugcli or the plugin answers there."""
    try:
        plugin = await asyncio.to_thread(source.plugin)
    except PlugcliError:
        return path in _FIXED
    return _kind(plugin, path) is not None


def _find(source: Source, path: str, here: str, bounds: Bounds | None) -> Ready | None:
    try:
        plugin = source.plugin()
        kind = _kind(plugin, path)
        if kind == "openapi":
            return _openapi(plugin, path, here, bounds)
        if kind == "manifest":
            return _manifest(plugin, here, bounds)
        return _READY[kind](plugin, path, here) if kind else None
    except FileNotFoundError:
        return None
    except PlugcliError as error:
        return _broken(error.message, error.hint) if path in _FIXED else None


def _kind(plugin: Plugin, path: str) -> str | None:
    manifest = plugin.manifest.data if plugin.manifest else {}
    api = manifest.get("api")
    named = {
        local_path(manifest.get("legal_info_url")): "legal",
        local_path(manifest.get("logo_url")): "logo",
        local_path(api.get("url") if isinstance(api, dict) else None): "openapi",
    }
    return _FIXED.get(path) or {unquote(at): kind for at, kind in named.items() if at}.get(path)


def _manifest(plugin: Plugin, here: str, bounds: Bounds | None) -> Ready | None:
    if plugin.manifest_problem:
        return _unreadable(plugin.manifest_problem, plugin.manifest_path)
    if plugin.manifest is None:
        return None
    data = moved_manifest(plugin.manifest.data, here)
    if bounds and not bounds.has_mounts:
        data = without_path(data)
    return _document(plugin.manifest, data, "json")


def _openapi(plugin: Plugin, path: str, here: str, bounds: Bounds | None) -> Ready | None:
    if plugin.openapi_problem:
        return _unreadable(plugin.openapi_problem, plugin.openapi_path)
    if plugin.openapi is None:
        return None
    own = _format(plugin.openapi)
    wanted = "json" if path.endswith(".json") else "yaml" if path.endswith((".yaml", ".yml")) else own
    data = moved_openapi(plugin.openapi.data, here)
    return _document(plugin.openapi, bounded_openapi(data, bounds) if bounds else data, wanted)


def _logo(plugin: Plugin, path: str, here: str) -> Ready | None:
    manifest = plugin.manifest.data if plugin.manifest else {}
    named = local_path(manifest.get("logo_url"))
    for candidate in (path, unquote(named) if named else path):
        mime = gate.media_type(candidate)
        if not mime.startswith("image/"):  # logo_url may name any file; only a picture is a logo
            continue
        try:
            # The host's page shows it, and may ask for pictures that allow that.
            headers = ((b"cross-origin-resource-policy", b"cross-origin"),)
            return Ready(200, mime, plugin.read(candidate.lstrip("/")), headers)
        except FileNotFoundError:
            continue
    return None


def _legal(plugin: Plugin, path: str, here: str) -> Ready | None:
    own = [path.lstrip("/")] if path.endswith(".html") else []
    for candidate in (*own, "legal.html"):
        try:
            return Ready(200, "text/html; charset=utf-8", plugin.read(candidate))
        except FileNotFoundError:
            continue
    return None


_READY: dict[str, Callable[[Plugin, str, str], Ready | None]] = {
    "logo": _logo,
    "legal": _legal,
}

_Format = Literal["json", "yaml"]


def _format(document: Document) -> _Format:
    return "json" if document.text.lstrip()[:1] == "{" else "yaml"


def _document(document: Document, data: Any, wanted: _Format) -> Ready:
    """Return `document` as JSON or YAML: its own text if `data`, its content as it should be here, is unchanged."""
    is_own = data is document.data and wanted == _format(document)
    if wanted == "yaml":
        said = (
            document.text
            if is_own
            else yaml.dump(data, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=_WIDTH)
        )
        return Ready(200, YAML_MIME, gate.text(said).encode())
    if not all(map(_is_finite, _numbers(data))):
        hint = "write the number as a string"
        return _broken(
            f"{document.name} contains .nan, .inf or a number that is too large for JSON readers", hint
        )
    said = json.dumps(data, ensure_ascii=False, indent=2)
    whole = gate.text(said)  # an escape such as \ud800 alone is not a character, and strict readers refuse it
    return Ready(200, JSON_MIME, (document.text if is_own and whole == said else whole).encode())


def _numbers(value: Any) -> Iterator[int | float]:
    left = [value]
    while left:
        match left.pop():
            case dict() as members:
                left += members.values()
            case list() as items:
                left += items
            case int() | float() as number:
                yield number


def _is_finite(number: int | float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # an int that no double holds
        return False


def _unreadable(problem: ParseProblem, path: str | None) -> Ready:
    position = problem.position
    return _broken(f"{path}:{position.line}:{position.column}: {problem.message}", problem.hint)


def _broken(error: str, hint: str) -> Ready:
    return Ready(500, JSON_MIME, json_bytes({"error": error, "hint": hint}))
