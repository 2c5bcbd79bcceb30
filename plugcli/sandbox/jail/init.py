"""Process 1 of a jail: it makes the jail, starts the interpreter in it, watches it, and takes everything along when it ends.

It never sees user text: that goes from the host to the interpreter through a socket of their own. The code cannot reach it: it is not
dumpable, signals from inside its namespace do not kill it, and the filter keeps the code's hands off its limits. When the host closes the
control channel, or dies, this process exits, and the kernel kills all that is left of the namespace.

Guarantees: the frame "ready" is sent only when every lock holds; "failed" names the step that did not; a failed step never leads on to
the next one.
"""

import array
import fcntl
import os
import select
import signal
import socket
import struct
import time
from collections.abc import Callable
from typing import NoReturn

from . import cgroup, inside, libc, limits, mounts, privileges, wire
from .memory import SYSCTLS, Meter
from .plan import HOSTNAME, WORKSPACE, Identity, Plan

WATCH_SECONDS = 0.02  # with a memory cgroup; without one the Meter says when to look
_PROGRAM = inside.source()  # read here: the jail does not see our files
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1


def main(plan: Plan, identity: Identity, control: socket.socket, events: int | None) -> NoReturn:
    """Make the jail, run it, and exit. Called in a fork of the launcher that is already in its new namespaces.

    `events` tells when the jail's memory cgroup was exceeded; None: there is no cgroup, and this process measures.
    """
    try:
        interpreter = _start(plan, identity, control)
        _watch(plan, interpreter, control, events)
    except (OSError, wire.BrokenFrame):
        os._exit(1)  # the host is gone, or asks what it never asks
    os._exit(0)


def _start(plan: Plan, identity: Identity, control: socket.socket) -> int:
    """Lock this process in, fork the interpreter, tell the host; return the interpreter's pid."""
    step = "start"
    try:
        for name, make in _steps(plan, identity):
            step = name
            make()
        step = "interpreter"
        standard = [os.pipe2(os.O_CLOEXEC) for _ in range(3)]
        door, outer_door = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        workspace = os.open(WORKSPACE, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        interpreter = os.fork()
    except OSError as error:
        wire.send(control, {"failed": step, "why": str(error), "errno": error.errno})
        os._exit(1)
    if interpreter == 0:
        _become_interpreter(plan, door, standard)
    host_ends = (outer_door.fileno(), standard[0][1], standard[1][0], standard[2][0], workspace)
    wire.send(control, {"ready": True}, host_ends)
    for descriptor in (*(end for pair in standard for end in pair), workspace):
        os.close(descriptor)
    door.close()
    outer_door.close()
    return interpreter


def _steps(plan: Plan, identity: Identity) -> list[tuple[str, Callable[[], object]]]:
    """Return what makes the jail, in the order that matters: mounts need capabilities, the last step takes them all."""
    steps: list[tuple[str, Callable[[], object]]] = [
        ("session", os.setsid),
        ("signals", _reset_signals),
        ("host name", lambda: libc.sethostname(HOSTNAME)),
        ("network", _bring_loopback_up),
        ("files", lambda: mounts.enter_new_root(plan, identity)),
    ]
    if identity.is_made_by_root:
        steps.append(("identity", lambda: privileges.become(identity)))
    return [
        *steps,
        ("namespaces", privileges.forbid_namespaces),
        ("cpus", lambda: limits.choose_cpus(plan.cpus)),
        ("limits", lambda: limits.set_limits(plan)),
        ("hiding", lambda: libc.prctl(libc.PR_SET_DUMPABLE, 0)),
        ("privileges", privileges.drop_everything),
    ]


def _reset_signals() -> None:
    """Give every signal its default again: for pid 1 that means the code cannot send it."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.umask(0o022)


def _bring_loopback_up() -> None:
    for path, text in SYSCTLS:
        with open(f"/proc/sys/{path}", "w") as file:
            file.write(text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = array.array("b", struct.pack("16sh22x", b"lo", 0))
        fcntl.ioctl(sock, _SIOCGIFFLAGS, request)
        (flags,) = struct.unpack_from("h", request, 16)
        fcntl.ioctl(sock, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | _IFF_UP))


def _become_interpreter(plan: Plan, door: socket.socket, standard: list[tuple[int, int]]) -> NoReturn:
    """Turn the forked child into the interpreter: its standard streams, the door, and nothing else of anybody's."""
    try:
        os.dup2(standard[0][0], 0)
        os.dup2(standard[1][1], 1)
        os.dup2(standard[2][1], 2)
        os.dup2(door.fileno(), inside.DOOR, inheritable=plan.python is not None)
        os.closerange(inside.DOOR + 1, 1 << 20)
        libc.prctl(libc.PR_SET_DUMPABLE, 1)  # else its own /proc/self is closed to it; the init stays hidden
        limits.offer_to_the_oom_killer()
        os.setsid()
        os.nice(19)  # the init that watches comes first
        os.chdir(WORKSPACE)
        if plan.python is not None:
            os.execv(plan.python, [plan.python, "-I", "-S", "-c", _PROGRAM])
        inside.main()
    except BaseException as error:
        inside.refuse(f"{type(error).__name__}: {error}")
    os._exit(1)


def _watch(plan: Plan, interpreter: int, control: socket.socket, events: int | None) -> None:
    """Return when the jail has to end: the interpreter ended, the memory ran out, or the host went away."""
    poll = select.poll()
    exit_notice = os.pidfd_open(interpreter)
    poll.register(exit_notice, select.POLLIN)
    poll.register(control, select.POLLIN)
    deaths = _hear_of_deaths()
    poll.register(deaths, select.POLLIN)
    meter = Meter(plan.memory_bytes)

    def look() -> float:
        if events is None:
            return meter.look()
        return 0 if cgroup.was_exceeded(events) else WATCH_SECONDS

    next_look: float | None = None  # nothing to watch before the host has sent a job
    while True:
        wait = None if next_look is None else max(0, next_look - time.monotonic()) * 1000
        ready = dict(poll.poll(wait))
        if control.fileno() in ready:
            frame = wire.receive(control)
            if frame is None:
                return
            if "start" in frame:
                next_look = time.monotonic()
            if "interrupt" in frame:
                os.kill(interpreter, signal.SIGINT)
        if exit_notice in ready:
            # The kernel may have ended it for its memory: that is not the code's own death.
            is_exceeded = events is not None and cgroup.was_exceeded(events)
            status = os.waitstatus_to_exitcode(os.waitpid(interpreter, 0)[1])
            wire.send(control, {"out_of_memory": True} if is_exceeded else {"exited": status})
            return
        if next_look is not None and time.monotonic() >= next_look:
            seconds = look()
            if seconds == 0:
                os.kill(-1, signal.SIGKILL)  # everybody but us, before anything else
                wire.send(control, {"out_of_memory": True})
                return
            next_look = time.monotonic() + seconds
        if deaths in ready:
            os.read(deaths, 65536)
        _reap(interpreter)


def _hear_of_deaths() -> int:
    """Return a descriptor that is readable when a child of ours may have ended: an orphan counts as a process until it is buried."""
    reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)  # the wake-up needs a handler
    return reader


def _reap(interpreter: int) -> None:
    """Bury the orphans that ended; leave the interpreter to `_watch`."""
    for _ in range(64):  # a storm of them must not keep us from the memory
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is None or ended.si_pid == interpreter:
            return
        os.waitpid(ended.si_pid, 0)
