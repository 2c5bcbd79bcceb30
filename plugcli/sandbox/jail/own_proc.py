"""What code sees in /proc where the kernel does not let its jail mount a /proc of its own: its interpreter, and facts about the machine.

A container's engine covers parts of /proc, and then no user namespace below may mount another one, because it would show what is covered
(mount_too_revealing in fs/namespace.c). So a jail has the container's, read-only, and Landlock denies the code to read any file in it but
these. Names are still there, and stat(2) works: the code learns which pids the container has, and nothing of what they are.
"""

import errno
import fcntl
import os
import socket
from collections.abc import Iterable

from . import landlock, libc
from .descriptors import close_all_but
from .inside import DOOR
from .seccomp import ASK_FOR_SHARED_MEMORY, RULES, Deny, compiled
from .syscall_plan import PreparedCall, make

_OF_THE_MACHINE = (
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
_HARMLESS = (
    "/proc/sys/fs/binfmt_misc",
)  # systemd mounts it on a folder that is always empty, and that covers nothing
_REFER = (
    1 << 13
)  # LANDLOCK_ACCESS_FS_REFER: what does not handle and allow it forbids to move files between folders
_OUT_OF_THE_WAY = 64  # numbers of descriptors from here on
_WORDS_BYTES = 1024
# The init adds a rule, and the interpreter confines itself, when the filter is there. Nobody can make other rules.
_MAKES_NOTHING = "landlock_add_rule landlock_restrict_self"
# Without a writable /proc/sys, nothing bounds what a jail takes from all that its user may watch.
_NO_WATCHES = Deny(errno.ENOSYS, "inotify_init inotify_init1")


def pin_files_of_the_machine() -> list[int]:
    """Return descriptors of the files in /proc that say nothing of other processes.

    A rule belongs to an inode, and /proc makes a new one for a file that the kernel has forgotten. Descriptors prevent that.
    """
    return [
        os.open(path, os.O_PATH | os.O_CLOEXEC)
        for name in _OF_THE_MACHINE
        if os.path.exists(path := f"/proc/{name}")
    ]


def filter_program(*, asks: bool) -> bytes:
    """Return the filter of such a jail, which asks before shared mappings if `asks`."""
    rules = (_NO_WATCHES, *(rule for rule in RULES if rule.calls != _MAKES_NOTHING))
    return compiled(os.uname().machine, (*rules, ASK_FOR_SHARED_MEMORY) if asks else rules)


def can_be_mounted() -> bool:
    """Whether a new pid namespace of this user namespace can mount its /proc. Raises OSError if that fails for another reason."""
    with open("/proc/self/mountinfo") as file:
        places = [line.split(" ", 5)[4] for line in file]
    if not any(place.startswith("/proc/") and place not in _HARMLESS for place in places):
        return True
    fork, arguments = libc.cloning(libc.CLONE_NEWPID | libc.CLONE_NEWNS)
    pid = fork(*arguments)
    if pid == 0:
        code = errno.EIO
        try:
            libc.mount("proc", "/tmp", "proc", libc.MS_NOSUID | libc.MS_NODEV | libc.MS_NOEXEC)
            code = 0
        except OSError as error:
            code = error.errno or errno.EIO
        finally:
            os._exit(code)
    if pid < 0:
        raise libc.failure("clone")
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code not in (0, errno.EPERM):
        raise OSError(code, f"mount: {os.strerror(abs(code))}", "/proc")
    return code == 0


class Confinement:
    """Landlock's rules for the interpreter of one jail: everything as without them, but in /proc only its own files and `pins`.

    The init makes the rules and keeps the interpreter's folder in /proc. Raises OSError if the kernel has no Landlock.
    """

    descriptor = -1

    def __init__(self, pins: list[int]) -> None:
        self._pins = pins
        self._kernel = landlock.abi()
        if not self._kernel.version:
            raise OSError(
                errno.EOPNOTSUPP,
                "parts of /proc are covered, as in a container, and there is no Landlock to hide the rest",
            )

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
        for pin in self._pins:
            libc.landlock_add_rule(self._rules, landlock.READ_FILE, pin)
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def confine_interpreter(self, calls: Iterable[PreparedCall]) -> None:
        """Make `calls`, then confine this process, the interpreter. Raises OSError, and has told the init why."""
        rules, channel = (
            fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, _OUT_OF_THE_WAY)
            for each in (self._rules, self._theirs.fileno())
        )
        close_all_but(DOOR, rules, channel)
        with socket.socket(fileno=channel) as ours:
            try:
                make(calls)
                ours.send(os.readlink("/proc/self").encode())  # our pid in the container's namespace
                if ours.recv(16) != b"go":
                    raise OSError(errno.ECONNRESET, "the jail's init is gone")
                libc.landlock_restrict_self(rules)
                ours.send(b"confined")
            except OSError as error:
                ours.send(str(error).encode()[:_WORDS_BYTES])
                raise
        os.close(rules)

    def confine(self, interpreter: int) -> None:
        """Let the interpreter confine itself. Runs in the init. Raises OSError."""
        self._theirs.close()
        name = self._hear()
        self._kept = os.open(f"/proc/{int(name)}", os.O_PATH | os.O_CLOEXEC)
        libc.landlock_add_rule(self._rules, landlock.READ_FILE, self._kept)
        self._ours.send(b"go")
        if (words := self._hear()) != "confined":
            raise OSError(errno.ECHILD, words)
        self._ours.close()

    def confine_scribe(self) -> None:
        """Confine a fork of the init as the code is confined."""
        libc.landlock_restrict_self(self._rules)

    def _hear(self) -> str:
        words = self._ours.recv(_WORDS_BYTES).decode()
        if not words:
            raise OSError(errno.ECHILD, "the interpreter ended before it was confined")
        return words
