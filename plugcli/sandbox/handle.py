"""The host's handle on one jail: give it a job, collect what it says, end it.

All that comes out is hostile bytes, except the frames of the jail's init, which never runs user text. Reading is capped and never waits for
the code: the call is over when the init says so, however many descriptors the code's children hold open.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from plugcli.errors import SandboxUnavailable
from plugcli.sandbox import refusal
from plugcli.sandbox.jail import wire

Stream = Literal["stdout", "stderr"]
OnOutput = Callable[[Stream, bytes], None]

_CHUNK = 65536
_GREETING_BYTES = 4096
_ENDS = 5  # door, standard input, output and error, workspace
_DRAIN_BYTES = (
    4 * 1024 * 1024
)  # more than the pipes can hold: a child that goes on writing cannot keep us reading
_INTERRUPT_GRACE_SECONDS = 0.5
_POST_MORTEM_SECONDS = 5.0


@dataclass
class Output:
    """What one stream of a run said: the first `limit` bytes, and how many came after."""

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
class Ending:
    """How a run ended, as the jail's init or our clock says: exactly one of these is set, or none when the init itself was killed."""

    exited: int | None = None
    """Exit status; minus the signal's number when one killed it."""
    is_out_of_memory: bool = False
    is_timeout: bool = False


class Gone(asyncio.Event):
    """Set when nothing of a jail is left; then it is known whether the kernel had to end it for its memory."""

    is_out_of_memory = False


class Jail:
    """One jail, whose interpreter waits for its one job."""

    def __init__(self, control: socket.socket, exit_notice: int, gone: Gone, ends: list[int]) -> None:
        self._control = control
        self._exit_notice = exit_notice
        self.gone = gone
        """Set when nothing of the jail is left."""
        self._door = socket.socket(fileno=ends[0])
        self._door.setblocking(False)
        self._stdin, self._stdout, self._stderr, self._workspace = ends[1:]
        self._is_closed = False
        for descriptor in (self._stdin, self._stdout, self._stderr):
            os.set_blocking(descriptor, False)

    @classmethod
    async def open(cls, control: socket.socket, exit_notice: int, gone: Gone, seconds: float) -> "Jail":
        """Wait until the jail is locked and its interpreter is ready; own `control` and `exit_notice` from here on."""
        try:
            async with asyncio.timeout(seconds):
                frame, descriptors = await _first_frame(control)
            jail = cls(control, exit_notice, gone, _ready_ends(frame, descriptors))
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
                "interpreter", f"it does not start within {seconds:.0f} s", None
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
        stdout: Output,
        stderr: Output,
        stdin: AsyncIterator[bytes] | None,
        on_output: OnOutput | None,
    ) -> Ending:
        """Run the job to its end or to `wall_seconds`, and end the jail."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[Ending] = loop.create_future()
        streams: list[tuple[int, Stream, Output]] = [
            (self._stdout, "stdout", stdout),
            (self._stderr, "stderr", stderr),
        ]
        feeding: list[asyncio.Task[None]] = []
        try:
            for descriptor, name, output in streams:
                loop.add_reader(descriptor, self._listen, ended, descriptor, name, output, on_output)
            loop.add_reader(self._control, self._hear, ended)
            with contextlib.suppress(OSError):  # killed from outside: `_hear` will notice
                wire.send(self._control, {"start": True})
            feeding.append(asyncio.create_task(self._give(job, source)))
            feeding.append(asyncio.create_task(self._feed(stdin)))
            done, _ = await asyncio.wait([ended], timeout=wall_seconds)
            if done:
                ending = ended.result()
            else:
                ending = Ending(is_timeout=True)
                # The code's chance to say where it was, and to flush; what it does with it decides nothing.
                with contextlib.suppress(OSError):
                    wire.send(self._control, {"interrupt": True})
                await asyncio.wait([ended], timeout=_INTERRUPT_GRACE_SECONDS)
        finally:
            _kill(self._exit_notice)
            for descriptor, _, _ in streams:
                loop.remove_reader(descriptor)
            loop.remove_reader(self._control)
            for task in feeding:
                task.cancel()
            await asyncio.gather(*feeding, return_exceptions=True)
        if ending == Ending():
            ending = await self._post_mortem()
        for descriptor, name, output in streams:
            self._drain(descriptor, name, output, on_output)
        self.close()
        return ending

    async def _post_mortem(self) -> Ending:
        """Return how a run ended whose init was killed before it could tell."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_POST_MORTEM_SECONDS):
                await self.gone.wait()
        return Ending(is_out_of_memory=self.gone.is_out_of_memory)

    def close(self) -> None:
        """Kill what is left and let go. `gone` is set when the kernel is done with it."""
        if self._is_closed:
            return
        self._is_closed = True
        _kill(self._exit_notice)
        self._control.close()
        self._door.close()
        for descriptor in (self._exit_notice, self._stdin, self._stdout, self._stderr, self._workspace):
            if descriptor >= 0:
                os.close(descriptor)

    async def _greet(self) -> None:
        """Wait for the interpreter's first line; it may have run a venv's start-up files, so its words are not trusted."""
        loop = asyncio.get_running_loop()
        line = b""
        while not line.endswith(b"\n"):
            data = await loop.sock_recv(self._door, _GREETING_BYTES)
            if not data or len(line) > _GREETING_BYTES:
                raise SandboxUnavailable(
                    "the interpreter ended before it was ready" + self._last_words(),
                    hint="does it run outside the sandbox?",
                )
            line += data
        try:
            words = json.loads(line)
        except (ValueError, RecursionError):
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

    async def _give(self, job: dict[str, Any], source: bytes) -> None:
        header = json.dumps(job | {"source_bytes": len(source)}).encode() + b"\n"
        with contextlib.suppress(OSError):  # it ended before it had read all: its init says how
            await asyncio.get_running_loop().sock_sendall(self._door, header + source)

    async def _feed(self, stdin: AsyncIterator[bytes] | None) -> None:
        """Write what `stdin` gives, as fast as the code reads it, then close its standard input."""
        try:
            if stdin is not None:
                async for data in stdin:
                    await self._write(data)
        except BrokenPipeError:
            pass
        finally:
            descriptor, self._stdin = self._stdin, -1
            os.close(descriptor)

    async def _write(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._stdin, view) :]
            except BlockingIOError:
                writable = asyncio.Event()
                loop.add_writer(self._stdin, writable.set)
                try:
                    await writable.wait()
                finally:
                    loop.remove_writer(self._stdin)

    def _listen(
        self,
        ended: asyncio.Future[Ending],
        descriptor: int,
        name: Stream,
        output: Output,
        on_output: OnOutput | None,
    ) -> None:
        """Take one chunk while the code runs; a caller that cannot take its output any more ends the run."""
        try:
            self._read(descriptor, name, output, on_output)
        except Exception as error:
            if not ended.done():
                ended.set_exception(error)

    def _read(self, descriptor: int, name: Stream, output: Output, on_output: OnOutput | None) -> int:
        """Take one chunk; return its length, 0 when there is nothing more now."""
        try:
            data = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return 0
        if not data:
            asyncio.get_running_loop().remove_reader(descriptor)
            return 0
        part = output.add(data)
        if part and on_output is not None:
            on_output(name, part)
        return len(data)

    def _drain(self, descriptor: int, name: Stream, output: Output, on_output: OnOutput | None) -> None:
        """Take what is in the pipe now: all that was written before the call ended."""
        total = 0
        while total < _DRAIN_BYTES and (count := self._read(descriptor, name, output, on_output)):
            total += count

    def _hear(self, ended: asyncio.Future[Ending]) -> None:
        try:
            frame = wire.receive(self._control)
        except BlockingIOError:
            return
        except (OSError, wire.BrokenFrame):
            frame = None
        ending = _ending(frame)
        asyncio.get_running_loop().remove_reader(self._control)
        if not ended.done():
            ended.set_result(ending)


async def _first_frame(control: socket.socket) -> tuple[wire.Frame | None, list[int]]:
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    control.setblocking(False)
    loop.add_reader(control, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(control)
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
    raise refusal.failed_step("start", "the jail's first frame is none that a jail sends", None)


def _ending(frame: wire.Frame | None) -> Ending:
    """Return how the run ended by the init's last frame; one that no init sends is like none."""
    if frame is not None:
        exited = frame.get("exited")
        if type(exited) is int and -signal.NSIG < exited <= 255:
            return Ending(exited=exited)
        if frame.get("out_of_memory") is True:
            return Ending(is_out_of_memory=True)
    return Ending()


def _kill(exit_notice: int) -> None:
    """Kill a jail's init, and with it every process of its namespace."""
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(exit_notice, signal.SIGKILL)
