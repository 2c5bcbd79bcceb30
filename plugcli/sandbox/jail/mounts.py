"""The files a jail sees: a new root with read-only copies of what the Plan names, its own /proc, /dev, /tmp and workspace.

Runs as pid 1 of the jail's namespaces, with its capabilities over them. Every source is opened before anything is covered, and the old
root is gone when this returns.
"""

import os
from typing import NamedTuple

from . import libc
from .plan import HOME, WORKSPACE, Identity, Plan

_COVER = "/tmp"  # any directory of the host: what is mounted there is seen by nobody else
_DEVICES = ("null", "zero", "full", "random", "urandom")
_DEVICE_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}

# What Docker masks too: facts about the machine and its keys, and the switches of root. Missing ones are no loss.
_MASKED_FILES = (
    *(
        "kcore",
        "keys",
        "key-users",
        "kallsyms",
        "kmsg",
        "timer_list",
        "sched_debug",
        "sysrq-trigger",
        "latency_stats",
    ),
    *(
        "kpagecount",
        "kpageflags",
        "kpagecgroup",
        "slabinfo",
        "vmallocinfo",
        "iomem",
        "ioports",
        "modules",
        "config.gz",
    ),
)
_MASKED_FOLDERS = ("acpi", "asound", "bus", "driver", "fs", "irq", "scsi", "sysvipc", "tty")

_READ_ONLY = libc.MOUNT_ATTR_RDONLY | libc.MOUNT_ATTR_NOSUID | libc.MOUNT_ATTR_NODEV
_FLAGS = libc.MS_NOSUID | libc.MS_NODEV


class _Tree(NamedTuple):
    """A detached, read-only copy of the mounts at one place of the host."""

    descriptor: int
    path: str
    is_folder: bool

    def attach(self) -> None:
        _make_place(self.path, self.is_folder)
        libc.move_mount(self.descriptor, self.path.lstrip("/"))
        os.close(self.descriptor)


def enter_new_root(plan: Plan, identity: Identity) -> None:
    """Build the jail's root and make it this mount namespace's only one."""
    libc.mount("", "/", "", libc.MS_REC | libc.MS_PRIVATE)
    trees = [_copy(path, path, _READ_ONLY) for path in plan.binds]
    devices = [
        _copy(f"/dev/{name}", f"/dev/{name}", _READ_ONLY & ~libc.MOUNT_ATTR_NODEV) for name in _DEVICES
    ]

    libc.mount("tmpfs", _COVER, "tmpfs", _FLAGS, "size=1m,nr_inodes=2k,mode=755")
    os.chdir(_COVER)
    _mount_scratch(plan, identity)
    _mount_workspace(plan, identity)
    for tree in [*trees, *devices]:
        tree.attach()
    for target, path in plan.links:
        if not os.path.lexists(path.lstrip("/")):
            os.symlink(target, path.lstrip("/"))
    for path, text in plan.files:
        _write(path, text)
    for name, target in _DEVICE_LINKS.items():
        os.symlink(target, f"dev/{name}")
    _mount_proc()

    libc.pivot_root(".", ".")
    libc.umount2(".", libc.MNT_DETACH)  # the old root, stacked under the new one
    os.chdir("/")
    libc.mount_setattr("/", _READ_ONLY & ~libc.MOUNT_ATTR_NODEV)


def _copy(source: str, path: str, attributes: int) -> _Tree:
    is_folder = os.path.isdir(source)
    tree = libc.open_tree(source)
    libc.mount_setattr(tree, attributes)
    return _Tree(tree, path, is_folder)


def _mount_scratch(plan: Plan, identity: Identity) -> None:
    """Mount one tmpfs behind /tmp, /var/tmp, /dev/shm and the home folder, so that one size bounds them all."""
    os.mkdir("scratch")
    # No uid= option: the mount point belongs to nobody the code is, each folder in it to the code.
    libc.mount(
        "tmpfs", "scratch", "tmpfs", _FLAGS, f"size={plan.scratch_bytes},nr_inodes={plan.inodes},mode=755"
    )
    for name, path, mode in (
        ("tmp", "tmp", 0o1777),
        ("var", "var/tmp", 0o1777),
        ("shm", "dev/shm", 0o1777),
        ("home", HOME, 0o700),
    ):
        folder = f"scratch/{name}"
        os.mkdir(folder)
        os.chmod(folder, mode)
        if name == "home":
            os.chown(folder, identity.setup_uid, identity.setup_gid)
        tree = _Tree(libc.open_tree(folder), path, is_folder=True)
        tree.attach()
    libc.umount2("scratch", libc.MNT_DETACH)
    os.rmdir("scratch")


def _mount_workspace(plan: Plan, identity: Identity) -> None:
    _make_place(WORKSPACE, is_folder=True)
    owner = f"uid={identity.setup_uid},gid={identity.setup_gid},mode=755"
    size = f"size={plan.workspace_bytes},nr_inodes={plan.inodes}"
    libc.mount("tmpfs", WORKSPACE.lstrip("/"), "tmpfs", _FLAGS, f"{size},{owner}")


def _mount_proc() -> None:
    os.mkdir("proc")
    libc.mount("proc", "proc", "proc", _FLAGS | libc.MS_NOEXEC)
    for name in _MASKED_FILES:
        if os.path.exists(f"proc/{name}"):
            _Tree(libc.open_tree("dev/null"), f"proc/{name}", is_folder=False).attach()
    for name in _MASKED_FOLDERS:
        if os.path.isdir(f"proc/{name}"):
            libc.mount("tmpfs", f"proc/{name}", "tmpfs", _FLAGS, "size=4k,nr_inodes=1,mode=555")
            libc.mount_setattr(f"proc/{name}", _READ_ONLY)


def _make_place(path: str, is_folder: bool) -> None:
    """Make what a mount at `path` (below the current folder, absolute in the jail) needs to exist."""
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
