"""The servers of a document and of its operations: the pointers to them, and their addresses with variables filled in."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from plugcli.document import Document, pointer
from plugcli.openapi.operation import METHODS, Operation

_VARIABLE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, eq=False)
class ApiServer:
    """A Server Object whose `url` is a string. `index` is its position in the list, and `where` is the pointer to it."""

    index: int
    where: str
    url: str
    data: Mapping[str, Any]

    @property
    def has_variables(self) -> bool:
        """Whether the server defines variables."""
        return "variables" in self.data

    @property
    def filled_url(self) -> str:
        """The address with the default of each variable filled in. A variable without a default stays as written."""
        variables = self.data.get("variables")
        known = variables if isinstance(variables, dict) else {}

        def default(found: re.Match[str]) -> str:
            variable = known.get(found[1])
            value = variable.get("default") if isinstance(variable, dict) else None
            return value if isinstance(value, str) else found[0]

        return _VARIABLE.sub(default, self.url)

    def absolute_url(self, found_at: str) -> str:
        """The filled-in address, resolved against the address of the document. Raises ValueError if it is not a valid URL."""
        return urljoin(found_at, self.filled_url)


def servers(document: Document, where: str = "") -> tuple[ApiServer, ...]:
    """The servers of the object at the pointer `where`: the document itself, a path, or an operation.

    Entries that are not objects with a `url` are left out.
    """
    found = document.get(*pointer.split(where), "servers")
    return tuple(
        ApiServer(index, f"{where}/servers/{index}", url, each)
        for index, each in enumerate(found if isinstance(found, list) else ())
        if isinstance(each, dict) and isinstance(url := each.get("url"), str)
    )


def servers_of(document: Document, operation: Operation) -> tuple[ApiServer, ...]:
    """The servers that a call of `operation` may use: its own, else those of its path, else those of the document."""
    of_path = pointer.join("paths", operation.path)
    for where in (operation.where, of_path, ""):
        if found := servers(document, where):
            return found
    return ()


def with_urls(openapi: Any, change: Callable[[Any], Any]) -> Any:
    """The data of a document with `change` applied to the `url` of every server: the document's, a path's, an operation's.

    Every part that does not change stays the same object, and so does the whole document.
    """
    if not isinstance(openapi, Mapping):
        return openapi
    changes: dict[str, Any] = {"servers": _changed(openapi, change)}
    paths = openapi.get("paths")
    if isinstance(paths, Mapping):
        changes["paths"] = replaced(paths, {key: _path(item, change) for key, item in paths.items()})
    return replaced(openapi, changes)


def replaced(old: Mapping[str, Any], changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """`old` with `changes` made to the members that it has, in the same order, or `old` itself if nothing changes."""
    real = {key: value for key, value in changes.items() if key in old and old[key] is not value}
    real = {key: value for key, value in real.items() if old[key] != value}
    return {**old, **real} if real else old


def _path(item: Any, change: Callable[[Any], Any]) -> Any:
    if not isinstance(item, Mapping):
        return item
    changes = {
        key: replaced(item[key], {"servers": _changed(item[key], change)})
        for key in METHODS
        if isinstance(item.get(key), Mapping)
    }
    return replaced(item, {**changes, "servers": _changed(item, change)})


def _changed(holder: Mapping[str, Any], change: Callable[[Any], Any]) -> Any:
    written = holder.get("servers")
    if not isinstance(written, list):
        return written
    changed = [
        replaced(each, {"url": change(each["url"])}) if isinstance(each, Mapping) and "url" in each else each
        for each in written
    ]
    return written if all(new is old for new, old in zip(changed, written, strict=True)) else changed
