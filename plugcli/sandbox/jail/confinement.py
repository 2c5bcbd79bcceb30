"""How the interpreter of a jail at the level of Landlock is confined: the last thing before it is ready."""

import contextlib
import errno
import os
import socket
import sys
from collections.abc import Iterable
from typing import Any

from . import folders, landlock, landlock_filter, libc
from .meeting import Meeting
from .plan import Plan
from .syscall_plan import Blank, PreparedCall, make

_OF_THE_INTERPRETER = (
    "auxv",
    "cmdline",
    "comm",
    "fd",
    "fdinfo",
    "io",
    "limits",
    "maps",
    "oom_score",
    "oom_score_adj",
    "smaps",
    "smaps_rollup",
    "stat",
    "statm",
    "status",
)
"""Files in /proc/PID that say nothing of the network, the mounts and the cgroups, which are the host's."""


class Confinement:
    """How the interpreter of one jail is confined, with its init's help.

    The init makes the rules, because a rule on a file in /proc holds only as long as somebody keeps that file's entry in the kernel's
    cache, and the code could close a descriptor. The interpreter installs the filter that asks first, hands over its listener, and then
    installs the filter that would forbid that.
    """

    def __init__(
        self,
        kernel: landlock.Abi,
        plan: Plan,
        who: Blank,
        seen: list[landlock.Place],
        top: folders.Top,
        start: str,
        *,
        has_group: bool,
    ) -> None:
        """`seen` is what the code of all jails may use. `top` is the launcher's folder, and in it `start` is the folder that the zygotes'
        imports could write to.
        """
        self._kernel = kernel
        self._plan = plan
        self._who = who
        self._seen = seen
        self._top = top
        self._start = start
        self.descriptor = -1
        machine = os.uname().machine
        self._denying = libc.seccomp_filter_call(landlock_filter.denying(machine, kernel))
        self._asking = landlock_filter.asking(machine, kernel, counts_memory=not has_group)
        self._kept: list[int] = []

    @property
    def folder(self) -> str:
        """Return the folder of the jail."""
        return self._who.folder

    def make(self) -> None:
        """Confine this process, the init, to its own jail, and make the rules for the code but for those on the interpreter's own files."""
        folder, start = self._top.open(self.folder), self._top.open(self._start)
        # Of the zygotes' folder, modules remember paths, and matplotlib a list of fonts.
        seen = [*self._seen, landlock.Place(start, True, landlock.READ)]
        own = landlock.Ruleset(self._kernel)  # a fault of the init reaches no other jail
        for place in (*seen, landlock.Place(folder, True, landlock.EVERYTHING)):
            own.allow_place(place)
        own.allow("/proc", landlock.READ | landlock.WRITE_FILE)
        own.restrict_self()
        own.close()
        # Not on the folder itself, nor on the one for shared memory: what the code could move there, the init would take for its own.
        inner = [os.open(name, folders.PLACE, dir_fd=folder) for name in folders.OWN if name != "shm"]
        self._rules = landlock.Ruleset(self._kernel)
        for place in (*seen, *(landlock.Place(each, True, landlock.EVERYTHING) for each in inner)):
            self._rules.allow_place(place)
        for descriptor in (folder, start, *inner):
            os.close(descriptor)
        self._meeting = Meeting()

    def settle_in(self) -> None:
        """Go to the workspace, and have the environment name the jail's folders. Runs in the interpreter."""
        places = folders.places(self.folder)
        os.environ.update(folders.environment(places))
        os.chdir(places.workspace)
        for path, text in self._plan.files:
            if path in folders.FILES:
                text = text.replace("/tmp/", f"{places.scratch}/")
                folders.write(f"{places.home}/{folders.FILES[path][0]}", text)
        _forget_folders()

    def confine_interpreter(self, calls: Iterable[PreparedCall]) -> None:
        """Make `calls`, then confine this process, the interpreter. Raises OSError."""

        def hand_over_the_listener(ours: socket.socket) -> None:
            listener = libc.seccomp_listener(self._asking, is_killable_only=True)
            socket.send_fds(ours, [b"listener"], [listener])
            os.close(listener)

        self._meeting.confine_interpreter(self._rules.descriptor, calls, hand_over_the_listener)
        make([self._denying])

    def confine(self, interpreter: int) -> None:
        """Let the interpreter confine itself, and take over the listener. Runs in the init. Raises OSError."""
        folder = f"/proc/{self._meeting.name()}"
        for name in _OF_THE_INTERPRETER:
            with contextlib.suppress(FileNotFoundError):
                own = landlock.place(f"{folder}/{name}", landlock.READ)
                self._kept.append(own.descriptor)
                self._rules.allow_place(own)
        words, descriptors = self._meeting.let_go()
        if not descriptors:
            raise OSError(errno.ECHILD, words)
        self.descriptor = descriptors[0]

    def confine_scribe(self) -> None:
        """Confine a fork of the init as the code is confined."""
        self._rules.restrict_self()


def _forget_folders() -> None:
    """Have imported modules look again for the folders that the environment names."""
    modules: dict[str, Any] = {**sys.modules}
    if "tempfile" in modules:
        modules["tempfile"].tempdir = None
    for name in ("get_configdir", "get_cachedir", "_get_config_or_cache_dir", "_get_xdg_config_dir"):
        function = getattr(modules.get("matplotlib"), name, None)
        if function is not None and hasattr(function, "cache_clear"):
            function.cache_clear()
