"""What jails have in place of a /proc of their own where a container covers parts of it, and what follows from that.

The /proc is the container's, and so is its /proc/sys, which is read-only: see own_proc.py and outer_names.py.
"""

import errno
import os

from . import landlock, libc
from .outer_names import OuterNames
from .own_proc import Confinement
from .seccomp import RULES, WHERE_MEASURED, Deny, compiled

# The init adds a rule, and the interpreter confines itself, when the filter is there. Nobody can make other rules.
_MAKES_NO_RULES = "landlock_add_rule landlock_restrict_self"
# Without a /proc/sys to write to, nothing bounds what a jail takes from all that its user may watch.
_NO_WATCHES = Deny(errno.ENOSYS, "inotify_init inotify_init1")


class Container:
    """The replacements. Made in the launcher, because a zygote does not see our files any more."""

    def __init__(self) -> None:
        self._kernel = landlock.abi()

    def can_mount_proc(self) -> bool:
        """Whether a new pid namespace of this user namespace can mount its /proc. Raises OSError if nothing can replace it."""
        fork, arguments = libc.cloning(libc.CLONE_NEWPID | libc.CLONE_NEWNS)
        pid = fork(*arguments)
        if pid < 0:
            raise libc.failure("clone")
        if pid == 0:
            code = errno.EIO
            try:
                libc.mount("proc", "/tmp", "proc", libc.MS_NOSUID | libc.MS_NODEV | libc.MS_NOEXEC)
                code = 0
            except OSError as error:
                code = error.errno or errno.EIO
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if not code:
            return True

        if code != errno.EPERM:
            raise OSError(code, f"mount: {os.strerror(abs(code))}", "/proc")
        if not self._kernel.version:
            raise OSError(
                code,
                "parts of /proc are covered, as in a container, and there is no Landlock to hide the rest",
            )
        OuterNames()  # raises OSError if the kernel does not tell who is in a jail
        return False

    def census(self) -> OuterNames:
        """Return the census of a jail. Runs in its init."""
        return OuterNames()

    def confinement(self) -> Confinement:
        """Return how the interpreter of a jail is confined."""
        return Confinement(self._kernel)

    def filter_program(self, *, asks: bool) -> bytes:
        """Return the filter of a jail, which asks before shared mappings if `asks`."""
        rules = (_NO_WATCHES, *(rule for rule in RULES if rule.calls != _MAKES_NO_RULES))
        return compiled(os.uname().machine, (*rules, *WHERE_MEASURED) if asks else rules)
