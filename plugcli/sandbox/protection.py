"""How this machine confines code, layer by layer, and what code can still do. `doctor`, `/health` and `serve` use the same words.

All of it rests on a jail that was really made, never on a search for features.
"""

from dataclasses import dataclass
from typing import Any

from plugcli.errors import SandboxUnavailable
from plugcli.sandbox.amounts import spell_bytes, spell_seconds
from plugcli.sandbox.limits import Limits

LEVEL = "namespaces"

# The steps of the launcher and of the jail's init that belong to each layer, in the order in which a jail is made.
_STEPS = {
    "namespaces": ("namespaces", "host name", "session", "signals", "identity", "start"),
    "files": ("files",),
    "network": ("network",),
    "privileges": ("hiding",),
    "seccomp": ("privileges",),
    "limits": ("limits", "cpus"),
    "memory": ("memory cgroup",),
    "interpreter": ("interpreter",),
}


_REMEDY = (
    "run plugcli in a systemd unit with `Delegate=memory pids cpu`, from a login session of a user with a systemd manager "
    "(`systemd-run --user` works there), or as root"
)


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


@dataclass(frozen=True)
class Protection:
    """Whether this machine enforces the limits, and how."""

    layers: tuple[Layer, ...]
    can_still: tuple[str, ...]
    """What code can still do, one sentence each; empty when no code runs."""
    refusal: SandboxUnavailable | None = None
    """Why `serve` and `exec` refuse to run code; None when they run it."""

    @property
    def first_line(self) -> str:
        """Return the protection in one line."""
        if self.refusal is not None:
            return f"refused: {self.refusal.message}"
        names = [
            f"{layer.name} (measured)" if layer.remedy else layer.name for layer in self.layers if layer.is_on
        ]
        return f"level {LEVEL}: {', '.join(names)}"

    def as_json(self) -> dict[str, Any]:
        """Return the object that `doctor --json` prints and `/health` contains."""
        return {
            "holds": self.refusal is None,
            "level": LEVEL if self.refusal is None else None,
            "layers": [layer.as_json() for layer in self.layers],
            "can_still": list(self.can_still),
            "refusal": None
            if self.refusal is None
            else {"error": self.refusal.message, "hint": self.refusal.hint},
        }


def holding(limits: Limits, folders: tuple[str, ...], *, is_root: bool, cgroup_version: int) -> Protection:
    """Return the protection of a machine where a jail was made. `folders`: what its code sees of the host besides /usr.

    `cgroup_version` is that of each jail's memory cgroup; 0 if there is none.
    """
    who = (
        "a uid of its own, outside this machine's users"
        if is_root
        else "your own uid, alone in a user namespace"
    )
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
            _REMEDY,
        )
    layers = (
        Layer("namespaces", True, "user, pid, mount, net, ipc, uts and cgroup"),
        Layer("files", True, "a root of its own in memory; the interpreter and /usr read-only"),
        Layer("network", True, "none but a loopback of its own"),
        Layer("privileges", True, f"no capabilities, no new privileges, {who}"),
        Layer("seccomp", True, "system calls that Python work does not need are refused"),
        Layer(
            "limits",
            True,
            f"{limits.processes} processes, {limits.open_files} open files, {limits.cpus} CPUs",
        ),
        memory,
    )
    seen = ", ".join(("/usr", *folders))
    overshoot = (
        ()
        if cgroup_version
        else (f"use up to a tenth more than {amount} of memory for some milliseconds before it is ended",)
    )
    can_still = (
        f"read everything in {seen}, and connect to a unix socket there, if its mode allows it",
        f"keep {limits.cpus} CPUs busy for {spell_seconds(limits.wall_seconds)}, or {spell_seconds(limits.wall_seconds_max)} when asked",
        f"hold {amount} of memory, files in /tmp and /mnt/data included",
        "see the machine's processor, kernel version, load and uptime in /proc",
        "learn from timing what else the machine is doing (side channels are not closed)",
        *overshoot,
    )
    return Protection(layers, can_still)


def refusing(error: SandboxUnavailable) -> Protection:
    """Return the protection of a machine where no jail could be made."""
    names = list(_STEPS)
    failed = next((name for name, steps in _STEPS.items() if error.step in steps), names[0])
    layers = [
        Layer(name, False, error.message, error.hint)
        if name == failed
        else Layer(name, False, "not tried: an earlier layer is off")
        for name in names
        if names.index(name) >= names.index(failed)
    ]
    on = [Layer(name, True, "set up before the step that failed") for name in names[: names.index(failed)]]
    return Protection((*on, *layers), (), error)
