"""What is said of the level of Landlock."""

from pathlib import Path

from plugcli.sandbox.amounts import spell_bytes, spell_seconds
from plugcli.sandbox.jail.landlock import abi
from plugcli.sandbox.layer import Layer
from plugcli.sandbox.levels import Facts

_PTRACE_SCOPE = Path("/proc/sys/kernel/yama/ptrace_scope")  # security/yama/yama_lsm.c

PROMISES = {
    "needs": "Linux 5.13 with Landlock",
    "network": "none; no socket can be made but a pair of connected streams",
    "files": "a folder of its own on the disk; the interpreter and /usr to read. Nothing else can be opened, but whether a path exists, "
    "and its size, owner, mode and times, can be seen",
    "names of its files": "a folder with a random name; the working directory, TMPDIR and HOME say where",
    "/proc": "the interpreter's own files and some of the machine",
    "leftovers": "the jail's init allows every birth and kills all of its descendants, and a process that outlives the launcher removes "
    "the folder. If the launcher and the init are killed at once, what the code had started ends too if plugcli is root, because each jail "
    "has a uid; else it can stay, confined and unable to start anything. If that process is killed with them, the next start with the "
    "same TMPDIR does its work",
    "other processes": "their numbers can be guessed; signals do not reach them (by Landlock from Linux 6.12 on; before that the "
    "init sends all signals)",
    "memory": "held by the kernel where there are cgroups, else measured",
    "disk": "measured many times a second; a run over its quota is ended, and has been over it for a moment",
    "processes and threads": "counted by the jail's init",
    "what the kernel counts per user": "counted with the user's other programs if plugcli is not root; a jail has a share of pipes, locks "
    "and epoll watches, and no inotify",
    "privileges": "no capabilities; a uid of its own as root, else the user's own",
    "multiprocessing": "pools, queues and shared memory by fork; no Manager, no start method forkserver",
}
STEPS = {
    "landlock": ("level", "landlock"),
    "files": ("files", "confinement"),
    "network": (),
    "privileges": ("privileges", "identity", "hiding", "session", "signals", "start"),
    "seccomp": ("seccomp",),
    "limits": ("limits", "cpus"),
    "memory": ("memory cgroup",),
    "interpreter": ("interpreter", "entry"),
}


def layers(facts: Facts) -> tuple[Layer, ...]:
    """Return the layers of a jail that was made."""
    limits = facts.limits
    kernel = abi()
    first = facts.before[0] if facts.before else None
    who = "a uid of its own, outside this machine's users" if facts.is_root else "your own uid"
    signals = (
        "Landlock keeps signals in the jail"
        if kernel.confines_signals
        else "the jail's init sends signals for the code"
    )
    return (
        *([] if first is None else [Layer("namespaces", False, first.message, first.hint)]),
        Layer("landlock", True, f"version {kernel.version}; {signals}"),
        Layer(
            "files",
            True,
            f"a folder of its own in {facts.scratch_folder}; the interpreter and /usr to read; nothing else can be opened",
        ),
        Layer("network", True, "none: no socket can be made but pairs of connected streams"),
        Layer("privileges", True, f"no capabilities, no new privileges, {who}"),
        Layer(
            "seccomp",
            True,
            "system calls that Python work does not need are refused; some are made by the jail's init",
        ),
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
    disk = spell_bytes(limits.workspace_bytes_held + limits.scratch_bytes)
    overshoot = (
        ()
        if facts.has_memory_cgroup
        else (f"use up to a tenth more than {amount} of memory for some milliseconds before it is ended",)
    )
    return (
        f"read everything in {seen}",
        "find out whether a file exists anywhere on this machine, its size, owner, mode and times, and where a link leads, but not open it",
        "see the machine's host name, processor, kernel version, load and uptime, and which process ids are in use",
        f"keep {limits.cpus} CPUs busy for {spell_seconds(limits.wall_seconds)}, or {spell_seconds(limits.wall_seconds_max)} when asked",
        f"hold {amount} of memory, and {disk} of files on the disk of {facts.scratch_folder}, for a moment more",
        "learn from timing what else the machine is doing (side channels are not closed)",
        *overshoot,
    )


def cannot(facts: Facts) -> tuple[str, ...]:
    """Return what honest code cannot do here although it can at the strongest level."""
    return (
        "open a socket, not even on a loopback: no local servers, no multiprocessing.Manager, no start method forkserver",
        "pass an open file to another process through a socket",
        "use /mnt/data and /tmp by these names: the working directory and TMPDIR say where they are",
        "read files in /proc of other processes than the interpreter, or of the network and the mounts",
        "watch files with inotify",
        "look up users by number: pwd, whoami, id -un",
        *(
            ()
            if abi().version >= 2
            else ("rename or link a file into another folder (os.rename says EXDEV; shutil.move copies)",)
        ),
        *hidden_by_yama(_PTRACE_SCOPE.read_text().strip() if _PTRACE_SCOPE.exists() else "0"),
    )


def hidden_by_yama(ptrace_scope: str) -> tuple[str, ...]:
    """Return what fails where no process may read another's memory: the jail's init cannot read the paths that the code names."""
    if ptrace_scope not in ("2", "3"):
        return ()
    what = (
        "change a file's mode, owner or times by its name (EPERM: chmod, shutil.copy), or make POSIX semaphores (EACCES: "
        f"multiprocessing.Lock): kernel.yama.ptrace_scope is {ptrace_scope}. With 1, both work"
    )
    return (what,)
