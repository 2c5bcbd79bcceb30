"""The host's handle on one jail: what its init says, what its code writes, and its end.

Everything that comes out is hostile bytes, except the frames of the jail's init, which never runs user code. Reading is capped and never
waits for the code: a run is over when the init says so, however many descriptors the code's children hold open.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import socket
import sys
import termios
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from plugcli.errors import SandboxUnavailable
from plugcli.sandbox import gate, refusal
from plugcli.sandbox.engine import OnOutput, Stream
from plugcli.sandbox.jail import wire
from plugcli.sandbox.jail.plan import Places

_CHUNK = 65536
_GREETING_BYTES = 4096
_ENDS = 5  # door, standard input, output and error, workspace
_INTERRUPT_GRACE_SECONDS = 0.5
_END_SECONDS = 0.5
_POST_MORTEM_SECONDS = 5.0


@dataclass
class Output:
    """The output of one stream of a run: the first `limit` bytes, and how many came after them."""

    limit: int
    kept: bytearray = field(default_factory=bytearray)
    left_out: int = 0

    def add(self, data: bytes) -> bytes:
        """Take in `data`; return the part that is kept."""
        part = data[: max(0, self.limit - len(self.kept))]
        self.kept += part
        self.left_out += len(data) - len(part)
        return part


@dataclass(frozen=True)
class Capture:
    """Where the code's output goes while a run lasts."""

    stdout: Output
    stderr: Output
    on_output: OnOutput | None = None

    @classmethod
    def up_to(cls, limit: int, on_output: OnOutput | None = None) -> "Capture":
        """Return an empty capture that keeps `limit` bytes of each stream."""
        return cls(Output(limit), Output(limit), on_output)

    def take(self, stream: Stream, data: bytes) -> None:
        """Take in what the code wrote."""
        part = (self.stdout if stream == "stdout" else self.stderr).add(data)
        if part and self.on_output is not None:
            self.on_output(stream, part)


@dataclass(frozen=True)
class Ending:
    """How a run ended, according to the jail's init or the host's clock. One of these is set, or none if the init itself was killed."""

    exited: int | None = None
    """Exit status, or the negative number of the signal that killed it."""
    is_out_of_memory: bool = False
    held: str = ""
    """The kernel objects of which the code had more than a jail may have, if that is why it is out of memory."""
    full: str = ""
    """Which of its files were more than `most` bytes, `workspace` or `scratch`, or `files` for their number, if that is why."""
    most: int = 0
    is_timeout: bool = False


class Gone(asyncio.Event):
    """Set when nothing of a jail is left. By then it is known whether the kernel ended the jail for its memory use."""

    is_out_of_memory = False


class Jail:
    """One jail, whose interpreter waits for work from the door."""

    def __init__(
        self, control: socket.socket, exit_notice: int, gone: Gone, ends: list[int], places: Places
    ) -> None:
        self._control = control
        self.places = places
        """Where its code has its own files."""
        self._exit_notice = exit_notice
        self.gone = gone
        """Set when nothing of the jail is left."""
        self.door = socket.socket(fileno=ends[0])
        """The socket to the interpreter."""
        self.door.setblocking(False)
        self._stdin, self._stdout, self._stderr, self.workspace = ends[1:]
        self.ending: Ending | None = None
        """How the jail ended, once it has."""
        self.used_bytes = 0
        """The memory use that its init reported last."""
        self.let_files_go: Callable[[], None] = lambda: None
        """Called when its files are no longer needed, so that a folder on the disk is removed."""
        self.when_used: Callable[[], None] = lambda: None
        """Called when `used_bytes` has changed by a lot."""
        self.capture: Capture | None = None
        """Where output goes. While this is None, output waits in the pipes."""
        self._is_closed = False
        self._is_swept = False
        self._waiter: asyncio.Future[None] | None = None
        self._rest = b""
        self._giving: asyncio.Future[None] | None = None
        for descriptor in (self._stdin, self._stdout, self._stderr):
            os.set_blocking(descriptor, False)
        self._is_listening = False
        self._loop = asyncio.get_running_loop()
        # Descriptors, not sockets: for a socket that is new to it, asyncio builds a long text, and throws it away.
        self._loop.add_reader(control.fileno(), self._hear)

    @classmethod
    async def open(
        cls, control: socket.socket, exit_notice: int, gone: Gone, places: Places, seconds: float
    ) -> "Jail":
        """Wait until the jail is locked and its interpreter is ready. The jail then owns `control` and `exit_notice`."""
        try:
            async with asyncio.timeout(seconds):
                frame, descriptors = await _first_frame(control)
            jail = cls(control, exit_notice, gone, _ready_ends(frame, descriptors), places)
        except BaseException as error:
            _kill(exit_notice)
            os.close(exit_notice)
            control.close()
            if isinstance(error, TimeoutError):
                raise refusal.failed_step("start", f"no jail after {seconds:.0f} s", None) from error
            if isinstance(error, wire.BrokenFrame):
                raise refusal.failed_step("start", str(error), None) from error
            raise
        try:
            async with asyncio.timeout(seconds):
                await jail._greet()
        except TimeoutError as error:
            jail.close()
            raise refusal.failed_step(
                "interpreter", f"it did not start within {seconds:.0f} s", None
            ) from error
        except BaseException:
            jail.close()
            raise
        return jail

    async def run(
        self,
        job: dict[str, Any],
        source: bytes,
        *,
        wall_seconds: float,
        capture: Capture,
        stdin: AsyncIterator[bytes] | None,
    ) -> Ending:
        """Run the one job of a script until it ends or `wall_seconds` have passed. Then nothing runs in the jail, and it must be closed.

        Raises what `capture` raises: a caller that can no longer take output ends the run.
        """
        feeding: list[asyncio.Task[None]] = []
        try:
            self.listen(capture)
            if not self.give(json.dumps(job | {"source_bytes": len(source)}).encode() + b"\n" + source):
                feeding.append(asyncio.create_task(self.give_rest()))
            if stdin is None:
                self.close_stdin()
            else:
                feeding.append(asyncio.create_task(self._feed(stdin)))
            if await self.wait(wall_seconds):
                ending = self.ending or Ending()
            else:
                ending = Ending(is_timeout=True)
                # A chance for the code to say where it was, and to flush. Whatever it does, the outcome is a timeout.
                self.interrupt()
                if not await self.wait(_INTERRUPT_GRACE_SECONDS):
                    # This ends a process in the middle of a read(2) sooner than killing the init does.
                    self._tell({"end": True})
                    await self.wait(_END_SECONDS)
        finally:
            # Otherwise its init has killed all other processes, and ends when the jail is closed.
            if self.ending in (None, Ending()):
                _kill(self._exit_notice)
            self.stop_listening()
            for task in feeding:
                task.cancel()
            if feeding:
                await asyncio.gather(*feeding, return_exceptions=True)
        if ending == Ending():
            ending = await self.post_mortem()
        self.drain()
        return ending

    async def wait(self, seconds: float) -> bool:
        """Wait at most `seconds` for the end of the jail or a call of `wake`. Return whether the jail has ended."""
        if self.ending is not None:
            return True
        waiter = self._waiter = self._loop.create_future()
        timer = self._loop.call_later(seconds, _resolve, waiter)
        try:
            await waiter
        finally:
            self._waiter = None
            timer.cancel()
        return self.ending is not None

    def wake(self, error: BaseException | None = None) -> None:
        """Let `wait` return, or raise `error`."""
        if self._waiter is not None and not self._waiter.done():
            if error is None:
                self._waiter.set_result(None)
            else:
                self._waiter.set_exception(error)

    async def post_mortem(self) -> Ending:
        """Return how a jail ended if its init was killed before it could report that."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_POST_MORTEM_SECONDS):
                await self.gone.wait()
        return Ending(is_out_of_memory=self.gone.is_out_of_memory)

    def close(self) -> None:
        """Kill what is left and close the descriptors. `gone` is set when the kernel has finished."""
        for descriptor in self.end():
            os.close(descriptor)
        self.kill()

    async def init_ended(self) -> None:
        """Wait until the jail's init has ended, whether or not its launcher lives."""
        if self._exit_notice >= 0:
            ended = asyncio.Event()
            self._loop.add_reader(self._exit_notice, ended.set)
            try:
                await ended.wait()
            finally:
                self._loop.remove_reader(self._exit_notice)

    def kill(self) -> None:
        """Kill the jail's init, and with it everything that is left. The jail cannot be used after this."""
        if self._exit_notice >= 0:
            _kill(self._exit_notice)
            os.close(self._exit_notice)
            self._exit_notice = -1

    def end(self) -> list[int]:
        """Tell the init to end everything in the jail; `kill` must follow. Return the descriptors to close: closing them can take long.

        A live init kills the processes itself. If only the init is killed, the kernel lets a read(2) in progress take more memory for a
        while; if the process itself is killed, it does not.
        """
        descriptors = []
        if not self._is_closed:
            self._is_closed = True
            if self.ending is None:
                self._tell({"end": True})
            self.ending = self.ending or Ending()
            self.wake()  # whoever waits for its end
            self.stop_listening()
            self._loop.remove_reader(self._control.fileno())
            self._loop.remove_reader(self.door.fileno())
            if self._giving is not None:
                self._loop.remove_writer(self.door.fileno())
                self._giving.cancel()
            descriptors = [self._control.detach(), self.door.detach()]
            descriptors += [self._stdin, self._stdout, self._stderr]
            self._stdin = self._stdout = self._stderr = -1  # these numbers will soon be reused
        if self.workspace >= 0:
            self.let_files_go()
        descriptors.append(self.workspace)
        self.workspace = -1
        return [descriptor for descriptor in descriptors if descriptor >= 0]

    def interrupt(self) -> None:
        """Have the init send SIGINT to the interpreter."""
        self._tell({"interrupt": True})

    async def sweep(self, seconds: float) -> bool:
        """End every process of the jail except its interpreter. Return whether they are gone and the interpreter lives."""
        self._is_swept = False
        self._tell({"sweep": True})
        await self.wait(seconds)
        return self._is_swept and self.ending is None

    def scribe(self, name: str, most: int | None = None) -> socket.socket:
        """Return a socket to a new scribe that makes the file `name`: see jail/scribe.py. It closes at once if there can be no scribe.

        `most` is how many bytes there is room for; None: the file system sees to that.
        """
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            self._tell({"write": name, "most": most}, (theirs.fileno(),))
        return ours

    def give(self, data: bytes) -> bool:
        """Send `data` to the interpreter. Return whether all of it was sent; if not, `give_rest` must follow."""
        try:
            sent = self.door.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:  # it ended before it had read everything: its init reports how
            sent = len(data)
        self._rest = data[sent:]
        return not self._rest

    async def give_rest(self) -> None:
        """Send the rest, as fast as the interpreter takes it, or until the jail ends."""
        self._giving = asyncio.ensure_future(self._loop.sock_sendall(self.door, self._rest))
        try:
            with contextlib.suppress(OSError):
                await self._giving
        except asyncio.CancelledError:
            if not self._is_closed:
                raise
        finally:
            self._giving = None
            self._rest = b""

    def hear_door(self, hear: Callable[[], None] | None) -> None:
        """Have `hear` called whenever the interpreter has sent something or closed the door. None stops that."""
        if hear is None:
            self._loop.remove_reader(self.door.fileno())
        else:
            self._loop.add_reader(self.door.fileno(), hear)

    def call_later(self, seconds: float, then: Callable[[], None]) -> None:
        """Call `then` after `seconds`, unless the jail has been closed by then."""
        self._loop.call_later(seconds, lambda: None if self._is_closed else then())

    def listen(self, capture: Capture) -> None:
        """Read what the code writes from now on."""
        self.capture = capture
        self._is_listening = True
        self._loop.add_reader(self._stdout, self._listen, self._stdout, "stdout")
        self._loop.add_reader(self._stderr, self._listen, self._stderr, "stderr")

    def stop_listening(self) -> None:
        """Leave what the code writes from now on in the pipes."""
        if self._is_listening:
            self._is_listening = False
            self._loop.remove_reader(self._stdout)
            self._loop.remove_reader(self._stderr)

    def drain(self) -> None:
        """Read everything that is in the pipes now."""
        if self._is_closed:
            return
        for descriptor, name in ((self._stdout, "stdout"), (self._stderr, "stderr")):
            left = _waiting_bytes(descriptor)  # what comes later must not keep us here
            while left > 0 and (count := self._read(descriptor, name)):  # type: ignore[arg-type]
                left -= count

    def close_stdin(self) -> None:
        """Let the code's standard input end."""
        if self._stdin >= 0:
            descriptor, self._stdin = self._stdin, -1
            os.close(descriptor)

    def _tell(self, frame: wire.Frame, descriptors: tuple[int, ...] = ()) -> None:
        with contextlib.suppress(OSError):  # killed from outside: `_hear` will notice
            wire.send(self._control, frame, descriptors)

    async def _greet(self) -> None:
        """Wait for the interpreter's first line; it may have run a venv's start-up files, so its words are not trusted."""
        line = b""
        while not line.endswith(b"\n"):
            data = await self._loop.sock_recv(self.door, _GREETING_BYTES)
            if not data or len(line) > _GREETING_BYTES:
                raise SandboxUnavailable(
                    "the interpreter ended before it was ready" + self._last_words(),
                    hint="check that it runs outside the sandbox",
                )
            line += data
        try:
            words = gate.read_json(line)
        except ValueError:
            words = {}
        if not isinstance(words, dict) or "ready" not in words:
            why = str(words.get("refused", "")) if isinstance(words, dict) else ""
            raise SandboxUnavailable(
                f"the interpreter cannot start in the sandbox: {ascii(why)[1:-1]}",
                hint="name another one with --python",
            )

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            text = os.read(self._stderr, _GREETING_BYTES).decode(errors="replace").strip()
            if text:
                return ": " + ascii(text.splitlines()[-1])[1:-1]
        return ""

    async def _feed(self, stdin: AsyncIterator[bytes]) -> None:
        """Write `stdin` as fast as the code reads it, then close the code's standard input."""
        try:
            async for data in stdin:
                await self._write(data)
        except BrokenPipeError:
            pass
        finally:
            self.close_stdin()

    async def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._stdin, view) :]
            except BlockingIOError:
                writable = asyncio.Event()
                self._loop.add_writer(self._stdin, writable.set)
                try:
                    await writable.wait()
                finally:
                    self._loop.remove_writer(self._stdin)

    def _listen(self, descriptor: int, name: Stream) -> None:
        try:
            self._read(descriptor, name)
        except Exception as error:
            self.wake(error)

    def _read(self, descriptor: int, name: Stream) -> int:
        """Take one chunk; return its length, 0 when there is nothing more now."""
        try:
            data = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return 0
        if not data:
            self._loop.remove_reader(descriptor)
            return 0
        if self.capture is not None:
            self.capture.take(name, data)
        return len(data)

    def _hear(self) -> None:
        """Take the init's next frame."""
        try:
            frame = wire.receive(self._control)
        except BlockingIOError:
            return
        except (OSError, wire.BrokenFrame):
            frame = None
        if frame is not None and type(used := frame.get("memory")) is int:
            self.used_bytes = used
            self.when_used()
        elif frame is not None and frame.get("swept") is True:
            self._is_swept = True
            self.wake()
        else:
            self.ending = _ending(frame)
            self._loop.remove_reader(self._control.fileno())
            self.wake()


async def _first_frame(control: socket.socket) -> tuple[wire.Frame | None, list[int]]:
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    control.setblocking(False)
    loop.add_reader(control.fileno(), readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(control.fileno())
    return wire.receive_with_descriptors(control)


def _ready_ends(frame: wire.Frame | None, descriptors: list[int]) -> list[int]:
    """Return the descriptors of a jail that is ready. Raises SandboxUnavailable, and closes them, for anything else."""
    if frame is not None and frame.get("ready") is True and len(descriptors) == _ENDS:
        return descriptors
    for descriptor in descriptors:
        os.close(descriptor)
    if frame is None:
        raise refusal.failed_step("start", "the jail ended before it was ready", None)
    step, why, code = frame.get("failed"), frame.get("why"), frame.get("errno")
    if isinstance(step, str) and isinstance(why, str):
        raise refusal.failed_step(step, why, code if isinstance(code, int) else None)
    raise refusal.failed_step("start", "the jail's first frame is not valid", None)


def _ending(frame: wire.Frame | None) -> Ending:
    """Return how the run ended according to the init's last frame. An invalid frame counts as none."""
    if frame is not None:
        exited = frame.get("exited")
        if type(exited) is int and -signal.NSIG < exited <= 255:
            return Ending(exited=exited)
        if frame.get("out_of_memory") is True:
            most = frame.get("most")
            return Ending(
                is_out_of_memory=True,
                held=str(frame.get("held", "")),
                full=str(frame.get("full", "")),
                most=most if type(most) is int else 0,
            )
    return Ending()


def _waiting_bytes(pipe: int) -> int:
    """Return how many bytes can be read from it now."""
    answer = fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4)
    return int.from_bytes(answer, sys.byteorder)


def _resolve(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _kill(exit_notice: int) -> None:
    """Kill a jail's init, and with it every process of its namespace."""
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(exit_notice, signal.SIGKILL)
