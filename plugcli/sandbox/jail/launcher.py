"""The launcher: a small separate process that has jails made and cleans up after them.

The host starts it with the jail's environment, one thread, and one descriptor: a channel of frames. It never sees user code and never
opens a file of the user. Zygotes, which are forked from it, make the jails; the launcher does what needs root (memory cgroups, uid maps).
When the channel closes, because the host ended or was killed, the launcher kills every jail, waits for them, and exits.

Host -> launcher:  {"jail": number, "preloaded": bool} with one descriptor, the jail's control channel; {"renew": true}, to have the
                   preloaded zygote replaced: its packages are old; {"files": number}: the files of that jail are no longer needed
Launcher -> host:  {"jail": number, "started": true, "memory_cgroup": version} with a pidfd of the jail's init;
                   {"jail": number, "failed": step, ..}; {"jail": number, "gone": true, "out_of_memory": bool};
                   {"preload_failed": why}, if nothing is preloaded any more
"""

import contextlib
import errno
import importlib
import os
import resource
import select
import signal
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, NoReturn

from . import apparmor, cgroup, cgroup_v1, executable, folders, inside, level, libc, removal, wire, zygote
from .descriptors import close_all_but
from .level import Level
from .plan import UIDS, Plan

_RETRY_SECONDS = 0.02
_END_SECONDS = 5.0
_REMOVERS = 2
_MOST_LEFT = 128
"""So many folders of ended jails may wait to be removed; then new jails wait too."""
_FALLEN: wire.Frame = {"failed": "start", "why": "the process that makes jails ended", "errno": None}


class _Jail(NamedTuple):
    """One jail: its number, that of its uid, the folders of its memory and CPU cgroups, and whether it exceeded its memory."""

    number: int
    uid: int
    group: str | None
    cpu: str | None
    is_out_of_memory: bool = False
    folder: str = ""
    """Its own folder on the host's disk; empty if it has none."""


class _Request(NamedTuple):
    """A requested jail: its settings, the descriptor of its control channel, and whether a zygote has already failed to make it."""

    jail: _Jail
    control: int
    is_second_try: bool = False


class _Zygote:
    """A zygote: its process, our end of its channel, and by number the requests that it has or will get."""

    def __init__(self, channel: socket.socket, pid: int, level: Level) -> None:
        self.channel = channel
        self.level = level
        self.pid = pid
        self.is_ready = False
        self.requests: dict[int, _Request] = {}

    def end(self) -> None:
        """Kill the zygote but not its jails, whose inits live on."""
        self.channel.close()
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def main(descriptor: int, bus: str) -> NoReturn:
    """Serve the host at the other end of the channel `descriptor` until the channel closes.

    `bus` is the socket of the service manager that may give us cgroups; empty if there is none.
    """
    close_all_but(descriptor)  # closes descriptors that the host's parent left open
    channel = socket.socket(fileno=descriptor)
    signal.signal(
        signal.SIGCHLD, signal.SIG_DFL
    )  # otherwise we would lose every exit status if the host ignores the signal
    cgroup.prepare(bus)  # before a profile of AppArmor keeps us from the bus
    unprotected: OSError | None = None
    try:
        os.chdir("/")
        apparmor.enter()
        try:
            executable.make_read_only()
        except OSError as error:
            unprotected = error
        # Descriptors in transit to us and to the jails' inits count together with those of all processes of this user.
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        libc.prctl(libc.PR_SET_DUMPABLE, 0)
    except OSError as error:
        _refuse_all(channel, error)
    channel.set_inheritable(False)
    first = wire.receive(channel)
    if first is not None:
        # The host handles Ctrl-C; it ends us by closing the channel.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        plan = Plan.from_json(first["plan"])
        os.environ.clear()
        os.environ.update(first["environment"])
        if plan.has_sessions:  # now, because our files are not visible where the zygotes are
            inside.conversation = importlib.import_module(".conversation", __package__)
        launcher = _Launcher(channel, plan, first["name"], unprotected)
        try:
            launcher.serve()
        except (OSError, EOFError, wire.BrokenFrame):
            launcher.end_all()  # the host is gone
    os._exit(0)  # there is nothing to finalise, and somebody is waiting for us


def _refuse_all(channel: socket.socket, error: OSError) -> NoReturn:
    """Answer every request with the reason why this machine cannot hold a jail."""
    while (frame := wire.receive(channel)) is not None:
        if "jail" in frame:
            answer = {"failed": "launcher", "why": str(error), "errno": error.errno}
            wire.send(channel, {"jail": frame["jail"]} | answer)
    os._exit(0)


class _Launcher:
    """The zygotes, the running jails, and the remains of jails that have ended."""

    def __init__(self, channel: socket.socket, plan: Plan, name: str, unprotected: OSError | None) -> None:
        """`unprotected` says why a level of namespaces cannot protect this program's own file."""
        self._channel = channel
        self._plan = plan
        self._name = name
        self._cgroups, self._cpu = cgroup.find(name, plan.memory_bytes, plan.processes)
        self._modules = plan.preload
        self._is_root = os.geteuid() == 0
        self._levels = list(plan.levels)
        self._refused: list[wire.Frame] = []  # why the levels before this one are not there
        self._level: Level | None = None
        self._lacks: list[str] = []  # what jails do without: see level.py
        self._has_made_a_jail = False
        self._zygotes: dict[bool, _Zygote] = {}  # keyed by whether it is preloaded
        self._jails: dict[int, _Jail] = {}  # keyed by the pidfd of the init
        self._uids: set[int] = set()  # of jails that are requested, running, or not yet cleaned up
        self._last_uid = 0
        self._failed: set[int] = set()  # numbers of jails that could not be made
        self._unburied: list[_Jail] = []  # ended, but the kernel still holds their groups
        self._folders: dict[int, _Jail] = {}  # on the host's disk, by number
        self._left: set[int] = set()  # numbers of jails whose files the host no longer needs
        self._removing: dict[int, _Jail] = {}  # by the process that removes the folder
        self._poll = select.poll()
        self._poll.register(channel, select.POLLIN)
        self._take_next_level()
        if unprotected is not None and self._level is not None and "launcher" in self._level.first_steps:
            self._refuse({"failed": "launcher", "why": str(unprotected), "errno": unprotected.errno})

    def serve(self) -> None:
        """Carry out requests and clean up ended jails. Raises EOFError when the host has closed the channel."""
        while True:
            for descriptor, _ in self._poll.poll(
                _RETRY_SECONDS * 1000 if self._unburied or self._removing else None
            ):
                if descriptor == self._channel.fileno():
                    self._obey()
                elif descriptor in self._jails:
                    self._reap(descriptor)
                else:
                    self._hear_zygote(descriptor)
            self._bury()

    def end_all(self) -> None:
        """Kill every jail and wait until nothing is left of them."""
        for each in self._zygotes.values():
            each.end()
            # A jail may still have been forked; it ends by itself, because the host is gone.
            self._unburied += [request.jail for request in each.requests.values()]
        if self._level is not None:
            self._level.end_strays(self._children(), 0)  # inits that we have not heard of
        for exit_notice in list(self._jails):
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(exit_notice, signal.SIGKILL)
        for exit_notice in list(self._jails):
            select.select([exit_notice], [], [], _END_SECONDS)
            self._reap(exit_notice)
        deadline = time.monotonic() + _END_SECONDS
        while self._unburied and time.monotonic() < deadline:
            self._unburied = [jail for jail in self._unburied if not self._is_buried(jail)]
            time.sleep(_RETRY_SECONDS if self._unburied else 0)
        self._cgroups.close()
        self._cpu.close()
        if self._level is not None:
            self._level.end_strays(self._children(), 0)
            for pid in self._removing:  # what closes the level does their work
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            self._level.close()

    def _obey(self) -> None:
        """Carry out the next frame. Raises EOFError if the channel is closed."""
        frame, descriptors = wire.receive_with_descriptors(self._channel)
        if frame is None:
            raise EOFError
        if "renew" in frame:
            if True in self._zygotes:
                self._lose_zygote(True, None)
            return
        if "files" in frame:
            self._left.add(int(frame["files"]))
            self._remove_folders()
            return
        number, control = int(frame["jail"]), descriptors[0]
        step = "identity"
        try:
            self._make_room()
            uid = self._free_uid()
            step = "memory cgroup"
            cpu = self._cpu.make()
            group = self._cgroups.make(number)
        except OSError as error:
            os.close(control)
            self._tell_failed(number, {"failed": step, "why": str(error), "errno": error.errno})
            return
        jail = _Jail(number, uid, group, cpu)
        self._uids.add(jail.uid)
        self._ask(_Request(jail, control), is_preloaded=frame["preloaded"] is True)

    def _take_next_level(self) -> None:
        """Use the next level that this machine has; None is left if there are no more."""
        self._level = None
        while self._levels and self._level is None:
            try:
                self._level = level.find(
                    self._levels.pop(0), self._plan, self._name, is_made_by_root=self._is_root
                )
            except folders.NoFolder as error:
                self._refused.append({"failed": "files", "why": error.strerror, "errno": error.errno})
            except folders.NoEntry as error:
                self._refused.append({"failed": "entry", "why": error.strerror, "errno": error.errno})
            except OSError as error:
                self._refused.append({"failed": "level", "why": str(error), "errno": error.errno})

    def _refuse(self, last_words: wire.Frame) -> None:
        """Give up this level, which has failed before it has made a jail, for the next one."""
        self._refused.append(last_words)
        self._take_next_level()

    def _free_uid(self) -> int:
        """Return the number of a uid that no jail has, and no file of one, if they have uids of their own. Raises OSError."""
        if not self._is_root:
            return 0
        if len(self._uids) >= UIDS - 1:
            raise OSError(errno.EUSERS, "all uids are in use: files of ended jails cannot be removed")
        while True:
            self._last_uid = self._last_uid % (UIDS - 1) + 1
            if self._last_uid not in self._uids:
                return self._last_uid

    def _ask(self, request: _Request, *, is_preloaded: bool) -> None:
        """Have a zygote make a jail as soon as the zygote is ready."""
        if self._level is None:
            *before, last = self._refused
            self._settle(request, last | {"before": before}, [])
            return
        maker = self._zygote(is_preloaded=is_preloaded)
        maker.requests[request.jail.number] = request
        if maker.is_ready:
            self._hand_over(maker, request)

    def _hand_over(self, maker: _Zygote, request: _Request) -> None:
        try:
            jail = self._with_folder(maker, request.jail)
        except OSError as error:
            del maker.requests[request.jail.number]
            self._settle(request, {"failed": "files", "why": error.strerror, "errno": error.errno}, [])
            return
        members = [] if jail.group is None else self._cgroups.open_for_member(jail.group)
        members += [] if jail.cpu is None else [cgroup_v1.open_to_join(jail.cpu)]
        with contextlib.suppress(
            OSError
        ):  # it has ended: its channel will say so, and the request is handled again then
            frame = {
                "jail": jail.number,
                "uid": maker.level.uid(jail.uid),
                "gid": maker.level.gid(jail.uid),
                "folder": jail.folder,
            }
            wire.send(maker.channel, frame, (request.control, *members))
        for descriptor in members:
            os.close(descriptor)

    def _with_folder(self, maker: _Zygote, jail: _Jail) -> _Jail:
        """Return the jail with its folder, made if its level has folders and it has none yet."""
        if not jail.folder:
            folder = maker.level.make_folder(
                jail.number, maker.level.uid(jail.uid), maker.level.gid(jail.uid)
            )
            if folder:
                jail = jail._replace(folder=folder)
                self._folders[jail.number] = jail
                maker.requests[jail.number] = maker.requests[jail.number]._replace(jail=jail)
        return jail

    def _zygote(self, *, is_preloaded: bool) -> _Zygote:
        """Return the zygote of that kind; start a new one if there is none."""
        if is_preloaded not in self._zygotes:
            assert self._level is not None
            ours, theirs = wire.channel()
            pid = os.fork()
            if pid == 0:
                try:
                    close_all_but(theirs.fileno(), *self._level.kept)
                    modules = self._modules if is_preloaded else ()
                    zygote.main(
                        theirs,
                        self._plan,
                        modules,
                        self._level,
                        has_cpu_groups=self._cpu.are_there,
                    )
                finally:
                    os._exit(1)
            theirs.close()
            self._cpu.take(pid)
            self._zygotes[is_preloaded] = _Zygote(ours, pid, self._level)
            self._poll.register(ours, select.POLLIN)
        return self._zygotes[is_preloaded]

    def _hear_zygote(self, descriptor: int) -> None:
        """Handle a frame from a zygote."""
        speakers = [kind for kind, each in self._zygotes.items() if each.channel.fileno() == descriptor]
        if not speakers:
            return  # it was killed since the poll
        is_preloaded = speakers[0]
        speaker = self._zygotes[is_preloaded]
        try:
            frame, descriptors = wire.receive_with_descriptors(speaker.channel)
        except OSError:  # it was killed before it had read everything
            frame, descriptors = None, []
        if frame == {"help": True}:
            try:
                speaker.level.help_zygote(speaker.pid)
                wire.send(speaker.channel, {"helped": True})
                return
            except OSError as error:
                frame = {"failed": "identity", "why": str(error), "errno": error.errno}
        if frame is not None and "ready" in frame:
            speaker.is_ready = True
            self._lacks = frame["lacks"]
            for request in list(speaker.requests.values()):
                self._hand_over(speaker, request)
        elif frame is None or "jail" not in frame:
            self._lose_zygote(is_preloaded, frame)
        else:
            self._settle(speaker.requests.pop(frame["jail"]), frame, descriptors)

    def _lose_zygote(self, is_preloaded: bool, last_words: wire.Frame | None) -> None:
        """Clean up a zygote that could not start or was killed. A new one gets its requests, but there is no third attempt."""
        lost = self._zygotes.pop(is_preloaded)
        self._poll.unregister(lost.channel)
        lost.end()
        lost.level.end_strays(self._children(), 0)  # an init that we have not heard of is made again
        if self._is_without(lost.level, last_words):
            if lost.level is self._level:
                assert last_words is not None
                self._refuse(last_words)
            for request in lost.requests.values():
                self._ask(request, is_preloaded=is_preloaded)
            return
        if is_preloaded and last_words is not None and self._modules:
            # A module cannot survive a fork. Without preloading, jails still work, but start later.
            self._modules = ()
            wire.send(self._channel, {"preload_failed": str(last_words.get("why"))})
            last_words = None
        for request in lost.requests.values():
            if last_words is not None or request.is_second_try:
                self._settle(request, last_words or _FALLEN, [])
            else:
                self._ask(request._replace(is_second_try=True), is_preloaded=is_preloaded)

    def _is_without(self, its: Level, last_words: wire.Frame | None) -> bool:
        """Whether a zygote's last words say that this machine does not have its level."""
        return (
            last_words is not None
            and not self._has_made_a_jail
            and last_words.get("failed") in its.first_steps
        )

    def _settle(self, request: _Request, frame: wire.Frame, descriptors: list[int]) -> None:
        """Tell the host the result of a request."""
        os.close(request.control)
        jail = request.jail
        if not descriptors:
            self._failed.add(jail.number)
            self._unburied.append(jail)
            self._tell_failed(jail.number, frame)
            return
        self._has_made_a_jail = True
        (exit_notice,) = descriptors
        self._jails[exit_notice] = jail
        self._poll.register(exit_notice, select.POLLIN)
        started: wire.Frame = {"jail": jail.number, "started": True, "memory_cgroup": self._cgroups.version}
        if self._refused or jail.folder:
            assert self._level is not None
            started |= {"level": self._level.name, "before": self._refused}
            started["places"] = self._level.places(jail.folder)
        if self._lacks:
            started["lacks"] = self._lacks
        wire.send(self._channel, started, (exit_notice,))

    def _tell_failed(self, number: int, frame: wire.Frame) -> None:
        wire.send(self._channel, frame | {"jail": number})

    def _reap(self, exit_notice: int) -> None:
        jail = self._jails.pop(exit_notice)
        self._poll.unregister(exit_notice)
        os.close(exit_notice)
        if jail.group is not None and self._cgroups.was_exceeded_in(jail.group):
            # The init may have been killed together with the others, before it could report it.
            jail = jail._replace(is_out_of_memory=True)
        if self._level is not None:
            self._level.end_strays(self._children(), jail.uid)
        self._unburied.append(jail)

    def _children(self) -> set[int]:
        """Return our processes that are not of a jail, and the inits."""
        inits = (_pid(each) for each in self._jails)
        helpers = (*self._removing, *self._cgroups.helpers)
        return {*(each.pid for each in self._zygotes.values()), *helpers, *inits}

    def _remove_folders(self) -> None:
        """Start to remove the folders of ended jails that the host no longer needs, and note which are gone."""
        alive = {each.number for each in (*self._jails.values(), *self._unburied)}
        for number in self._left - alive:
            if len(self._removing) >= _REMOVERS:
                break
            self._left.discard(number)
            jail = self._folders.pop(number, None)
            if jail is not None and self._level is not None:
                remove = partial(self._level.remove_folder, jail.folder)
                self._removing[self._fork_remover(self._level, remove)] = jail
        for pid in list(self._removing):
            self._wait_for_remover(pid, os.WNOHANG)

    def _fork_remover(self, its: Level, remove: Callable[[], None]) -> int:
        """Start a process that calls `remove`, which can take long, while others have the processors; return its pid."""
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                close_all_but(*its.kept)
                os.nice(removal.NICENESS)
                remove()
                status = 0
            finally:
                os._exit(status)
        return pid

    def _wait_for_remover(self, pid: int, options: int = 0) -> None:
        """If a remover has ended, note it. A uid of which files are left is not used again."""
        ended, status = os.waitpid(pid, options)
        if ended:
            jail = self._removing.pop(pid)
            if status == 0:
                self._uids.discard(jail.uid)

    def _make_room(self) -> None:
        """Wait while too many folders wait to be removed."""
        while len(self._left) > _MOST_LEFT and self._removing:
            self._wait_for_remover(next(iter(self._removing)))
            self._remove_folders()

    def _is_buried(self, jail: _Jail) -> bool:
        return jail.group is None or self._cgroups.give_back(jail.group)

    def _bury(self) -> None:
        """Remove the remains of ended jails and tell the host."""
        for jail in list(self._unburied):
            if self._is_buried(jail):
                self._unburied.remove(jail)
                if jail.cpu is not None:
                    self._cpu.give_back(jail.cpu)
                if jail.number not in self._folders:
                    self._uids.discard(jail.uid)  # else its files have it until they are removed
                if jail.number in self._failed:  # the host has already been told
                    self._failed.discard(jail.number)
                    self._left.add(jail.number)
                    continue
                gone = {"jail": jail.number, "gone": True, "out_of_memory": jail.is_out_of_memory}
                wire.send(self._channel, gone)
        if self._left or self._removing:
            self._remove_folders()


def _pid(exit_notice: int) -> int:
    """Return the pid of the process of a pidfd; -1 if it has been waited for."""
    with open(f"/proc/self/fdinfo/{exit_notice}") as file:
        return next((int(line.split()[1]) for line in file if line.startswith("Pid:")), -1)
