"""Operations of an OpenAPI document, and the local references that lead to their parts. Fetches nothing."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from plugcli.document import Document, pointer, remembered

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

    @property
    def words(self) -> dict[str, object]:
        """What hosts call it in their messages; they have no word for one without an operationId."""
        words: dict[str, object] = {"path": self.path, "method": self.method, "title": self.title}
        return {**words, "operation_id": self.id} if self.id else words


def suggested_id(operation: Operation) -> str:
    """A name for an operation that has none: getThings for GET /things."""
    words = re.findall(r"[A-Za-z0-9]+", re.sub(r"\{[^{}]*\}", "", operation.path))
    return operation.method + "".join(word[:1].upper() + word[1:] for word in words)


@remembered  # every rule asks, for every host
def operations(document: Document) -> tuple[Operation, ...]:
    """The operations in the order of the text. What has no sensible form is left out: rules report it."""
    paths = document.data.get("paths")
    return tuple(
        Operation(path, method, pointer.join("paths", path, method), data)
        for path, item in (paths.items() if isinstance(paths, dict) else ())
        for method, data in (item.items() if isinstance(item, dict) else ())
        if method in METHODS and isinstance(data, dict)
    )


def follow(document: Document, where: str, value: Any) -> tuple[str, Any]:
    """Where the local references that start at `value` end, and the value there; the last one that exists."""
    seen = set()
    while isinstance(value, dict) and isinstance(reference := value.get("$ref"), str):
        target = _target(document, reference)
        if target is None or target[0] in seen:
            break
        seen.add(target[0])
        where, value = target
    return where, value


def leads_somewhere(document: Document, reference: str) -> bool:
    """Whether the local reference `reference`, such as `#/components/schemas/Todo`, leads to a value."""
    return _target(document, reference) is not None


@remembered
def _target(document: Document, reference: str) -> tuple[str, Any] | None:
    """The pointer that a local reference means and the value there, None where there is none."""
    where = unquote(reference[1:])
    reached, value = document.nearest(where) if reference.startswith("#/") else ("", None)
    return (where, value) if reached and reached == _normal(where) else None


def exists(document: Document, where: str) -> bool:
    """Whether the pointer `where` leads to a value, be it null."""
    return document.nearest(where)[0] == _normal(where)


def _normal(where: str) -> str:
    """The one way to write the pointer `where`."""
    is_normal = where.startswith("/") and "~" not in where
    return where if is_normal else pointer.join(*pointer.split(where))
