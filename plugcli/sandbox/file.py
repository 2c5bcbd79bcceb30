"""Files of a workspace, as everybody outside of it knows them: names, sizes, refusals. No descriptors."""

from dataclasses import dataclass
from typing import Any, Literal

from plugcli.errors import PlugcliError
from plugcli.sandbox import gate

Kind = Literal["name", "missing", "conflict", "too_large", "too_many", "full", "busy"]


class FileRefused(PlugcliError):
    """A file cannot be read or written; `kind` says why, for programs."""

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
        """Return the file `name` with `count` bytes; its name tells its media type."""
        return cls(name, count, gate.media_type(name))

    def as_json(self) -> dict[str, Any]:
        """Return the object that a RunResult lists; whoever serves the file fills in its address."""
        return {"name": gate.text(self.name), "bytes": self.bytes, "mime": self.mime, "url": None}


@dataclass(frozen=True)
class Listing:
    """The files of a workspace, by name, and at least how many more there are."""

    files: tuple[File, ...]
    left_out: int
