"""The level of namespaces: each jail has its own processes, mounts, network, IPC, host name, cgroups and users.

A zygote leaves the host's files and network and, if plugcli runs as root, the root user: its imports run in a user namespace with a range
of uids that nobody else has.
"""

import _signal  # type: ignore[import-not-found]
import os
import struct
from collections.abc import Callable
from fcntl import ioctl
from os import close
from typing import TYPE_CHECKING

from .. import libc, limits, mounts, privileges, tmpfs
from ..census import Census
from ..level import Accounts, Asking, Making, Prepared
from ..libc import internet_socket
from ..locks import Locks
from ..mappings import Mappings
from ..own_namespace import OwnNamespace
from ..own_network import SYSCTLS, InOwnNetwork
from ..plan import HOSTNAME, PLACES, WORKSPACE, Identity, Places, Plan
from ..privileges import Listener
from ..syscall_plan import Blank, PreparedCall, make, write_file_that_may_be_missing

if TYPE_CHECKING:
    from ..container import Container

_OWN = libc.CLONE_NEWNS | libc.CLONE_NEWNET | libc.CLONE_NEWIPC | libc.CLONE_NEWUTS
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1
# Of its flags it has only those besides that nobody can set. Not bytes: ioctl would try to write to them first.
_LOOPBACK_UP = bytearray(struct.pack("16sh22x", b"lo", _IFF_UP))


class Here:
    """This level in one launcher."""

    name = "namespaces"
    kept = ()
    fork_flags = _OWN | libc.CLONE_NEWPID
    ends_with_init = True
    first_steps = frozenset({"launcher", "namespaces", "files", "identity", "host name", "network"})

    def __init__(self, plan: Plan, name: str, *, is_made_by_root: bool) -> None:
        self._plan = plan
        self.lacks: tuple[str, ...] = ()
        self._container = _container()  # None: jails can mount a /proc of their own
        self._census = OwnNamespace()
        self._is_made_by_root = is_made_by_root
        self._user = Identity(0, 0) if is_made_by_root else Identity(os.getuid(), os.getgid())
        self._proc: list[mounts.Tree] = []
        # An interpreter that is exec'd would leave its old memory to the twin alone.
        self.has_twins = plan.python is None

    def census(self) -> OwnNamespace:
        """Return the one object for all jails, so that none has to write to a page of its own for it."""
        return self._census if self._container is None else self._container.census()

    def accounts(self, census: Census, folder: str, door: int, started: float) -> Accounts:
        """Return what counts the use of a jail that has all namespaces."""
        has_own_proc = self._container is None
        holdings = InOwnNetwork(
            self._plan.memory_bytes, self._plan.open_files, door, has_own_limits=has_own_proc
        )
        return Accounts(holdings, Locks(started, is_apart=has_own_proc), tmpfs.held_bytes)

    def answering(
        self, listener: Asking, mappings: Mappings, census: Census, accounts: Accounts, folder: str
    ) -> Callable[[], None]:
        """Return what answers: the filter asks only about mappings."""
        return mappings.answer

    def uid(self, number: int) -> int:
        """Return the uid of a jail in its zygote's user namespace; for an ordinary user it is always the user's own."""
        return number if self._is_made_by_root else self._user.uid

    def gid(self, number: int) -> int:
        """Return the gid of a jail in the same way."""
        return number if self._is_made_by_root else self._user.gid

    def make_folder(self, jail: int, uid: int, gid: int) -> str:
        """Make nothing: everything that a jail writes is in its own mounts."""
        return ""

    def remove_folder(self, folder: str) -> None:
        """Remove nothing: mounts end with their namespace and with the last descriptor."""

    def end_strays(self, known: set[int], uid: int) -> None:
        """Kill nothing: a pid namespace ends with its init."""

    def places(self, folder: str) -> Places:
        """Return where every jail has its files."""
        return PLACES

    def close(self) -> None:
        """Remove nothing."""

    def zygote(self, ask_launcher: Callable[[], None]) -> list[Making]:
        """Return what makes a zygote. Binds below another user's home need root, and imports must not have it."""

        mapping: list[tuple[privileges.Maps, int]] = []  # if the launcher cannot help

        def leave_mounts() -> None:
            try:
                libc.unshare(libc.CLONE_NEWNS)
            except PermissionError:
                # Root in a container has no CAP_SYS_ADMIN, but it has it in a user namespace of its own.
                folder = os.open("/proc/self", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                mapping.append((privileges.nobodys(), folder))
                privileges.enter_user_namespace(privileges.same_as_outside(), folder)
                libc.unshare(libc.CLONE_NEWNS)

        def leave_root() -> None:
            try:
                os.setgroups([])
            except PermissionError:  # as where only root's own uid is mapped
                privileges.nobodys()
                raise
            if mapping:
                maps, folder = mapping.pop()
                privileges.enter_user_namespace(maps, folder)
                os.close(folder)
            else:
                libc.unshare(libc.CLONE_NEWUSER)
                ask_launcher()  # it is still root, and writes the maps
            os.setresgid(0, 0, 0)
            os.setresuid(0, 0, 0)

        if self._is_made_by_root:
            steps: list[Making] = [
                ("namespaces", leave_mounts),
                ("files", self._enter_shared_root),
                ("identity", leave_root),
                ("namespaces", lambda: libc.unshare(_OWN)),
            ]
        else:
            steps = [
                ("namespaces", lambda: libc.unshare(libc.CLONE_NEWUSER | _OWN)),
                ("identity", self._map_only_the_user),
                ("files", self._enter_shared_root),
            ]
        return [
            *steps,
            ("files", lambda: self._proc[0].attach()),
            ("files", self._look_at_proc),
            ("host name", self._hide_host_name),
            ("privileges", lambda: libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)),
            ("hiding", lambda: libc.prctl(libc.PR_SET_DUMPABLE, 0)),
        ]

    def help_zygote(self, pid: int) -> None:
        """Map an unused range of uids into the zygote's user namespace, in which even uid 0 belongs to nobody outside. Needs root."""
        folder = os.open(f"/proc/{pid}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            privileges.nobodys().write(folder)
        finally:
            os.close(folder)

    def lend_home(self) -> None:
        """Mount the folders that a jail has for itself."""
        nobody_yet = Blank()
        nobody_yet.fill(*self._user)
        make(mounts.scratch(self._plan, nobody_yet))

    def take_home_back(self) -> None:
        """Unmount them."""
        mounts.umount_scratch()

    def prepare(self, who: Blank, *, has_group: bool, has_cpu_group: bool) -> Prepared:
        """Return the calls that make a jail. Their order matters: mounts need capabilities, and the last step drops all of them."""
        plan = self._plan
        confinement = None
        listener = None if has_group else Listener()
        locks = privileges.drop_everything(listener)
        if self._container is not None:
            confinement = self._container.confinement()
            listener = None if has_group else Listener(self._container.filter_program(asks=True))
            locks = privileges.drop_everything(listener, self._container.filter_program(asks=False))
        jail = [
            ("session", [PreparedCall(os.setsid)]),
            # The zygote reset all signals except this one to their defaults, so the code cannot send them to pid 1.
            ("signals", [PreparedCall(_signal.signal, (_signal.SIGCHLD, _signal.SIG_DFL))]),
            *([("memory cgroup", [libc.enter_group_call(who.group)])] if has_group else []),
            *([("cpus", [libc.enter_group_call(who.cpu)])] if has_cpu_group else []),
            (
                "namespaces",
                [libc.unshare_call(libc.CLONE_NEWCGROUP)],
            ),  # only now is our own cgroup the root of the namespace
            ("network", [PreparedCall(_bring_loopback_up)]),
            *([("network", _bound_buffers())] if confinement is None else []),
            ("files", mounts.own(plan, who, has_own_proc=confinement is None)),
            ("identity", privileges.become(who, is_made_by_root=self._is_made_by_root)),
            *([("namespaces", privileges.forbid_namespaces())] if confinement is None else []),
            ("cpus", [limits.cpus(who)]),
            ("limits", limits.calls(plan, has_twins=self.has_twins)),
            *([("limits", limits.watches())] if confinement is None else []),
            *([("limits", [limits.without_huge_pages()])] if not has_group else []),
            ("hiding", [libc.prctl_call(libc.PR_SET_DUMPABLE, 0)]),
            *([("files", [PreparedCall(confinement.make)])] if confinement is not None else []),
            ("privileges", locks),
        ]
        interpreter = [
            libc.mask_call(libc.sigset()),
            # Otherwise it could not read its own /proc/self; the init stays hidden.
            libc.prctl_call(libc.PR_SET_DUMPABLE, 1),
            limits.offer_to_the_oom_killer(),
            PreparedCall(os.setsid),
            PreparedCall(limits.come_second),
            limits.open_files(plan),
            PreparedCall(os.chdir, (WORKSPACE,)),
            limits.with_twin(plan) if self.has_twins else limits.processes(plan, has_twins=False),
        ]
        return Prepared(jail, interpreter, listener, confinement)

    def _enter_shared_root(self) -> None:
        self._proc.append(mounts.enter_shared_root(self._plan))

    def _hide_host_name(self) -> None:
        """Set a host name of our own; the namespaces of the jails are copies."""
        try:
            libc.sethostname(HOSTNAME)
        except PermissionError:
            # A container's filter allows the call only to containers with CAP_SYS_ADMIN. No promise needs it.
            self.lacks += ("host name",)

    def _look_at_proc(self) -> None:
        if self._container is None:
            return
        if self._container.can_mount_proc():
            self._container = None
            return
        self.lacks += ("proc",)
        self.has_twins = False  # the twin knows its pid, and not its name outside

    def _map_only_the_user(self) -> None:
        libc.prctl(libc.PR_SET_DUMPABLE, 1)
        privileges.write_maps(self._user.uid, self._user.gid)


def _container() -> "Container | None":
    if not mounts.is_proc_covered():
        return None
    from ..container import Container  # now, because our files are not visible where the zygotes are

    return Container()


def _bound_buffers() -> list[PreparedCall]:
    """Return the calls that limit the buffers and queues of a network namespace."""
    return [write_file_that_may_be_missing(f"/proc/sys/{path}", text.encode()) for path, text in SYSCTLS]


def _bring_loopback_up() -> None:
    descriptor = internet_socket()
    ioctl(descriptor, _SIOCSIFFLAGS, _LOOPBACK_UP)
    close(descriptor)
