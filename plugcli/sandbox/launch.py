"""The host's handle on the launcher: start it, ask it for jails, notice what ends.

The launcher is exec'd, never forked from the host, so that none of the host's memory (tokens, uploads) is in a jail's.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from plugcli.errors import SandboxUnavailable
from plugcli.sandbox import refusal
from plugcli.sandbox.handle import Gone, Jail
from plugcli.sandbox.jail import cgroup, wire
from plugcli.sandbox.jail.plan import Plan

_START_SECONDS = 30.0
_END_SECONDS = 10.0

_PROGRAM = """
import socket, sys
sys.path.insert(0, sys.argv[1])
from jail import launcher
del sys.path[0]
launcher.main(socket.socket(fileno=int(sys.argv[2])))
"""


class Launcher:
    """A running launcher. Use as `async with`: leaving ends every jail it made."""

    def __init__(self, plan: Plan, environment: dict[str, str]) -> None:
        self._plan = plan
        self._environment = environment
        self._started: dict[int, asyncio.Future[int]] = {}
        self._gone: dict[int, Gone] = {}
        self._next = 0
        self._name = f"plugcli-{os.urandom(8).hex()}"
        self.is_alive = False
        self.has_memory_cgroup = False
        """Whether the kernel holds each jail's memory limit; else the jail's init measures."""

    async def __aenter__(self) -> "Launcher":
        ours, theirs = wire.channel()
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-I",
                    "-S",
                    "-c",
                    _PROGRAM,
                    str(Path(__file__).parent),
                    str(theirs.fileno()),
                ],
                env=self._environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # no terminal to type into, no Ctrl-C but through us
            )
        self._channel = ours
        ours.setblocking(False)
        self.is_alive = True
        asyncio.get_running_loop().add_reader(ours, self._hear)
        wire.send(ours, {"plan": self._plan.to_json(), "name": self._name})
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop_hearing()
        self._channel.close()  # it kills every jail, waits for them and exits
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self._process.wait, _END_SECONDS)
        if self._process.returncode is None:
            self._process.kill()  # each init sees its own channel close
            await asyncio.to_thread(self._process.wait)
        self._release()
        if self._process.returncode:  # it was killed, or fell, and could not clean up
            await asyncio.to_thread(cgroup.sweep, self._name)
        if self._process.stderr is not None:
            self._process.stderr.close()

    def preload(self) -> None:
        """Have the preloaded kind of jail prepared before one is asked for."""
        with contextlib.suppress(OSError):  # it is gone: whoever asks for a jail will be told
            wire.send(self._channel, {"preload": True})

    def renew(self) -> None:
        """Have jails of the preloaded kind import anew what they have from the start."""
        with contextlib.suppress(OSError):  # it is gone, and the next one begins anew
            wire.send(self._channel, {"renew": True})

    async def make_jail(self, *, is_preloaded: bool = False) -> Jail:
        """Return a new jail whose interpreter waits for a job. Raises SandboxUnavailable when a step of it failed."""
        loop = asyncio.get_running_loop()
        number = self._next
        self._next += 1
        ours, theirs = wire.channel()
        started = self._started[number] = loop.create_future()
        gone = self._gone[number] = Gone()
        with theirs:
            try:
                wire.send(self._channel, {"jail": number, "preloaded": is_preloaded}, (theirs.fileno(),))
            except OSError as error:
                ours.close()
                del self._started[number], self._gone[number]  # nobody waits for them
                self._die()
                raise self._death() from error
        try:
            exit_notice = await asyncio.wait_for(started, _START_SECONDS)
        except TimeoutError as error:
            ours.close()
            why = f"it does not start within {_START_SECONDS:.0f} s"
            raise refusal.failed_step("interpreter", why, None) from error
        except BaseException:
            ours.close()
            raise
        return await Jail.open(ours, exit_notice, gone, _START_SECONDS)

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
        except (EOFError, LookupError, TypeError, ValueError):  # gone, or out of its mind
            for descriptor in descriptors:
                os.close(descriptor)
            self._die()

    def _take(self, frame: wire.Frame, descriptors: list[int]) -> None:
        """Give a frame to whoever waits for it. Raises LookupError or TypeError for one that nobody waits for."""
        number = frame["jail"]
        if "gone" in frame:
            gone = self._gone.pop(number)
            gone.is_out_of_memory = frame["out_of_memory"] is True
            gone.set()
            return
        if "failed" in frame:
            error = refusal.failed_step(frame["failed"], frame["why"], frame["errno"])
            waiting = self._started.pop(number)
            del self._gone[number]
            if not waiting.done():
                waiting.set_exception(error)
            return
        (exit_notice,) = descriptors
        self.has_memory_cgroup = frame["memory_cgroup"] is True
        waiting = self._started.pop(number)
        if waiting.done():  # nobody waits any more
            signal.pidfd_send_signal(exit_notice, signal.SIGKILL)
            os.close(exit_notice)
        else:
            waiting.set_result(exit_notice)

    def _die(self) -> None:
        """Notice that the launcher ended by itself. A run that is under way goes on to its end: its init listens to us alone."""
        self._stop_hearing()
        self._release()

    def _release(self) -> None:
        """Tell all who wait for something that it will not come, or has happened."""
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
        text = b""
        if self._process.poll() is not None and self._process.stderr is not None:
            # Jails that live on have its other end: there is no end of the stream to wait for.
            os.set_blocking(self._process.stderr.fileno(), False)
            text = (self._process.stderr.read() or b"")[-2000:]
        last = text.decode(errors="replace").strip().rpartition("\n")[2]
        return SandboxUnavailable(
            "the sandbox's launcher ended" + (f": {last}" if last else ""),
            hint="nothing was run; try again, and report it if it stays so",
        )
