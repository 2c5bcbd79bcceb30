"""The files of a workspace as the rest of plugcli sees them: names, sizes and refusals, but no descriptors."""

from dataclasses import dataclass
from typing import Any, Literal

from plugcli.errors import PlugcliError
from plugcli.sandbox import gate

Kind = Literal["name", "missing", "conflict", "too_large", "too_many", "full", "busy"]


class FileRefused(PlugcliError):
    """A file cannot be read or written; `kind` tells programs why."""

    def __init__(self, kind: Kind, message: str, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.kind = kind


@dataclass(frozen=True)
class File:
    """One regular file of a workspace."""

    name: str
    """Its path below the workspace. Bytes that are not UTF-8 are lone surrogates (os.fsencode restores them)."""
    bytes: int
    mime: str

    @classmethod
    def named(cls, name: str, count: int) -> "File":
        """Return the file `name` with `count` bytes; its media type comes from its name."""
        return cls(name, count, gate.media_type(name))

    def as_json(self) -> dict[str, Any]:
        """Return the object that a RunResult lists; whoever serves the file fills in its address."""
        return {"name": gate.text(self.name), "bytes": self.bytes, "mime": self.mime, "url": None}


@dataclass(frozen=True)
class Listing:
    """The files of a workspace, sorted by name, and how many more there are at least."""

    files: tuple[File, ...]
    left_out: int
