"""A Place, and the two facts of the evidence that several judges look at."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from plugcli.sandbox.surroundings.evidence import Evidence


@dataclass(frozen=True)
class Place:
    """One thing that this process stands in or behind."""

    name: str
    saw: tuple[str, ...]
    """The evidence, one text for each sign."""
    says: str = ""
    """What it does to the sandbox, as a sentence without its full stop; empty if that is nothing."""
    takes: Literal["", "namespaces", "landlock"] = ""
    """What it may take away. A launch shows whether it does."""
    remedy: str = ""
    """What gives that back and gives away least."""

    def as_json(self) -> dict[str, Any]:
        """Return the object that `doctor --json` prints."""
        return {"name": self.name, "saw": list(self.saw), "says": self.says, "remedy": self.remedy}


Judge = Callable[[Evidence], Place | None]

FILTERED = "Seccomp: 2 in /proc/self/status"


def is_filtered(evidence: Evidence) -> bool:
    """Whether a seccomp filter is on that somebody else installed."""
    return status(evidence, "Seccomp") == "2"


def status(evidence: Evidence, field: str) -> str:
    """Return a field of /proc/self/status."""
    for line in evidence.text("/proc/self/status").splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return value.strip()
    return ""


def profile(evidence: Evidence) -> str:
    """Return the AppArmor profile of this process and its mode; empty without AppArmor, or without a profile."""
    text = evidence.text("/proc/self/attr/apparmor/current")
    return "" if text == "unconfined" else text
