"""The level of Landlock: no namespaces, but rules on files, a system call filter, and for root a uid of its own for each jail.

It is for machines that keep namespaces or mounts from us. Without mounts each jail has a folder on the host's disk, which the launcher
makes and removes, and without a pid namespace its init finds its processes as its descendants.
"""

import _signal  # type: ignore[import-not-found]
import contextlib
import errno
import os
import signal
from collections.abc import Callable

from .. import (
    folders,
    janitor,
    landlock,
    landlock_filter,
    libc,
    limits,
    own_proc,
    privileges,
    questions,
    removal,
    uids,
)
from ..census import Census
from ..confinement import Confinement
from ..descendants import Descendants
from ..level import Accounts, Asking, Making, Prepared
from ..locks import Locks
from ..mappings import Mappings
from ..objects import OfPairs
from ..plan import UIDS, Places, Plan
from ..questions import Questions
from ..quota import Quota
from ..syscall_plan import Blank, PreparedCall, make, write_file

_DEVICES = ("null", "zero", "full", "random", "urandom")
_HARMLESS = (
    *(
        "/etc/os-release",
        "/etc/debian_version",
        "/etc/lsb-release",
        "/etc/redhat-release",
        "/etc/system-release",
    ),
    *("/etc/alpine-release", "/etc/arch-release", "/etc/SuSE-release", "/etc/timezone", "/etc/locale.alias"),
    *("/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/protocols", "/etc/services"),
    *("/etc/mime.types", "/etc/magic", "/etc/inputrc", "/etc/ssl/openssl.cnf", "/etc/fonts", "/etc/terminfo"),
    *("/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/matplotlibrc", "/etc/manpath.config"),
    *(f"/etc/python3{minor}" for minor in ("", *(f".{number}" for number in range(11, 20)))),
)
"""Files that libraries read if they exist. At the strongest level they do not; here they do, and libraries do not expect EACCES."""


class Here:
    """This level in one launcher."""

    name = "landlock"
    fork_flags = 0
    ends_with_init = False
    has_twins = False  # the twin knows its own pid by a pid namespace
    first_steps: frozenset[str] = frozenset()
    lacks = ()

    def __init__(self, plan: Plan, name: str, *, is_made_by_root: bool) -> None:
        self._plan = plan
        self._kernel = landlock.abi()
        if not self._kernel.version:
            raise OSError(errno.EOPNOTSUPP, "Landlock is not there")
        self._first_uid = uids.unused_range(UIDS) if is_made_by_root else 0
        for path in plan.binds if is_made_by_root else ():
            if closed := folders.closed_above(path):
                why = f"{closed} is closed to the uids that root's jails have"
                raise folders.NoEntry(
                    errno.EACCES, f"{path}, which the interpreter needs, cannot be read there, because {why}"
                )
        libc.prctl(libc.PR_SET_CHILD_SUBREAPER, 1)  # the processes of a jail whose init was killed come to us
        self._top = folders.make_top(plan.folder, name, plan.binds)
        try:
            self._start = folders.make(self._top, folders.START, self.uid(0), self.gid(0), is_private=False)
        except OSError:
            removal.remove_all(self._top)
            raise
        self._janitor = janitor.start(self._top)
        self._seen = _open_what_all_see(plan)
        self._questions: Questions | None = None
        self.kept = (self._top.descriptor, *(each.descriptor for each in self._seen))

    def census(self) -> Descendants:
        """Return the census of a jail: its processes are those below its init."""
        return Descendants(lambda: self._questions.births.allowed if self._questions else 0)

    def accounts(self, census: Census, folder: str, door: int, started: float) -> Accounts:
        """Return what counts the use of a jail that shares the machine's network and file systems."""
        plan = self._plan
        quota = Quota(
            folder,
            census,
            workspace_bytes=plan.workspace_bytes,
            scratch_bytes=plan.scratch_bytes,
            files=plan.inodes,
            most_bytes=plan.memory_bytes // 16,
        )
        holdings = OfPairs(plan.memory_bytes, plan.open_files)
        return Accounts(holdings, Locks(started, is_apart=False), quota.memory_bytes, quota)

    def answering(
        self, listener: Asking, mappings: Mappings, census: Census, accounts: Accounts, folder: str
    ) -> Callable[[], None]:
        """Return what answers the questions of the filter: see landlock_filter.py."""
        descriptor = self._top.open(folder)
        assert accounts.quota is not None  # at this level
        hold, most = accounts.quota.mapped.hold, self._plan.processes
        self._questions = Questions(listener.descriptor, descriptor, census, mappings, most, hold)
        return self._questions.answer

    @property
    def _uids(self) -> range:
        """Return the uids of the zygotes and of all jails; none for an ordinary user."""
        return range(self._first_uid, self._first_uid + UIDS) if self._first_uid else range(0)

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
                lambda: make(
                    [libc.seccomp_filter_call(landlock_filter.of_zygote(os.uname().machine, self._uids))]
                ),
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
            self._kernel, plan, who, self._seen, self._top, self._start, has_group=has_group
        )
        jail = [
            ("session", [PreparedCall(os.setsid)]),
            ("signals", [PreparedCall(_signal.signal, (_signal.SIGCHLD, _signal.SIG_DFL))]),
            *([("memory cgroup", [libc.enter_group_call(who.group)])] if has_group else []),
            *([("cpus", [libc.enter_group_call(who.cpu)])] if has_cpu_group else []),
            ("session", [libc.prctl_call(libc.PR_SET_CHILD_SUBREAPER, 1)]),
            ("identity", [*(libc.setres_calls(who) if self._first_uid else []), libc.capset_call()]),
            ("cpus", [limits.cpus(who)]),
            (
                "limits",
                limits.calls(
                    plan,
                    has_twins=False,
                    is_counted_alone=bool(self._first_uid),
                    threads_of_init=1 + questions.THREADS,
                ),
            ),
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
            *(
                [limits.processes(plan, has_twins=False, threads_of_init=1 + questions.THREADS)]
                if self._first_uid
                else []
            ),
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
        for place in self._seen:
            rules.allow_place(place)
        rules.allow("/proc", landlock.READ | landlock.WRITE_FILE)
        rules.allow_place(landlock.Place(self._top.descriptor, True, landlock.EVERYTHING))
        rules.restrict_self()
        rules.close()


def _children() -> list[int]:
    """Return the pids of this process's children. proc_pid_children(5): complete, because nobody else changes who they are."""
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return [int(pid) for pid in file.read().split()]


def _open_what_all_see(plan: Plan) -> list[landlock.Place]:
    """Return what the code of all jails may use: it stays open, so that a jail has only to name it."""
    allowed = [
        *((path, landlock.READ) for path in (*plan.binds, *_HARMLESS)),
        *((f"/proc/{name}", landlock.READ) for name in own_proc.OF_THE_MACHINE),
        *((f"/dev/{name}", landlock.READ_FILE | landlock.WRITE_FILE) for name in _DEVICES),
    ]
    places = []
    for path, rights in allowed:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            places.append(landlock.place(path, rights))
    return places
