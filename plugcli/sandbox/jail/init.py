"""Process 1 of a jail: it makes the jail, starts and watches the interpreter, and takes every process with it when it ends.

It never sees user code, which goes from the host to the interpreter through a separate socket. The code cannot reach it: it is not
dumpable, signals from inside its namespace do not kill it, and the filter protects its limits. When the host closes the control channel
or dies, this process exits, and the kernel kills the rest of the namespace.

Init -> host:  {"ready": true} with the host's ends, or {"failed": step, ..}; {"memory": bytes} if it has changed much; {"swept": true};
               at the end {"exited": status} or {"out_of_memory": true}, with "held": the kernel objects of which the code had too many, or
               with "full": the folders whose files were more than "most" bytes, or "files" for their number
Host -> init:  {"interrupt": true}: SIGINT to the interpreter; {"sweep": true}: end every process except the interpreter; {"end": true};
               {"write": name, "most": bytes} with a socket: write its bytes to a file, see scribe.py

Guarantees: it sends "ready" only if every restriction is in place; "failed" names the step that failed; after a failed step, no other step
follows.
"""

import _socket  # its sockets do not look up enum names, as those of the module socket do
import contextlib
import os
import select
import signal
import socket
import time
from collections.abc import Sequence
from os import CLD_EXITED, P_PID, close, closerange, dup2, fork, kill, pipe2, read, waitid
from typing import NamedTuple, NoReturn

from . import cgroup, inside, libc, scribe, twin, wire
from .census import Census
from .inside import DOOR
from .level import Accounts, Confinement, Level, Prepared
from .mappings import Mappings, count_files
from .memory import Meter
from .objects import TooMany
from .patience import OverLimit
from .plan import Places, Plan
from .processes import has_memory_of_its_fork
from .quota import Full
from .stopwatch import Stopwatch
from .syscall_plan import make
from .wire import send_text

_WATCH_MS = 100  # with a memory cgroup; without one, the Meter decides when to look
_REPORTS = 32  # the host is told when usage has changed by this part of the limit
_SWEEP_SECONDS = 1.0
_PROGRAM = inside.source()  # imported here, because our files are not visible in the jail
_CLOSE_ON_EXEC, _FOLDER = os.O_CLOEXEC, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_HAS_ENDED = os.WEXITED | os.WNOHANG | os.WNOWAIT  # and is not waited for, because that takes the kernel long
_LINGER_SECONDS = 0.1  # the host ends us sooner, once its answer is sent, because ending us takes CPU time
_KILL = int(signal.SIGKILL)
_DEATHS = libc.sigset(signal.SIGCHLD)
_SIGNAL_BYTES = 128  # struct signalfd_siginfo; only one SIGCHLD can be pending


_OUT_OF_MEMORY = b'{"out_of_memory": true}'
_READY = b'{"ready": true}'


class Deaths(NamedTuple):
    """A descriptor that is readable when a child of the reading process may have ended, and the poll object that waits for it."""

    descriptor: int
    poll: select.poll


def hear_of_deaths() -> Deaths:
    """Return the object by which each jail's init will notice that a child has ended."""
    make([libc.mask_call(_DEATHS)])
    deaths = Deaths(libc.signalfd(_DEATHS), select.poll())
    deaths.poll.register(deaths.descriptor, select.POLLIN)
    return deaths


def main(
    plan: Plan,
    level: Level,
    prepared: Prepared,
    descriptors: list[int],
    deaths: Deaths,
    modules: tuple[str, ...],
    folder: str,
) -> NoReturn:
    """Make the jail, run it, and exit. Runs in a fork of the zygote that is already in its new namespaces.

    The Blank in `prepared` is filled in. `descriptors` are the control channel and, if the jail has a memory cgroup, those of its
    cgroup.Member; without one, this process measures memory. `deaths` comes from `hear_of_deaths`. `modules` are the modules that an
    exec'd interpreter imports before its job arrives. `folder` is what the jail has on the host's disk.
    """
    # Created here and not by the zygote, because a page that both write to is copied twice.
    control = _socket.socket(fileno=descriptors[0])
    group = cgroup.Member(*descriptors[1:]) if len(descriptors) > 1 else None
    try:
        interpreter, door = _start(plan, level, prepared, level.places(folder), control, modules)
        _watch(plan, level, prepared, folder, interpreter, control, deaths, group, door)
    except (OSError, wire.BrokenFrame):  # the host is gone, or sent an unknown request
        status = 1
    else:
        status = 0
    if not level.ends_with_init:
        level.census().kill_all(frees_memory=False)
    os._exit(status)


def _start(
    plan: Plan,
    level: Level,
    prepared: Prepared,
    places: Places,
    control: _socket.socket,
    modules: tuple[str, ...],
) -> tuple[int, int]:
    """Lock this process in, fork the interpreter and tell the host; return its pid and the inode of the host's end of the door."""
    step = "start"
    try:
        for step, calls in prepared.jail:  # noqa: B007 (told below)
            make(calls)
        step = "interpreter"
        standard = pipe2(_CLOSE_ON_EXEC), pipe2(_CLOSE_ON_EXEC), pipe2(_CLOSE_ON_EXEC)
        door, outer_door = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
        workspace = os.open(places.workspace, _FOLDER)
        interpreter = fork()
    except (OSError, ValueError) as error:  # setrlimit raises ValueError
        code = error.errno if isinstance(error, OSError) else None
        wire.send(control, {"failed": step, "why": str(error), "errno": code})
        os._exit(1)
    if interpreter == 0:
        _become_interpreter(plan, level, prepared, door, standard, modules)
    if prepared.confinement is not None:
        try:
            prepared.confinement.confine(interpreter)
        except OSError as error:
            kill(interpreter, _KILL)
            wire.send(control, {"failed": "confinement", "why": str(error), "errno": error.errno})
            os._exit(1)
    host_ends = (outer_door.fileno(), standard[0][1], standard[1][0], standard[2][0], workspace)
    try:
        send_text(control, _READY, host_ends)
    except OSError as error:
        wire.send(control, {"failed": "start", "why": f"sendmsg: {error.strerror}", "errno": error.errno})
        os._exit(1)
    # The code's ends of the streams stay open here: the end of a stream need not wake the host, because we report the end of the run.
    for descriptor in (*standard[0], standard[1][0], standard[2][0], workspace):
        close(descriptor)
    door.close()
    inode = os.fstat(outer_door.fileno()).st_ino
    outer_door.close()
    return interpreter, inode


def _become_interpreter(
    plan: Plan,
    level: Level,
    prepared: Prepared,
    door: _socket.socket,
    standard: Sequence[tuple[int, int]],
    modules: tuple[str, ...],
) -> NoReturn:
    """Turn the forked child into the interpreter, with its standard streams, the door, and no other descriptor."""
    try:
        dup2(standard[0][0], 0)
        dup2(standard[1][1], 1)
        dup2(standard[2][1], 2)
        dup2(door.fileno(), DOOR, plan.python is not None)  # whether it is inherited
        if prepared.confinement is None:
            closerange(DOOR + 1, 1 << 20)
            make(prepared.interpreter)
        else:
            prepared.confinement.confine_interpreter(prepared.interpreter)
        if plan.python is not None:
            os.execv(plan.python, [plan.python, "-I", "-S", "-c", _PROGRAM, *modules])
        if level.has_twins:
            twin.beget()
            inside.main(is_rehearsed=plan.has_spares, before_session=twin.end)
        inside.main(is_rehearsed=plan.has_spares)
    except BaseException as error:
        inside.refuse(f"{type(error).__name__}: {error}")
    os._exit(1)


def _watch(
    plan: Plan,
    level: Level,
    prepared: Prepared,
    folder: str,
    interpreter: int,
    control: _socket.socket,
    deaths: Deaths,
    group: cgroup.Member | None,
    door: int,
) -> None:
    """Return when the jail must end: the interpreter has ended, memory has run out, or the host is gone."""
    memory: _Memory | None = None  # created only when needed, because most runs are over by then
    twin_pid: int | None = None
    next_look, started = 0.0, time.monotonic()
    census = level.census()
    poll, listener = deaths.poll, prepared.listener
    poll.register(control, select.POLLIN)
    if listener is not None:
        poll.register(listener.descriptor, select.POLLIN)
    has_limits_of_the_kernel = (
        group is not None and level.ends_with_init
    )  # on memory, and on files by the size of mounts
    heard = poll.poll(_WATCH_MS if has_limits_of_the_kernel else 0)
    while True:
        ready = [descriptor for descriptor, _ in heard]
        is_anybody_dead = deaths.descriptor in ready
        if is_anybody_dead:
            read(deaths.descriptor, _SIGNAL_BYTES)  # first, so that a death after this point is noticed again
            ended = waitid(P_PID, interpreter, _HAS_ENDED)
            if ended is not None:
                _tell_of_the_end(control, ended, census, group)
                return
        if memory is None:
            twin_pid = interpreter + 1 if level.has_twins else None  # ensured by twin.beget
            accounts = level.accounts(census, folder, door, started)
            mappings = None if listener is None else Mappings(plan.memory_bytes, listener.descriptor)
            if listener is not None and mappings is not None:
                answer = level.answering(listener, mappings, census, accounts, folder)
            memory = _Memory(plan, census, accounts, interpreter, twin_pid, control, group, mappings, started)
        if listener is not None and listener.descriptor in ready:
            answer()
            if mappings is not None and mappings.is_walk_due:
                next_look = 0.0  # before the pages of what was allowed can all be taken
        if control.fileno() in ready and not _obey(
            interpreter, control, memory, level.places(folder).workspace, prepared.confinement
        ):
            census.kill_all()  # not every level has a namespace that would end with us
            return
        if time.monotonic() >= next_look:
            seconds = memory.look()
            if seconds == 0:
                memory.tell_that_it_ran_out()
                return
            next_look = time.monotonic() + seconds
            if twin_pid is not None and not has_memory_of_its_fork(interpreter):
                with contextlib.suppress(ProcessLookupError):
                    kill(twin_pid, _KILL)  # after an exec, only the twin has the old memory
                twin_pid = None
        if is_anybody_dead:
            _reap(interpreter, memory)
        heard = poll.poll(max(0, next_look - time.monotonic()) * 1000)


def _tell_of_the_end(
    control: _socket.socket, ended: os.waitid_result, census: Census, group: cgroup.Member | None
) -> None:
    """Tell the host how the interpreter ended, and give the host time to end us."""
    # The kernel may have killed it for its memory use, which is not the code's own end.
    is_exceeded = group is not None and group.was_exceeded()
    # Before the host is told that the run is over.
    if census.births():  # otherwise it has had no process but the interpreter
        census.kill_all(frees_memory=group is None)  # a cgroup limits what they still allocate
    status = ended.si_status if ended.si_code == CLD_EXITED else -ended.si_status
    send_text(control, _OUT_OF_MEMORY if is_exceeded else b'{"exited": %d}' % status)
    select.select((control,), (), (), _LINGER_SECONDS)


class _Memory:
    """Watches the jail's memory, by its cgroup or by measuring, and reports it to the host."""

    def __init__(
        self,
        plan: Plan,
        census: Census,
        accounts: Accounts,
        interpreter: int,
        twin_pid: int | None,
        control: _socket.socket,
        group: cgroup.Member | None,
        mappings: Mappings | None,
        started: float,
    ) -> None:
        self.census = census
        self.scribes: set[int] = set()
        """Our own forks, which are not measured."""
        self._control = control
        self._group = group
        self._limit = plan.memory_bytes
        self._meter: Meter | None = None
        self._stopwatch = Stopwatch(census, plan.cpus, started)
        self._accounts = accounts
        if group is None:
            assert mappings is not None
            self._meter = Meter(
                plan.memory_bytes,
                census,
                mappings,
                interpreter,
                twin_pid,
                accounts.holdings,
                accounts.file_bytes,
                self._stopwatch,
                self.scribes,
            )
        self._why: wire.Frame = {}  # for the host, if it is not the memory of processes and files
        self._step = plan.memory_bytes // _REPORTS
        self._reported = 0
        if accounts.quota is not None:
            accounts.quota.ours = self.scribes

    def forget(self, pid: int) -> None:
        """Forget a process that has been waited for, because another process can now get its pid."""
        self.scribes.discard(pid)
        if self._meter is not None:
            self._meter.forget(pid)

    def tell_that_it_ran_out(self) -> None:
        """End every process but this one, and tell the host why."""
        self.census.kill_all()  # before anything else
        wire.send(self._control, {"out_of_memory": True} | self._why)

    def look(self) -> float:
        """Return the seconds until the next look is due; 0 if the jail is over its limit."""
        try:
            seconds, used = self._look()
        except OverLimit:
            return 0
        except Full as error:
            self._why = {"full": error.what, "most": error.most}
            return 0
        except TooMany as error:
            self._why = {"held": str(error)}
            return 0
        if abs(used - self._reported) >= self._step:
            with contextlib.suppress(
                BlockingIOError
            ):  # the host does not read, because it is stopped while the code is not
                self._control.send(b'{"memory": %d}' % used, socket.MSG_DONTWAIT)
                self._reported = used
        return seconds

    def _look(self) -> tuple[float, int]:
        # Not our own forks: they hide their pages from the code, and so from us, and have almost none of their own.
        pids = self.census.numbers(self.scribes)
        ran = self._stopwatch.look(pids)
        self._accounts.locks.look(pids, ran)
        quota = self._accounts.quota
        seconds = _WATCH_MS / 1000 if quota is None else quota.look(ran)
        if self._meter is not None:
            return min(seconds, self._meter.look(pids, ran)), self._meter.used_bytes
        assert self._group is not None
        if self._stopwatch.has_run:  # otherwise no memory has been taken since
            self._accounts.holdings.uncharged(self._group.version)
            count_files(self.census)
        return 0 if self._group.was_exceeded() else seconds, self._group.used_bytes()


def _obey(
    interpreter: int,
    control: _socket.socket,
    memory: _Memory,
    workspace: str,
    confinement: Confinement | None,
) -> bool:
    """Carry out the host's request; return False if the host is gone or the code prevents it."""
    frame, descriptors = wire.receive_with_descriptors(control)
    if frame is None or "end" in frame:
        return False
    if "interrupt" in frame:
        kill(interpreter, signal.SIGINT)
    if "sweep" in frame:
        if not _sweep(interpreter, memory):
            return False
        wire.send(control, {"swept": True})
    if "write" in frame:
        with socket.socket(fileno=descriptors.pop()) as channel, contextlib.suppress(OSError):
            pid = fork()  # if no process can be forked, the host sees the socket close
            if pid == 0:
                confine = confinement.confine_scribe if confinement else None
                scribe.main(frame["write"], channel, workspace, confine, frame.get("most"))
            memory.scribes.add(pid)
    for descriptor in descriptors:
        close(descriptor)
    return True


def _sweep(interpreter: int, memory: _Memory) -> bool:
    """End every process except the interpreter and this one; return False if they multiply faster or memory runs out meanwhile."""
    deadline = time.monotonic() + _SWEEP_SECONDS
    while others := [pid for pid in memory.census.living() if pid != interpreter]:
        for pid in others:
            memory.census.kill(pid)
        if memory.look() == 0:
            memory.tell_that_it_ran_out()
            return False
        if time.monotonic() > deadline:
            return False
        time.sleep(0.001)
        _reap(interpreter, memory)
    return True


def _reap(interpreter: int, memory: _Memory) -> None:
    """Wait for orphans, which count as processes until then, and for ended scribes; leave the interpreter to `_watch`."""
    for _ in range(64):  # a storm of them must not keep us from watching memory
        ended = waitid(os.P_ALL, 0, _HAS_ENDED)
        if ended is None or ended.si_pid == interpreter:
            return
        os.waitpid(ended.si_pid, 0)
        memory.forget(ended.si_pid)
