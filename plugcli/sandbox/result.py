"""How one run ended: the same object from the library, `exec --json` and `POST /execute`."""

from dataclasses import dataclass, field
from typing import Any, Literal

from plugcli.sandbox import gate

Outcome = Literal["ok", "error", "timeout", "out_of_memory", "died"]

TIMED_OUT = 124
OUT_OF_MEMORY = 137


@dataclass(frozen=True)
class RunResult:
    """How one run ended. Text is decoded as UTF-8, with U+FFFD for invalid bytes."""

    stdout: str
    stderr: str
    returncode: int
    """0 to 255: the code's own status, 128+n for a signal, 124 time-out, 137 out of memory."""
    outcome: Outcome
    reason: str
    """One sentence that names the limit or the mechanism; empty when ok."""
    duration_ms: int
    """Wall time of the run."""
    result: str | None = None
    """Text of the last expression: sessions only."""
    displays: list[dict[str, str]] = field(default_factory=list)
    """Pictures and other rich output, sessions only: {mime, text}, or {mime, file}, a file of the workspace ({mime, url} over HTTP)."""
    files: list[dict[str, Any]] = field(default_factory=list)
    """Files that the run made or changed: {name, bytes, mime, url}; the url is null if nothing serves them.

    A name is what `Workspace.open` takes: bytes that are not UTF-8 are lone surrogates, which become U+FFFD in JSON.
    """
    truncated: dict[str, int] = field(default_factory=lambda: {"stdout": 0, "stderr": 0, "files": 0})
    """Bytes left out of each stream, and files that are not listed."""
    session: dict[str, Any] | None = None
    """The session that the run was part of: {id, state, seconds_left, notice}; state is "new", "kept" or "lost"."""

    def as_json(self) -> dict[str, Any]:
        """Return the object that goes over HTTP and to `exec --json`."""
        files = [{**file, "name": gate.text(file["name"])} for file in self.files]
        return {**vars(self), "files": files}
