"""The launcher: a small process of its own that forks jails and buries them.

Exec'd by the host with an environment of the jail's, one thread, and one descriptor: a channel of frames. It never sees user text and
opens no file of the user's. When the channel closes, because the host ended or was killed, it kills every jail, waits for them, and exits.

Host -> launcher:  {"jail": number, "uid": .., "gid": ..} with one descriptor, the jail's control channel
Launcher -> host:  {"jail": number, "started": true, "memory_cgroup": bool} with a pidfd of the jail's init;
                   {"jail": number, "failed": step, ..}; {"jail": number, "gone": true, "out_of_memory": bool}
"""

import os
import select
import signal
import socket
import time
from typing import NamedTuple, NoReturn

from . import cgroup, executable, init, libc, privileges, wire
from .plan import Identity, Plan

_NAMESPACES = (
    libc.CLONE_NEWNS
    | libc.CLONE_NEWPID
    | libc.CLONE_NEWNET
    | libc.CLONE_NEWIPC
    | libc.CLONE_NEWUTS
    | libc.CLONE_NEWCGROUP
)
_RETRY_SECONDS = 0.02
_END_SECONDS = 5.0


class _Jail(NamedTuple):
    """One jail: its number, the pid of its init, the folder of its memory cgroup, and whether that was exceeded."""

    number: int
    pid: int
    group: str | None
    is_out_of_memory: bool = False


def main(channel: socket.socket) -> NoReturn:
    """Serve the host until the channel closes."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # or a host that ignores it has us lose every exit status
    try:
        executable.make_read_only()
        # A jail's init becomes our child when the process that forked it exits.
        libc.prctl(libc.PR_SET_CHILD_SUBREAPER, 1)
        libc.prctl(libc.PR_SET_DUMPABLE, 0)
    except OSError as error:
        _refuse_all(channel, error)
    first = wire.receive(channel)
    if first is not None:
        signal.signal(
            signal.SIGINT, signal.SIG_IGN
        )  # Ctrl-C is the host's to judge; it ends us by closing the channel
        launcher = _Launcher(channel, Plan.from_json(first["plan"]), first["name"])
        try:
            launcher.serve()
        except (OSError, EOFError, wire.BrokenFrame):
            launcher.end_all()  # the host is gone
    os._exit(0)  # nothing to finalise, and somebody waits for us


def _refuse_all(channel: socket.socket, error: OSError) -> NoReturn:
    """Answer every request with what keeps this machine from holding a jail."""
    while (frame := wire.receive(channel)) is not None:
        if "jail" in frame:
            answer = {"failed": "launcher", "why": str(error), "errno": error.errno}
            wire.send(channel, {"jail": frame["jail"]} | answer)
    os._exit(0)


class _Launcher:
    """The jails that are, and what is left of those that were."""

    def __init__(self, channel: socket.socket, plan: Plan, name: str) -> None:
        self._channel = channel
        self._plan = plan
        self._cgroups = cgroup.MemoryCgroups(name)
        self._jails: dict[int, _Jail] = {}  # by the pidfd of its init
        self._unburied: list[_Jail] = []  # dead, but the kernel still holds their group
        self._poll = select.poll()
        self._poll.register(channel, select.POLLIN)

    def serve(self) -> None:
        """Obey and bury. Raises EOFError when the host has closed the channel."""
        while True:
            for descriptor, _ in self._poll.poll(_RETRY_SECONDS * 1000 if self._unburied else None):
                if descriptor == self._channel.fileno():
                    self._obey()
                else:
                    self._reap(descriptor)
            self._bury()

    def end_all(self) -> None:
        """Kill every jail, and wait until nothing is left of them."""
        for exit_notice in list(self._jails):
            signal.pidfd_send_signal(exit_notice, signal.SIGKILL)
            self._reap(exit_notice)
        deadline = time.monotonic() + _END_SECONDS
        while self._unburied and time.monotonic() < deadline:
            self._unburied = [jail for jail in self._unburied if not _is_buried(jail)]
            time.sleep(_RETRY_SECONDS if self._unburied else 0)

    def _obey(self) -> None:
        """Make the jail that the next frame asks for. Raises EOFError when there is none."""
        frame, descriptors = wire.receive_with_descriptors(self._channel)
        if frame is None:
            raise EOFError
        number = int(frame["jail"])
        identity = Identity(int(frame["uid"]), int(frame["gid"]), is_made_by_root=os.geteuid() == 0)
        group = None
        with socket.socket(fileno=descriptors[0]) as control:
            step = "memory cgroup"
            try:
                group = self._cgroups.make(number, self._plan.memory_bytes)
                step = "namespaces"
                pid = _fork_jail(self._plan, identity, control, group)
                exit_notice = os.pidfd_open(pid)
            except OSError as error:
                if group is not None:
                    cgroup.remove(group)
                wire.send(
                    self._channel, {"jail": number, "failed": step, "why": str(error), "errno": error.errno}
                )
                return
        self._jails[exit_notice] = _Jail(number, pid, group)
        self._poll.register(exit_notice, select.POLLIN)
        wire.send(
            self._channel,
            {"jail": number, "started": True, "memory_cgroup": group is not None},
            (exit_notice,),
        )

    def _reap(self, exit_notice: int) -> None:
        jail = self._jails.pop(exit_notice)
        os.waitpid(jail.pid, 0)
        self._poll.unregister(exit_notice)
        os.close(exit_notice)
        if jail.group is not None and cgroup.was_exceeded_in(jail.group):
            jail = jail._replace(
                is_out_of_memory=True
            )  # the init may have been killed with the others, and not have told
        self._unburied.append(jail)

    def _bury(self) -> None:
        """Remove what the dead left, and tell the host."""
        for jail in list(self._unburied):
            if _is_buried(jail):
                self._unburied.remove(jail)
                gone = {"jail": jail.number, "gone": True, "out_of_memory": jail.is_out_of_memory}
                wire.send(self._channel, gone)


def _is_buried(jail: _Jail) -> bool:
    return jail.group is None or cgroup.remove(jail.group)


def _fork_jail(plan: Plan, identity: Identity, control: socket.socket, group: str | None) -> int:
    """Fork pid 1 of a new jail and return its pid here; OSError when the kernel gives no namespaces.

    In between stands a process of a moment: unshare(CLONE_NEWPID) moves only children, and must not move the launcher.
    """
    # Assumes one thread: fork copies only the caller.
    reader, writer = os.pipe2(os.O_CLOEXEC)
    between = os.fork()
    if between == 0:
        _fork_between(plan, identity, control, writer, group)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read(64)
    os.waitpid(between, 0)
    kind, _, number = answer.decode(errors="replace").partition(" ")
    if kind == "pid":
        return int(number)
    code = int(number) if kind == "errno" else 0
    raise OSError(code, f"unshare: {os.strerror(code)}" if code else "the launcher's child ended early")


def _fork_between(
    plan: Plan, identity: Identity, control: socket.socket, writer: int, group: str | None
) -> NoReturn:
    try:
        _close_all_but(control.fileno(), writer)
        events = None
        if group is not None:  # here, where its folder can still be seen
            cgroup.enter(group)
            events = cgroup.open_events(group)
        if identity.is_made_by_root:
            libc.unshare(_NAMESPACES)
        else:
            libc.unshare(_NAMESPACES | libc.CLONE_NEWUSER)
            libc.prctl(libc.PR_SET_DUMPABLE, 1)
            privileges.map_ids(identity)
        pid = os.fork()
        if pid == 0:
            os.close(writer)
            init.main(plan, identity, control, events)
        os.write(writer, f"pid {pid}".encode())
    except OSError as error:
        os.write(writer, f"errno {error.errno}".encode())
    finally:
        os._exit(0)


def _close_all_but(*kept: int) -> None:
    lowest = 3
    for descriptor in sorted(kept):
        os.closerange(lowest, descriptor)
        lowest = descriptor + 1
    os.closerange(lowest, 1 << 20)
