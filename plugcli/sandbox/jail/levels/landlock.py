"""The level of Landlock: no namespaces, but rules on files, a system call filter, and for root a uid of its own for each jail.

It is for machines that keep namespaces or mounts from us. Without mounts each jail has a folder on the host's disk, which the launcher
makes and removes, and without a pid namespace its init finds its processes as its descendants.
"""

import _signal  # type: ignore[import-not-found]
import contextlib
import errno
import fcntl
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from typing import Any

from .. import folders, janitor, landlock, landlock_filter, libc, limits, privileges, removal, uids
from ..census import Census
from ..descendants import Descendants
from ..descriptors import close_all_but
from ..inside import DOOR
from ..level import Accounts, Asking, Making, Prepared
from ..locks import Locks
from ..mappings import Mappings
from ..objects import OfPairs
from ..plan import UIDS, Places, Plan
from ..questions import Questions
from ..syscall_plan import Blank, PreparedCall, make, write_file

_OUT_OF_THE_WAY = 64  # numbers of descriptors from here on
_WORDS_BYTES = 1024
_DEVICES = ("null", "zero", "full", "random", "urandom")
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
"""Files in /proc that say nothing of other processes."""
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


class Here:
    """This level in one launcher."""

    name = "landlock"
    fork_flags = 0
    has_twins = False  # the twin knows its own pid by a pid namespace
    first_steps: frozenset[str] = frozenset()

    def __init__(self, plan: Plan, name: str, *, is_made_by_root: bool) -> None:
        self._plan = plan
        self._kernel = landlock.abi()
        if not self._kernel.version:
            raise OSError(errno.EOPNOTSUPP, "Landlock is not there")
        self._first_uid = uids.unused_range(UIDS) if is_made_by_root else 0
        libc.prctl(libc.PR_SET_CHILD_SUBREAPER, 1)  # the processes of a jail whose init was killed come to us
        self._top = folders.make_top(plan.folder, name)
        try:
            self._start = folders.make(self._top, folders.START, self.uid(0), self.gid(0), is_private=False)
        except OSError:
            removal.remove_all(self._top)
            raise
        self._janitor = janitor.start(self._top)
        self._pins = [
            os.open(path, os.O_PATH | os.O_CLOEXEC)
            for name in _OF_THE_MACHINE
            if os.path.exists(path := f"/proc/{name}")
        ]
        self._questions: Questions | None = None
        self.kept = (self._top.descriptor, *self._pins)

    def census(self) -> Descendants:
        """Return the census of a jail: its processes are those below its init."""
        return Descendants(lambda: self._questions.births.allowed if self._questions else 0)

    def accounts(self, door: int, started: float) -> Accounts:
        """Return what counts the use of a jail that shares the machine's network and file systems."""
        holdings = OfPairs(self._plan.memory_bytes, self._plan.open_files)
        return Accounts(holdings, Locks(started, is_apart=False), lambda: 0)

    def answering(
        self, listener: Asking, mappings: Mappings, census: Census, folder: str
    ) -> Callable[[], None]:
        """Return what answers the questions of the filter: see landlock_filter.py."""
        descriptor = self._top.open(folder)
        self._questions = Questions(listener.descriptor, descriptor, census, mappings, self._plan.processes)
        return self._questions.answer

    def uid(self, number: int) -> int:
        """Return the uid of the jail with this number in the range, or of the zygotes (0)."""
        return self._first_uid + number if self._first_uid else os.geteuid()

    def gid(self, number: int) -> int:
        """Return the gid of the jail with this number in the range, or of the zygotes (0)."""
        return self._first_uid + number if self._first_uid else os.getegid()

    def make_folder(self, jail: int, uid: int, gid: int) -> str:
        """Make the folder of a jail."""
        return folders.make(self._top, str(jail), uid, gid)

    def remove_folder(self, folder: str) -> None:
        """Remove the folder of a jail whose processes have ended. Whatever the code has done to it does not matter."""
        removal.remove(self._top.descriptor, os.path.basename(folder))

    def close(self) -> None:
        """Remove what is left in the launcher's folder."""
        self._janitor.finish(self._top)

    def end_strays(self, known: set[int], uid: int) -> None:
        """Kill what is left of jails whose init was killed: as their subreaper we have their processes."""
        if uid and self._first_uid:
            removal.end_all_of(self.uid(uid))
        ours = known | {self._janitor.pid}
        while strays := [pid for pid in _children() if pid not in ours]:
            for pid in strays:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)  # its children are ours then

    def places(self, folder: str) -> Places:
        """Return where a jail has what."""
        return folders.places(folder)

    def help_zygote(self, pid: int) -> None:
        """Zygotes need no help at this level."""

    def zygote(self, ask_launcher: Callable[[], None]) -> list[Making]:
        """Return what makes a zygote: it keeps only what it needs to give each jail a uid of its own."""
        return [
            ("privileges", lambda: libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)),
            *([("identity", self._leave_root)] if self._first_uid else []),
            ("hiding", lambda: libc.prctl(libc.PR_SET_DUMPABLE, 0)),
            ("landlock", self._confine_zygote),
            (
                "seccomp",
                lambda: make([libc.seccomp_filter_call(landlock_filter.of_zygote(os.uname().machine))]),
            ),
        ]

    def lend_home(self) -> None:
        """Let the imports write to a folder of the zygotes."""
        os.environ.update(folders.environment(folders.places(self._start)))

    def take_home_back(self) -> None:
        """Leave it: each jail names its own."""

    def prepare(self, who: Blank, *, has_group: bool, has_cpu_group: bool) -> Prepared:
        """Return the calls that make a jail. The interpreter confines itself: see Confinement."""
        plan = self._plan
        confinement = Confinement(
            self._kernel, plan, who, self._pins, self._top, self._start, has_group=has_group
        )
        jail = [
            ("session", [PreparedCall(os.setsid)]),
            ("signals", [PreparedCall(_signal.signal, (_signal.SIGCHLD, _signal.SIG_DFL))]),
            *([("memory cgroup", [libc.enter_group_call(who.group)])] if has_group else []),
            *([("cpus", [libc.enter_group_call(who.cpu)])] if has_cpu_group else []),
            ("session", [libc.prctl_call(libc.PR_SET_CHILD_SUBREAPER, 1)]),
            ("identity", [*(libc.setres_calls(who) if self._first_uid else []), libc.capset_call()]),
            ("cpus", [limits.cpus(who)]),
            ("limits", limits.calls(plan, has_twins=False, is_counted_alone=bool(self._first_uid))),
            *([("limits", [limits.without_huge_pages()])] if not has_group else []),
            ("hiding", [libc.prctl_call(libc.PR_SET_DUMPABLE, 0)]),
            ("landlock", [PreparedCall(confinement.make)]),
        ]
        interpreter = [
            libc.mask_call(libc.sigset()),
            libc.prctl_call(libc.PR_SET_DUMPABLE, 1),  # the init reads its memory and its /proc
            write_file("/proc/self/oom_score_adj", b"1000"),
            libc.prctl_call(
                libc.PR_SET_PDEATHSIG, signal.SIGKILL
            ),  # if the init is killed; its children come to the launcher
            PreparedCall(os.setsid),
            PreparedCall(limits.come_second),
            limits.open_files(plan),
            PreparedCall(confinement.settle_in),
        ]
        return Prepared(jail, interpreter, confinement, confinement)

    def _leave_root(self) -> None:
        libc.prctl(libc.PR_SET_KEEPCAPS, 1)
        os.setgroups([])
        os.setresgid(*[self.gid(0)] * 3)
        os.setresuid(*[self.uid(0)] * 3)
        privileges.keep_only(libc.CAP_SETUID, libc.CAP_SETGID)

    def _confine_zygote(self) -> None:
        """Confine this process to what its imports and its inits need: an init reads all of /proc, and writes to any jail's folder."""
        rules = landlock.Ruleset(self._kernel)
        _allow_what_all_see(rules, self._plan)
        rules.allow("/proc", landlock.READ | landlock.WRITE_FILE)
        rules.allow_descriptor(self._top.descriptor, landlock.EVERYTHING, is_folder=True)
        rules.restrict_self()
        rules.close()


class Confinement:
    """How the interpreter of one jail is confined, with its init's help: the last thing before it is ready.

    The init makes the rules, because a rule on a file in /proc holds only as long as somebody keeps that file's entry in the kernel's
    cache, and the code could close a descriptor. The interpreter installs the filter that asks first, hands over its listener, and then
    installs the filter that would forbid that.
    """

    def __init__(
        self,
        kernel: landlock.Abi,
        plan: Plan,
        who: Blank,
        pins: list[int],
        top: folders.Top,
        start: str,
        *,
        has_group: bool,
    ) -> None:
        """`pins` are descriptors of files in /proc that all may read. `top` is the launcher's folder, and in it `start` is the folder that
        the zygotes' imports could write to.
        """
        self._kernel = kernel
        self._plan = plan
        self._who = who
        self._pins = pins
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
        """Make the rules but for those on the interpreter's own files. Runs in the init."""
        self._rules = landlock.Ruleset(self._kernel)
        _allow_what_all_see(self._rules, self._plan)
        # Of the zygotes' folder, modules remember paths, and matplotlib a list of fonts.
        for folder, rights in ((self.folder, landlock.EVERYTHING), (self._start, landlock.READ)):
            place = self._top.open(folder)
            self._rules.allow_descriptor(place, rights, is_folder=True)
            os.close(place)
        for pin in self._pins:
            self._rules.allow_descriptor(pin, landlock.READ, is_folder=False)
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

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
        """Make `calls`, then confine this process, the interpreter. Raises OSError, and has told the init why."""
        rules, channel = (
            fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, _OUT_OF_THE_WAY)
            for each in (self._rules.descriptor, self._theirs.fileno())
        )
        close_all_but(DOOR, rules, channel)
        with socket.socket(fileno=channel) as ours:
            try:
                make(calls)
                ours.send(b"ready")
                if ours.recv(16) != b"go":
                    raise OSError(errno.ECONNRESET, "the jail's init is gone")
                libc.landlock_restrict_self(rules)
                os.close(rules)
                listener = libc.seccomp_listener(self._asking, is_killable_only=True)
                socket.send_fds(ours, [b"listener"], [listener])
            except OSError as error:
                ours.send(str(error).encode()[:_WORDS_BYTES])
                raise
        os.close(listener)
        make([self._denying])

    def confine(self, interpreter: int) -> None:
        """Let the interpreter confine itself, and take over the listener. Runs in the init. Raises OSError."""
        self._theirs.close()
        words = self._ours.recv(_WORDS_BYTES)
        if words != b"ready":
            raise OSError(errno.ECHILD, words.decode() or "the interpreter ended before it was confined")
        for name in _OF_THE_INTERPRETER:
            path = f"/proc/{interpreter}/{name}"
            with contextlib.suppress(FileNotFoundError):
                self._kept.append(os.open(path, os.O_PATH | os.O_CLOEXEC))
                self._rules.allow_descriptor(
                    self._kept[-1], landlock.READ, is_folder=name in ("fd", "fdinfo")
                )
        self._ours.send(b"go")
        words, descriptors, _, _ = socket.recv_fds(self._ours, _WORDS_BYTES, 1)
        if not descriptors:
            raise OSError(errno.ECHILD, words.decode() or "the interpreter ended while it was being confined")
        self.descriptor = descriptors[0]
        self._ours.close()

    def confine_scribe(self) -> None:
        """Confine a fork of the init as the code is confined."""
        self._rules.restrict_self()


def _children() -> list[int]:
    """Return the pids of this process's children. proc_pid_children(5): complete, because nobody else changes who they are."""
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return [int(pid) for pid in file.read().split()]


def _forget_folders() -> None:
    """Have imported modules look again for the folders that the environment names."""
    modules: dict[str, Any] = {**sys.modules}
    if "tempfile" in modules:
        modules["tempfile"].tempdir = None
    for name in ("get_configdir", "get_cachedir", "_get_config_or_cache_dir", "_get_xdg_config_dir"):
        function = getattr(modules.get("matplotlib"), name, None)
        if function is not None and hasattr(function, "cache_clear"):
            function.cache_clear()


def _allow_what_all_see(rules: landlock.Ruleset, plan: Plan) -> None:
    for path in plan.binds:
        rules.allow(path, landlock.READ)
    for name in _DEVICES:
        rules.allow(f"/dev/{name}", landlock.READ_FILE | landlock.WRITE_FILE)
