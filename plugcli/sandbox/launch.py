"""The host's handle on the launcher: ask it for jails, and notice when they end."""

import asyncio
import contextlib
import os
import signal
import socket
from functools import partial

from plugcli.errors import SandboxUnavailable
from plugcli.sandbox import refusal
from plugcli.sandbox.handle import Gone, Jail
from plugcli.sandbox.jail import cgroup, wire
from plugcli.sandbox.jail.plan import PLACES, Places
from plugcli.sandbox.start import FIRST, Started
from plugcli.sandbox.view import STRONGEST

_START_SECONDS = 30.0
_END_SECONDS = 10.0


class Launcher:
    """A running launcher. Use as `async with`: leaving ends every jail it made."""

    def __init__(self, started: Started) -> None:
        self._process = started.process
        self._channel = started.process.channel
        self._name = started.name
        self._started: dict[int, asyncio.Future[tuple[int, Places]]] = {}
        self._gone: dict[int, Gone] = {}
        self._last = FIRST
        self._first: socket.socket | None = started.first
        self.is_alive = False
        self.preload_problem = ""
        """Why nothing is preloaded although it was requested."""
        self.cgroup_version = 0
        """The version of the memory cgroups by which the kernel enforces each jail's limit; 0: the jail's init measures its use."""
        self.level = STRONGEST
        """The level of its jails."""
        self.before: list[SandboxUnavailable] = []
        """Why this machine does not have the levels that are stronger."""
        self.lacks: tuple[str, ...] = ()
        """What its jails do without although they have the level: see levels.Facts."""

    async def __aenter__(self) -> "Launcher":
        loop = asyncio.get_running_loop()
        self._started[FIRST], self._gone[FIRST] = loop.create_future(), Gone()
        self._channel.setblocking(False)
        self.is_alive = True
        loop.add_reader(self._channel, self._hear)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop_hearing()
        self._channel.close()  # the launcher kills every jail, waits for them and exits
        if self._first is not None:
            self._first.close()
        if self._process.poll() is None and not await _has_ended(self._process.pid, _END_SECONDS):
            self._process.kill()  # each init sees its own channel close
        self._process.wait()
        self._release()
        if self._process.returncode:  # it was killed, or crashed, and could not clean up
            await asyncio.to_thread(cgroup.sweep, self._name)
        self._process.close()

    def renew(self) -> None:
        """Have preloaded jails that are made from now on import their modules afresh."""
        with contextlib.suppress(OSError):  # it has ended, and the next one starts afresh
            wire.send(self._channel, {"renew": True})

    async def make_jail(self, *, is_preloaded: bool = False) -> Jail:
        """Return a new jail whose interpreter waits for a job. Raises SandboxUnavailable if a step of its set-up fails."""
        if self._first is not None and not is_preloaded:
            number, ours, self._first = FIRST, self._first, None
        else:
            number, ours = self._ask(is_preloaded=is_preloaded)
        started, gone = self._started[number], self._gone[number]
        try:
            exit_notice, places = await asyncio.wait_for(started, _START_SECONDS)
        except TimeoutError as error:
            ours.close()
            why = f"it did not start within {_START_SECONDS:.0f} s"
            raise refusal.failed_step("interpreter", why, None) from error
        except BaseException:
            ours.close()
            raise
        try:
            jail = await Jail.open(ours, exit_notice, gone, places, _START_SECONDS)
        except BaseException:
            self._let_files_go(number)
            raise
        jail.let_files_go = partial(self._let_files_go, number)
        return jail

    def _let_files_go(self, number: int) -> None:
        if self.level != STRONGEST:
            with contextlib.suppress(OSError):  # it has ended, and has removed everything
                wire.send(self._channel, {"files": number})

    def _ask(self, *, is_preloaded: bool) -> tuple[int, socket.socket]:
        """Ask for another jail; return its number and our end of its control channel."""
        self._last = number = self._last + 1
        ours, theirs = wire.channel()
        with theirs:
            try:
                wire.send(self._channel, {"jail": number, "preloaded": is_preloaded}, (theirs.fileno(),))
            except OSError as error:
                ours.close()
                self._die()
                raise self._death() from error
        self._started[number], self._gone[number] = asyncio.get_running_loop().create_future(), Gone()
        return number, ours

    def _hear(self) -> None:
        try:
            frame, descriptors = wire.receive_with_descriptors(self._channel)
        except BlockingIOError:
            return
        except (OSError, wire.BrokenFrame):
            frame, descriptors = None, []
        try:
            if frame is None:
                raise EOFError
            self._take(frame, descriptors)
        except (EOFError, LookupError, TypeError, ValueError):  # it has ended, or sends nonsense
            for descriptor in descriptors:
                os.close(descriptor)
            self._die()

    def _take(self, frame: wire.Frame, descriptors: list[int]) -> None:
        """Deliver a frame to the caller that waits for it. Raises LookupError or TypeError when there is none."""
        if "preload_failed" in frame:
            self.preload_problem = str(frame["preload_failed"])
            return
        number = frame["jail"]
        if "gone" in frame:
            gone = self._gone.pop(number)
            gone.is_out_of_memory = frame["out_of_memory"] is True
            gone.set()
            return
        if "failed" in frame:
            error = refusal.of_frame(frame)
            waiting = self._started.pop(number)
            del self._gone[number]
            if not waiting.done():
                waiting.set_exception(error)
            return
        (exit_notice,) = descriptors
        version = frame["memory_cgroup"]
        if version not in (0, 1, 2):
            raise ValueError("a memory cgroup has version 1 or 2")
        self.cgroup_version = version
        self.level = str(frame.get("level", STRONGEST))
        self.before = [refusal.of_frame(each) for each in frame.get("before", [])]
        self.lacks = tuple(map(str, frame.get("lacks", [])))
        places = Places(*frame.get("places", PLACES))
        waiting = self._started.pop(number)
        if waiting.done():  # the caller no longer waits
            signal.pidfd_send_signal(exit_notice, signal.SIGKILL)
            os.close(exit_notice)
            self._let_files_go(number)
        else:
            waiting.set_result((exit_notice, places))

    def _die(self) -> None:
        """Note that the launcher has ended by itself. Runs in progress go on, because their inits listen only to the host."""
        self._stop_hearing()
        self._release()

    def _release(self) -> None:
        """Wake everything that waits for the launcher: nothing more comes from it."""
        for waiting in self._started.values():
            if not waiting.done():
                waiting.set_exception(self._death())
        for gone in self._gone.values():
            gone.set()
        self._started.clear()
        self._gone.clear()

    def _stop_hearing(self) -> None:
        if self.is_alive:
            self.is_alive = False
            asyncio.get_running_loop().remove_reader(self._channel)

    def _death(self) -> SandboxUnavailable:
        last = self._process.last_words()
        return SandboxUnavailable(
            "the sandbox's launcher ended" + (f": {last}" if last else ""),
            hint="nothing was run; try again, and report it if it happens again",
        )


async def _has_ended(pid: int, seconds: float) -> bool:
    """Wait at most `seconds` for a child process to end. Return whether it did."""
    ended = asyncio.Event()
    try:
        exit_notice = os.pidfd_open(pid)
    except ProcessLookupError:  # it is reaped already: the host ignores SIGCHLD
        return True
    loop = asyncio.get_running_loop()
    loop.add_reader(exit_notice, ended.set)
    try:
        async with asyncio.timeout(seconds):
            await ended.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(exit_notice)
        os.close(exit_notice)
    return True
