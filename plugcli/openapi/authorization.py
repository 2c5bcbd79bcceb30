"""What an operation asks of its caller: ways to authenticate, each one scheme or several together. Judges nothing."""

from dataclasses import dataclass
from typing import Any

from plugcli.document import Document
from plugcli.openapi.operation import Operation


@dataclass(frozen=True)
class Scheme:
    """A security scheme by the name that operations use; `data` is empty where the document does not define it."""

    name: str
    data: dict[str, Any]


def ways(openapi: Document, operation: Operation) -> tuple[str, tuple[tuple[Scheme, ...], ...]]:
    """Where the ways in which `operation` may be called are written, and each way with the schemes it needs together.

    Those of the document hold where the operation has none of its own. Being called without authentication is no way.
    """
    own = operation.data.get("security")
    where = "/security" if own is None else f"{operation.where}/security"
    asked = openapi.data.get("security") if own is None else own
    defined = openapi.get("components", "securitySchemes")
    schemes = defined if isinstance(defined, dict) else {}
    every = (
        tuple(Scheme(name, _object(schemes.get(name))) for name in each)
        for each in (asked if isinstance(asked, list) else ())
        if isinstance(each, dict)
    )
    return where, tuple(way for way in every if way)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
