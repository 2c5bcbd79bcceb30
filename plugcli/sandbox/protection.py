"""How this machine confines code, layer by layer, and what code can still do. `doctor`, `/health` and `serve` use the same words.

All of it rests on a jail that was really made, never on a search for features.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plugcli.errors import SandboxUnavailable
from plugcli.sandbox import levels
from plugcli.sandbox.amounts import spell_bytes
from plugcli.sandbox.layer import Layer
from plugcli.sandbox.limits import Limits
from plugcli.sandbox.view import LEVELS

__all__ = ["Layer", "Protection", "holding", "refusing"]


# By whether plugcli runs as root.
_REMEDIES = {
    True: "run plugcli in a systemd unit with `Delegate=memory pids cpu`, or in a container that can write to its /sys/fs/cgroup",
    False: "run plugcli in a systemd unit with `Delegate=memory pids cpu`, from a login session of a user with a systemd manager "
    "(`systemd-run --user` works there), or as root",
}


@dataclass(frozen=True)
class Protection:
    """Whether this machine enforces the limits, and how."""

    layers: tuple[Layer, ...]
    can_still: tuple[str, ...]
    """What code can still do, one sentence each; empty when no code runs."""
    cannot: tuple[str, ...] = ()
    """What honest code cannot do at this level although it can at the strongest one."""
    level: str | None = None
    """The name of the level; None when no code runs."""
    refusal: SandboxUnavailable | None = None
    """Why `serve` and `exec` refuse to run code; None when they run it."""

    @property
    def has_mounts(self) -> bool:
        """Return whether code finds its files in /mnt/data, as at the strongest level."""
        return self.level == LEVELS[0]

    @property
    def first_line(self) -> str:
        """Return the protection in one line."""
        if self.refusal is not None:
            return f"refused: {self.refusal.message}"
        names = [
            f"{layer.name} (measured)" if layer.remedy else layer.name for layer in self.layers if layer.is_on
        ]
        off = [layer.name for layer in self.layers if not layer.is_on]
        return f"level {self.level}: {', '.join(names)}" + (f"; no {', '.join(off)} here" if off else "")

    def as_json(self) -> dict[str, Any]:
        """Return the object that `doctor --json` prints and `/health` contains."""
        return {
            "holds": self.refusal is None,
            "level": self.level,
            "layers": [layer.as_json() for layer in self.layers],
            "can_still": list(self.can_still),
            "cannot": list(self.cannot),
            "refusal": None
            if self.refusal is None
            else {"error": self.refusal.message, "hint": self.refusal.hint},
        }


def holding(
    level: str,
    limits: Limits,
    folders: tuple[str, ...],
    scratch_folder: str,
    before: Sequence[SandboxUnavailable] = (),
    lacks: tuple[str, ...] = (),
    *,
    is_root: bool,
    cgroup_version: int,
) -> Protection:
    """Return the protection of a machine where a jail was made: see levels.Facts.

    `cgroup_version` is that of each jail's memory cgroup; 0 if there is none.
    """
    amount = spell_bytes(limits.memory_bytes)
    memory = Layer(
        "memory",
        True,
        f"{amount}, held by the kernel: each jail has a memory cgroup (version {cgroup_version})",
    )
    if not cgroup_version:
        memory = Layer(
            "memory",
            True,
            f"{amount}, measured by the jail's init: no memory cgroup can be made here",
            _REMEDIES[is_root],
        )
    facts = levels.Facts(
        limits, folders, scratch_folder, is_root, memory, cgroup_version > 0, tuple(before), lacks
    )
    its = levels.find(level)
    return Protection(its.layers(facts), its.can_still(facts), its.cannot(facts), level)


def refusing(error: SandboxUnavailable) -> Protection:
    """Return the protection of a machine where no jail could be made."""
    steps_by_layer = levels.find(LEVELS[0]).STEPS
    first = error.before[0] if error.before else error
    names = list(steps_by_layer)
    failed = next((name for name, steps in steps_by_layer.items() if first.step in steps), names[0])
    layers = [
        Layer(name, False, first.message, first.hint)
        if name == failed
        else Layer(name, False, "not tried: an earlier layer is off")
        for name in names
        if names.index(name) >= names.index(failed)
    ]
    on = [Layer(name, True, "set up before the step that failed") for name in names[: names.index(failed)]]
    return Protection((*on, *layers), (), refusal=error)
