"""What code sees in /proc where the kernel does not let its jail mount a /proc of its own: its interpreter, and facts about the machine.

A container's engine covers parts of /proc, and then no user namespace below may mount another one, because it would show what is covered
(mount_too_revealing in fs/namespace.c). So a jail has the container's, read-only, and Landlock denies the code to read any file in it but
these. Names are still there, and stat(2) works: the code learns which pids the container has, and nothing of what they are.
"""

import errno
import os
from collections.abc import Iterable

from . import landlock, libc
from .meeting import Meeting
from .syscall_plan import PreparedCall

OF_THE_MACHINE = (
    "cpuinfo",
    "meminfo",
    "stat",
    "loadavg",
    "uptime",
    "version",
    "filesystems",
    "sys/kernel/osrelease",
    "sys/kernel/pid_max",
    "sys/kernel/cap_last_cap",
    "sys/kernel/random/uuid",
    "sys/vm/overcommit_memory",
    "sys/vm/max_map_count",
)
"""Files in /proc that say nothing of other processes."""
_REFER = (
    1 << 13
)  # LANDLOCK_ACCESS_FS_REFER: rules that do not give it forbid to move a file to another folder
_CONFINED = b"confined"


class Confinement:
    """Landlock's rules for the interpreter of one jail: everything as without them, but in /proc only its own files and some others.

    The init makes the rules. A rule belongs to an inode, and /proc makes a new one for a file that the kernel has forgotten, so the init
    keeps a descriptor of each.
    """

    descriptor = -1

    def __init__(self, kernel: landlock.Abi) -> None:
        self._kernel = kernel
        self._kept: list[int] = []

    def make(self) -> None:
        """Make the rules but for those on the interpreter's own files. Runs in the init, once the jail's files are there."""
        handled = (landlock.READ_FILE | _REFER) & self._kernel.handled_files
        self._rules = libc.landlock_create_ruleset(self._kernel.version, handled, 0, 0)
        for name in os.listdir("/"):
            if name != "proc":
                place = os.open(f"/{name}", os.O_PATH | os.O_CLOEXEC)
                is_folder = os.path.isdir(f"/{name}")
                libc.landlock_add_rule(self._rules, handled if is_folder else landlock.READ_FILE, place)
                os.close(place)
        for name in OF_THE_MACHINE:
            if os.path.exists(f"/proc/{name}"):
                self._allow(name)
        self._meeting = Meeting()

    def confine_interpreter(self, calls: Iterable[PreparedCall]) -> None:
        """Make `calls`, then confine this process, the interpreter. Raises OSError."""
        self._meeting.confine_interpreter(self._rules, calls, lambda ours: ours.sendall(_CONFINED))

    def confine(self, interpreter: int) -> None:
        """Let the interpreter confine itself. Runs in the init. Raises OSError."""
        self._allow(self._meeting.name())
        words, _ = self._meeting.let_go()
        if words != _CONFINED.decode():
            raise OSError(errno.ECHILD, words)

    def confine_scribe(self) -> None:
        """Confine a fork of the init as the code is confined."""
        libc.landlock_restrict_self(self._rules)

    def _allow(self, name: str) -> None:
        """Allow to read a file or a folder of /proc."""
        self._kept.append(os.open(f"/proc/{name}", os.O_PATH | os.O_CLOEXEC))
        libc.landlock_add_rule(self._rules, landlock.READ_FILE, self._kept[-1])
