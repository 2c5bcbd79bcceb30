"""Operations of an OpenAPI document, and the local references that lead to their parts. Fetches nothing."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from plugcli.document import Document, pointer, remembered

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# The methods that a chat host calls. It makes no function of an operation with another method.
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
        """The operationId, or an empty string if it is missing or is not a string."""
        value = self.data.get("operationId")
        return value if isinstance(value, str) else ""

    @property
    def title(self) -> str:
        """The name of the operation for people: `GET /todos`."""
        return f"{self.method.upper()} {self.path}"

    @property
    def words(self) -> dict[str, object]:
        """The words that a host's messages use for the operation. There is no `operation_id` if the document has none."""
        words: dict[str, object] = {"path": self.path, "method": self.method, "title": self.title}
        return {**words, "operation_id": self.id} if self.id else words


def suggested_id(operation: Operation) -> str:
    """A name for an operation that has none: getThings for GET /things."""
    words = re.findall(r"[A-Za-z0-9]+", re.sub(r"\{[^{}]*\}", "", operation.path))
    return operation.method + "".join(word[:1].upper() + word[1:] for word in words)


@remembered  # every rule asks, for every host
def operations(document: Document) -> tuple[Operation, ...]:
    """The operations, in the order of the text. Malformed ones are left out; rules report them."""
    paths = document.data.get("paths")
    return tuple(
        Operation(path, method, pointer.join("paths", path, method), data)
        for path, item in (paths.items() if isinstance(paths, dict) else ())
        for method, data in (item.items() if isinstance(item, dict) else ())
        if method in METHODS and isinstance(data, dict)
    )


def follow(document: Document, where: str, value: Any) -> tuple[str, Any]:
    """Follow local references from `value` to the last value that exists. Return its pointer and the value."""
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
    """The pointer that a local reference stands for and the value there, or None if there is no such value."""
    where = unquote(reference[1:])
    reached, value = document.nearest(where) if reference.startswith("#/") else ("", None)
    return (where, value) if reached and reached == _normal(where) else None


def exists(document: Document, where: str) -> bool:
    """Whether the pointer `where` leads to a value, which may be null."""
    return document.nearest(where)[0] == _normal(where)


def _normal(where: str) -> str:
    """The pointer `where` in its normal form."""
    is_normal = where.startswith("/") and "~" not in where
    return where if is_normal else pointer.join(*pointer.split(where))
