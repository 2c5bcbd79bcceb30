"""Operations of an OpenAPI document, and the local references that lead to their parts. Fetches nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from plugcli.document import Document, pointer

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# What a chat host calls; it makes no function of the others.
CALLED_METHODS = ("get", "put", "post", "delete", "patch")


@dataclass(frozen=True)
class Operation:
    """One method of one path. `data` is the Operation Object, `where` the pointer that leads to it."""

    path: str
    method: str
    where: str
    data: dict[str, Any]

    @property
    def id(self) -> str:
        """The operationId, empty where it is missing or no text."""
        value = self.data.get("operationId")
        return value if isinstance(value, str) else ""

    @property
    def title(self) -> str:
        """How to name the operation to a person."""
        return f"{self.method.upper()} {self.path}"


def suggested_id(operation: Operation) -> str:
    """A name for an operation that has none: getThings for GET /things."""
    words = re.findall(r"[A-Za-z0-9]+", re.sub(r"\{[^}]*\}", "", operation.path))
    return operation.method + "".join(word[:1].upper() + word[1:] for word in words)


def operations(document: Document) -> Iterator[Operation]:
    """The operations in the order of the text. What has no sensible form is left out: rules report it."""
    paths = document.data.get("paths")
    for path, item in paths.items() if isinstance(paths, dict) else ():
        for method, data in item.items() if isinstance(item, dict) else ():
            if method in METHODS and isinstance(data, dict):
                yield Operation(path, method, pointer.join("paths", path, method), data)


def parameters(document: Document, operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    """The operation's own parameters and those of its path, references followed, and their places."""
    path_item = pointer.join("paths", operation.path)
    for holder in (operation.where, path_item):
        found = document.get(*pointer.split(holder), "parameters")
        for index, parameter in enumerate(found if isinstance(found, list) else ()):
            where, value = follow(document, f"{holder}/parameters/{index}", parameter)
            if isinstance(value, dict) and "$ref" not in value:
                yield where, value


def follow(document: Document, where: str, value: Any) -> tuple[str, Any]:
    """Where the local references that start at `value` end, and the value there; the last one that exists."""
    seen = set()
    while isinstance(value, dict) and isinstance(reference := value.get("$ref"), str):
        target = unquote(reference[1:])
        if not reference.startswith("#/") or target in seen or not exists(document, target):
            break
        seen.add(target)
        where = target
        value = document.get(*pointer.split(where))
    return where, value


def exists(document: Document, where: str) -> bool:
    """Whether the pointer `where` leads to a value, be it null."""
    return document.nearest(where)[0] == pointer.join(*pointer.split(where))
