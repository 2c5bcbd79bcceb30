"""What is said of the level of namespaces."""

from plugcli.sandbox.amounts import spell_bytes, spell_seconds
from plugcli.sandbox.layer import Layer
from plugcli.sandbox.levels import Facts

STEPS = {
    "namespaces": ("namespaces", "host name", "session", "signals", "identity", "start"),
    "files": ("files",),
    "network": ("network",),
    "privileges": ("hiding",),
    "seccomp": ("privileges",),
    "limits": ("limits", "cpus"),
    "memory": ("memory cgroup",),
    "interpreter": ("interpreter",),
}


def layers(facts: Facts) -> tuple[Layer, ...]:
    """Return the layers of a jail that was made."""
    limits = facts.limits
    who = (
        "a uid of its own, outside this machine's users"
        if facts.is_root
        else "your own uid, alone in a user namespace"
    )
    return (
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
        facts.memory,
    )


def can_still(facts: Facts) -> tuple[str, ...]:
    """Return what code can still do, one sentence each."""
    limits = facts.limits
    amount = spell_bytes(limits.memory_bytes)
    seen = ", ".join(("/usr", *facts.folders))
    overshoot = (
        ()
        if facts.has_memory_cgroup
        else (f"use up to a tenth more than {amount} of memory for some milliseconds before it is ended",)
    )
    return (
        f"read everything in {seen}, and connect to a unix socket there, if its mode allows it",
        f"keep {limits.cpus} CPUs busy for {spell_seconds(limits.wall_seconds)}, or {spell_seconds(limits.wall_seconds_max)} when asked",
        f"hold {amount} of memory, files in /tmp and /mnt/data included",
        "see the machine's processor, kernel version, load and uptime in /proc",
        "learn from timing what else the machine is doing (side channels are not closed)",
        *overshoot,
    )


def cannot(facts: Facts) -> tuple[str, ...]:
    """Return nothing: this is the strongest level."""
    return ()
