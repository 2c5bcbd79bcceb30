"""The files that a jail sees: a root with read-only copies of the folders in the Plan, and its own /proc, /dev/shm, /tmp and workspace.

All jails of a zygote have the same root, so the zygote makes it once and leaves the host's root behind. A jail's own folders are mounted
over it in the jail's mount namespace. Every source is opened before anything is covered.
"""

import os
from typing import NamedTuple

from . import libc
from .plan import HOME, WORKSPACE, Plan
from .syscall_plan import Blank, PreparedCall

_NOTHING = "/var/empty"  # an empty folder, as hier(7) has it elsewhere
_SCRATCH_HOME = "/run"  # the mount point of the tmpfs whose folders are the scratch folders
_SCRATCH = {"tmp": "/tmp", "var": "/var/tmp", "shm": "/dev/shm", "home": HOME}
_COVER = "/tmp"  # any directory of the host: nobody else sees what is mounted there
_DEVICES = ("null", "zero", "full", "random", "urandom")
_DEVICE_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}

# Files that Docker masks too: facts about the machine and its keys, and switches of root. Only those that this kernel has and lets other
# users open.
_MASKED_FILES = tuple(
    path
    for name in [
        "kcore",
        "keys",
        "key-users",
        "kallsyms",
        "kmsg",
        "timer_list",
        "sched_debug",
        "sysrq-trigger",
        "latency_stats",
        "kpagecount",
        "kpageflags",
        "kpagecgroup",
        "slabinfo",
        "vmallocinfo",
        "iomem",
        "ioports",
        "modules",
        "config.gz",
        "locks",  # it shows the open file description locks of all processes
    ]
    if os.path.exists(path := f"/proc/{name}") and os.stat(path).st_mode & 0o006
)
_MASKED_FOLDERS = tuple(
    path
    for name in ("acpi", "asound", "bus", "driver", "fs", "irq", "scsi", "sysvipc", "tty")
    if os.path.isdir(path := f"/proc/{name}")
)

# systemd mounts it on a folder that is always empty, and that hides nothing.
_COVER_NOTHING = ("/proc/sys/fs/binfmt_misc",)

_READ_ONLY = libc.MOUNT_ATTR_RDONLY | libc.MOUNT_ATTR_NOSUID | libc.MOUNT_ATTR_NODEV
_FLAGS = libc.MS_NOSUID | libc.MS_NODEV


class Tree(NamedTuple):
    """A detached copy of the mounts at one path of the host."""

    descriptor: int
    path: str
    is_folder: bool

    def attach(self) -> None:
        """Mount it at `path`, below the current folder while that is not yet the root."""
        _make_place(self.path, self.is_folder)
        libc.move_mount(self.descriptor, self.path.lstrip("/"))
        os.close(self.descriptor)


def enter_shared_root(plan: Plan) -> Tree:
    """Build the root that all jails share and make it the only one in this mount namespace; return the host's /proc, detached.

    To mount the /proc of a new pid namespace, a process must see a /proc that nothing covers: attach this one until the jail has its own.
    """
    libc.mount("", "/", "", libc.MS_REC | libc.MS_PRIVATE)
    proc = Tree(libc.open_tree("/proc"), "/proc", is_folder=True)
    trees = [_copy(path, path, _READ_ONLY) for path in plan.binds]
    devices = [
        _copy(f"/dev/{name}", f"/dev/{name}", _READ_ONLY & ~libc.MOUNT_ATTR_NODEV) for name in _DEVICES
    ]
    libc.mount("tmpfs", _COVER, "tmpfs", _FLAGS, "size=1m,nr_inodes=2k,mode=755")
    os.chdir(_COVER)
    for place in ("proc", _NOTHING, _SCRATCH_HOME, WORKSPACE, *_SCRATCH.values()):
        os.makedirs(place.lstrip("/"), mode=0o755, exist_ok=True)
    for tree in [*trees, *devices]:
        tree.attach()
    for target, path in plan.links:
        if not os.path.lexists(path.lstrip("/")):
            os.symlink(target, path.lstrip("/"))
    for path, text in plan.files:
        _write(path, text)
    for name, target in _DEVICE_LINKS.items():
        os.symlink(target, f"dev/{name}")
    libc.pivot_root(".", ".")
    libc.umount2(".", libc.MNT_DETACH)  # the old root, which is stacked under the new one
    os.chdir("/")
    libc.mount_setattr("/", _READ_ONLY & ~libc.MOUNT_ATTR_NODEV)
    return proc


def is_proc_covered() -> bool:
    """Whether something is mounted in /proc, so that it may be that no jail can mount its own."""
    with open("/proc/self/mountinfo") as file:
        places = [line.split(" ", 5)[4] for line in file]
    return any(place.startswith("/proc/") and place not in _COVER_NOTHING for place in places)


def own(plan: Plan, who: Blank, *, has_own_proc: bool) -> list[PreparedCall]:
    """Return the calls that mount a jail's own folders. They run in its mount namespace, with the zygote's capabilities."""
    size = f"size={plan.workspace_bytes},nr_inodes={plan.inodes}"
    options = who.text(f"{size},uid=%(uid)d,gid=%(gid)d,mode=755")
    return [
        *scratch(plan, who),
        libc.mount_call("tmpfs", WORKSPACE, "tmpfs", _FLAGS, options),
        *(_own_proc() if has_own_proc else _containers_proc()),
    ]


def scratch(plan: Plan, who: Blank) -> list[PreparedCall]:
    """Return the calls that mount one tmpfs for /tmp, /var/tmp, /dev/shm and the home folder, so that one size limits all of them."""
    # No uid= option: the mount point must not belong to the code, but each folder in it does.
    size = f"size={plan.scratch_bytes},nr_inodes={plan.inodes},mode=755"
    calls = [libc.mount_call("tmpfs", _SCRATCH_HOME, "tmpfs", _FLAGS, size)]
    for name, path in _SCRATCH.items():
        folder = f"{_SCRATCH_HOME}/{name}"
        calls += [
            PreparedCall(os.mkdir, (folder,)),
            PreparedCall(os.chmod, (folder, 0o700 if name == "home" else 0o1777)),
            *([libc.chown_call(folder, who)] if name == "home" else []),
            libc.mount_call(folder, path, "", libc.MS_BIND),
        ]
    covered = tuple(
        path for path in plan.binds if any(path.startswith(f"{top}/") for top in _SCRATCH.values())
    )
    if covered:  # for an interpreter in one of these folders
        trees: list[Tree] = []
        calls.insert(0, PreparedCall(_detach, (covered, trees)))
        calls.append(PreparedCall(_attach, (trees,)))
    return calls


def _detach(paths: tuple[str, ...], trees: list[Tree]) -> None:
    trees[:] = [Tree(libc.open_tree(path), path, os.path.isdir(path)) for path in paths]


def _attach(trees: list[Tree]) -> None:
    for tree in trees:
        tree.attach()


def umount_scratch() -> None:
    """Undo `scratch`."""
    for path in (*_SCRATCH.values(), _SCRATCH_HOME):
        libc.umount2(path, libc.MNT_DETACH)


def _own_proc() -> list[PreparedCall]:
    """Return the calls that mount the /proc of a jail's pid namespace in place of the host's, which must be visible until then.

    The code's /proc is read-only, because writing to it can undo restrictions (the out-of-memory score, for example). The init keeps the
    /proc below it as its current folder, which nobody else can reach. There it writes, and reads files that are masked above.
    """
    place = _SCRATCH["tmp"]
    return [
        libc.mount_call("proc", place, "proc", _FLAGS | libc.MS_NOEXEC),
        libc.umount2_call("/proc", libc.MNT_DETACH),
        libc.mount_call(place, "/proc", "", libc.MS_MOVE),
        PreparedCall(os.chdir, ("/proc",)),
        libc.mount_call("/proc", "/proc", "", libc.MS_BIND),
        libc.mount_setattr_call("/proc", libc.MOUNT_ATTR_RDONLY),
        *[libc.mount_call("/dev/null", path, "", libc.MS_BIND) for path in _MASKED_FILES],
        *[libc.mount_call(_NOTHING, path, "", libc.MS_BIND) for path in _MASKED_FOLDERS],
    ]


def _containers_proc() -> list[PreparedCall]:
    """Return the calls that make the /proc that is already there read-only, with a writable one below it. See own_proc.py."""
    return [
        PreparedCall(os.chdir, ("/proc",)),
        libc.mount_call(
            "/proc", "/proc", "", libc.MS_BIND | libc.MS_REC
        ),  # what covers parts of it must stay
        libc.mount_setattr_call("/proc", libc.MOUNT_ATTR_RDONLY),
        *[libc.mount_call(_NOTHING, path, "", libc.MS_BIND) for path in _MASKED_FOLDERS],
    ]


def _copy(source: str, path: str, attributes: int) -> Tree:
    is_folder = os.path.isdir(source)
    tree = libc.open_tree(source)
    libc.mount_setattr(tree, attributes)
    return Tree(tree, path, is_folder)


def _make_place(path: str, is_folder: bool) -> None:
    """Create the mount point for `path`, below the current folder; `path` is absolute in the jail."""
    place = path.lstrip("/")
    if os.path.lexists(place):
        return
    parent = place if is_folder else os.path.dirname(place)
    os.makedirs(parent or ".", mode=0o755, exist_ok=True)
    if not is_folder:
        os.close(os.open(place, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))


def _write(path: str, text: str) -> None:
    place = path.lstrip("/")
    os.makedirs(os.path.dirname(place) or ".", mode=0o755, exist_ok=True)
    descriptor = os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
