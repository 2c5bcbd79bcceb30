"""Adapt what the served OpenAPI document says about `/execute` and `/files` to the options of this server.

A template knows only the defaults. If nothing differs from them, the document is returned unchanged, as the same object, so that
the caller can send the author's own text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

EXECUTE = "/execute"
FILES = ("/files", "/files/{link}/{name}")
_SCHEMA = ("paths", EXECUTE, "post", "requestBody", "content", "application/json", "schema")
_LOCAL = "#/"


@dataclass(frozen=True)
class Bounds:
    """The longest time that a call may ask for, and whether the server keeps no sessions and files."""

    wall_seconds_max: float
    is_stateless: bool = False
    has_mounts: bool = True
    """Whether code finds its files in /mnt/data. Otherwise each session has them elsewhere, and the text says only: where it works."""


_WITHOUT_PATH = (
    ("/mnt/data is the working directory: it ", "The working folder "),
    ("/mnt/data, the working directory", "the working folder"),
    ("/mnt/data", "the working folder"),
)


def without_path(value: Any) -> Any:
    """Return a document whose texts do not name /mnt/data."""
    if isinstance(value, str):
        for path, text in _WITHOUT_PATH:
            value = value.replace(path, text)
        return value
    if isinstance(value, Mapping):
        return {key: without_path(each) for key, each in value.items()}
    return [without_path(each) for each in value] if isinstance(value, list) else value


def bounded_openapi(openapi: Any, bounds: Bounds) -> Any:
    """Return `openapi` with the maximum of `timeout`, and without the parts that a server without sessions refuses."""
    if not bounds.has_mounts:
        openapi = without_path(openapi)
    place = _place_of_properties(openapi)
    properties = _at(openapi, place)
    if not isinstance(properties, Mapping):
        return openapi
    changed = dict(properties)
    longest = bounds.wall_seconds_max
    timeout = properties.get("timeout")
    if isinstance(timeout, Mapping):
        changed["timeout"] = {**timeout, "maximum": int(longest) if longest == int(longest) else longest}
    if bounds.is_stateless:
        changed.pop("session", None)
        openapi = _without_files(openapi)
    return openapi if changed == properties else _with(openapi, place, changed)


def _place_of_properties(openapi: Any) -> tuple[str, ...]:
    """Return where the fields of a call are described: in the operation, or in a schema that it refers to."""
    schema = _at(openapi, _SCHEMA)
    reference = schema.get("$ref") if isinstance(schema, Mapping) else None
    if isinstance(reference, str) and reference.startswith(_LOCAL):
        names = reference.removeprefix(_LOCAL).split("/")
        return (*(name.replace("~1", "/").replace("~0", "~") for name in names), "properties")
    return (*_SCHEMA, "properties")


def _at(value: Any, place: tuple[str, ...]) -> Any:
    for name in place:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _with(value: Any, place: tuple[str, ...], new: Any) -> Any:
    """Return `value` with `new` at `place`, which must exist. The rest is shared with `value`."""
    if not place:
        return new
    return {**value, place[0]: _with(value[place[0]], place[1:], new)}


def _without_files(openapi: Any) -> Any:
    paths = _at(openapi, ("paths",))
    kept = {path: item for path, item in paths.items() if path not in FILES}
    return openapi if len(kept) == len(paths) else {**openapi, "paths": kept}
