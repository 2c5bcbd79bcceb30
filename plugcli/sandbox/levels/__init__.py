"""What the host says of a level: one module each, named as in the Plan. The launcher's half is in jail/levels."""

import importlib
from dataclasses import dataclass
from typing import Protocol

from plugcli.errors import SandboxUnavailable
from plugcli.sandbox.layer import Layer
from plugcli.sandbox.limits import Limits
from plugcli.sandbox.view import LEVELS


@dataclass(frozen=True)
class Facts:
    """What a level's sentences depend on."""

    limits: Limits
    folders: tuple[str, ...]
    """What the code sees of the host besides /usr."""
    scratch_folder: str
    """Where a launcher makes folders for jails that cannot mount anything."""
    is_root: bool
    memory: Layer
    has_memory_cgroup: bool
    before: tuple[SandboxUnavailable, ...] = ()
    """Why this machine does not have the stronger levels."""
    lacks: tuple[str, ...] = ()
    """What jails do without here: "host name" (one of their own), "proc" (one of their own, and with it a /proc/sys to write to)."""


class Level(Protocol):
    """What is said of one level."""

    PROMISES: dict[str, str]
    """What it promises of each subject, the same ones at every level, in their order."""
    STEPS: dict[str, tuple[str, ...]]
    """The steps of the launcher and of the jail's init that belong to each layer, in the order in which a jail is made."""

    def layers(self, facts: Facts) -> tuple[Layer, ...]:
        """Return the layers of a jail that was made."""

    def can_still(self, facts: Facts) -> tuple[str, ...]:
        """Return what code can still do, one sentence each."""

    def cannot(self, facts: Facts) -> tuple[str, ...]:
        """Return what honest code cannot do here although it can at the strongest level."""


def comparison() -> list[tuple[str, ...]]:
    """Return a table of the levels side by side: a head, and a row for each subject."""
    levels = [find(name) for name in LEVELS]
    return [("", *LEVELS)] + [
        (subject, *(level.PROMISES[subject] for level in levels)) for subject in levels[0].PROMISES
    ]


def find(name: str) -> Level:
    """Return the level `name`."""
    return importlib.import_module(f"plugcli.sandbox.levels.{name}")
