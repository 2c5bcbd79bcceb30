"""What is said of the level of namespaces."""

from plugcli.sandbox.amounts import spell_bytes, spell_seconds
from plugcli.sandbox.jail.landlock import abi
from plugcli.sandbox.layer import Layer
from plugcli.sandbox.levels import Facts

PROMISES = {
    "needs": "Linux 5.14, and user namespaces or root",
    "network": "none; a loopback of its own for honest code",
    "files": "a root of its own in memory; the interpreter and /usr, read-only",
    "names of its files": "/mnt/data, /tmp and a home folder, the same in every jail",
    "/proc": "its own, read-only, with its own processes",
    "leftovers": "the kernel ends all processes with the jail's first one, and its files with the last of them",
    "other processes": "not visible, so they cannot be signalled or looked into",
    "memory": "held by the kernel where there are cgroups, else measured; files count as memory",
    "disk": "none is used; a full workspace says ENOSPC",
    "processes and threads": "counted by the kernel for each jail",
    "what the kernel counts per user": "counted for each jail, which has a small share",
    "privileges": "no capabilities; a uid of its own as root, else the user's, alone in a user namespace",
    "multiprocessing": "all of it",
}
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
    filter_alone = containers_proc = counted = ""
    if "proc" in facts.lacks:
        filter_alone = "; the filter alone forbids more of them, because /proc/sys is read-only here"
        containers_proc = (
            "; parts of /proc are covered here, so it has this container's, read-only: "
            "Landlock leaves it its own process and what says nothing of others"
        )
        counted = "; its buffers are counted, because /proc/sys is read-only here"
    return (
        Layer("namespaces", True, f"user, pid, mount, net, ipc, uts and cgroup{filter_alone}"),
        Layer(
            "files", True, f"a root of its own in memory; the interpreter and /usr read-only{containers_proc}"
        ),
        Layer("network", True, f"none but a loopback of its own{counted}"),
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
        *(["see this container's host name"] if "host name" in facts.lacks else []),
        *(["see which process ids are in use in this container"] if "proc" in facts.lacks else []),
    )


def cannot(facts: Facts) -> tuple[str, ...]:
    """Return what a covered /proc takes away; nothing else, because this is the strongest level."""
    if "proc" not in facts.lacks:
        return ()
    return (
        "read /proc/self in a process that the interpreter starts, apart from its open files",
        "watch files with inotify",
        *(
            ()
            if abi().version >= 2
            else ("rename or link a file into another folder (os.rename says EXDEV; shutil.move copies)",)
        ),
    )
