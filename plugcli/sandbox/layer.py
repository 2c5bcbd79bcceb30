"""One layer of the sandbox, as `doctor`, `/health` and `serve` describe it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Layer:
    """One layer of the sandbox: whether it is on, how or why not, and the one command that would turn it on or make it stronger."""

    name: str
    is_on: bool
    why: str
    remedy: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the object that `doctor --json` and `/health` show."""
        return {"name": self.name, "on": self.is_on, "why": self.why, "remedy": self.remedy}
