"""The launcher: a small process of its own that forks jails and buries them.

Exec'd by the host with an environment of the jail's, one thread, and one descriptor: a channel of frames. It never sees user text and
opens no file of the user's. When the channel closes, because the host ended or was killed, it kills every jail, waits for them, and exits.

Host -> launcher:  {"jail": number, "uid": .., "gid": ..} with one descriptor, the jail's control channel; {"kill": number}
Launcher -> host:  {"jail": number, "started": true} with a pidfd of the jail's init; {"jail": number, "gone": true}; {"failed": ..}
"""

import os
import select
import signal
import socket
from typing import NoReturn

from . import executable, init, libc, privileges, wire
from .plan import Identity, Plan

_NAMESPACES = (
    libc.CLONE_NEWNS
    | libc.CLONE_NEWPID
    | libc.CLONE_NEWNET
    | libc.CLONE_NEWIPC
    | libc.CLONE_NEWUTS
    | libc.CLONE_NEWCGROUP
)


def main(channel: socket.socket) -> NoReturn:
    """Serve the host until the channel closes."""
    signal.signal(
        signal.SIGCHLD, signal.SIG_DFL
    )  # a host that ignores it would have us lose every exit status
    try:
        executable.make_read_only()
        libc.prctl(
            libc.PR_SET_CHILD_SUBREAPER, 1
        )  # a jail's init becomes our child when the process that forked it exits
        libc.prctl(libc.PR_SET_DUMPABLE, 0)
    except OSError as error:
        _refuse_all(channel, error)
    first = wire.receive(channel)
    if first is None:
        os._exit(0)
    plan = Plan.from_json(first["plan"])
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C is the host's to judge; it ends us by closing the channel
    jails: dict[int, tuple[int, int]] = {}  # pidfd -> (number, pid)
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    try:
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == channel.fileno():
                    _obey(channel, plan, jails, poll)
                else:
                    _bury(descriptor, channel, jails, poll)
    except (OSError, EOFError, wire.BrokenFrame):
        _end_all(jails)  # the host is gone
    os._exit(0)  # nothing to finalise, and somebody waits for us


def _refuse_all(channel: socket.socket, error: OSError) -> NoReturn:
    """Answer every request with what keeps this machine from holding a jail."""
    while (frame := wire.receive(channel)) is not None:
        if "jail" in frame:
            answer = {"failed": "launcher", "why": str(error), "errno": error.errno}
            wire.send(channel, {"jail": frame["jail"]} | answer)
    os._exit(0)


def _obey(channel: socket.socket, plan: Plan, jails: dict[int, tuple[int, int]], poll: select.poll) -> None:
    """Do what the next frame asks. Raises EOFError when there is none."""
    frame, descriptors = wire.receive_with_descriptors(channel)
    if frame is None:
        raise EOFError
    number = int(frame["jail"])
    identity = Identity(int(frame["uid"]), int(frame["gid"]), is_made_by_root=os.geteuid() == 0)
    with socket.socket(fileno=descriptors[0]) as control:
        try:
            pid = _fork_jail(plan, identity, control)
            exit_notice = os.pidfd_open(pid)
        except OSError as error:
            wire.send(
                channel, {"jail": number, "failed": "namespaces", "why": str(error), "errno": error.errno}
            )
            return
    jails[exit_notice] = (number, pid)
    poll.register(exit_notice, select.POLLIN)
    wire.send(channel, {"jail": number, "started": True}, (exit_notice,))


def _fork_jail(plan: Plan, identity: Identity, control: socket.socket) -> int:
    """Fork pid 1 of a new jail and return its pid here; OSError when the kernel gives no namespaces.

    In between stands a process of a moment: unshare(CLONE_NEWPID) moves only children, and must not move the launcher.
    """
    # Assumes one thread: fork copies only the caller.
    reader, writer = os.pipe2(os.O_CLOEXEC)
    between = os.fork()
    if between == 0:
        _fork_between(plan, identity, control, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read(64)
    os.waitpid(between, 0)
    kind, _, number = answer.decode(errors="replace").partition(" ")
    if kind == "pid":
        return int(number)
    code = int(number) if kind == "errno" else 0
    raise OSError(code, f"unshare: {os.strerror(code)}" if code else "the launcher's child ended early")


def _fork_between(plan: Plan, identity: Identity, control: socket.socket, writer: int) -> NoReturn:
    try:
        _close_all_but(control.fileno(), writer)
        if identity.is_made_by_root:
            libc.unshare(_NAMESPACES)
        else:
            libc.unshare(_NAMESPACES | libc.CLONE_NEWUSER)
            libc.prctl(libc.PR_SET_DUMPABLE, 1)
            privileges.map_ids(identity)
        pid = os.fork()
        if pid == 0:
            os.close(writer)
            init.main(plan, identity, control)
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


def _bury(
    exit_notice: int, channel: socket.socket, jails: dict[int, tuple[int, int]], poll: select.poll
) -> None:
    number, pid = jails.pop(exit_notice)
    os.waitpid(pid, 0)
    poll.unregister(exit_notice)
    os.close(exit_notice)
    wire.send(channel, {"jail": number, "gone": True})


def _end_all(jails: dict[int, tuple[int, int]]) -> None:
    for exit_notice, (_, pid) in jails.items():
        signal.pidfd_send_signal(exit_notice, signal.SIGKILL)
        os.waitpid(pid, 0)
