"""How the caller of an operation may authenticate: each way is one security scheme, or several together. Judges nothing."""

from dataclasses import dataclass
from typing import Any

from plugcli.document import Document
from plugcli.openapi.operation import Operation


@dataclass(frozen=True)
class Scheme:
    """A security scheme, by the name that operations use. `data` is empty if the document does not define the scheme."""

    name: str
    data: dict[str, Any]


def ways(openapi: Document, operation: Operation) -> tuple[str, tuple[tuple[Scheme, ...], ...]]:
    """The pointer to the security requirements of `operation`, and for each of them the schemes that it needs together.

    An operation without requirements of its own has those of the document. The empty requirement, which allows calls without
    authentication, is left out.
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
