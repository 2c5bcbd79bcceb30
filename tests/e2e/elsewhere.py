"""`plugcli serve` over an Engine in another process: `python tests/e2e/elsewhere.py serve ...`.

The far process has the real Sandbox; the server has a socket to it, and nothing else. What the tests of sessions and files find the same as
over the Sandbox itself crosses that socket, so it needs no process, no descriptor and no memory of the machine that runs the code.

Near -> far: (method, arguments), then what it is asked for.   Far -> near: ("output", ...), ("pull", stream), ("file", ...), and at
last "result" or "error". One connection a call, or a file that is held open; one that closes cancels its call, or closes the file.
"""

import asyncio
import contextlib
import pickle
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn

import plugcli.sandbox
from plugcli.errors import PlugcliError, SandboxUnavailable, UsageError
from plugcli.sandbox import (
    Busy,
    Conversation,
    File,
    FileRefused,
    Files,
    Incoming,
    Key,
    Limits,
    Listing,
    OpenFile,
    Policy,
    RunResult,
    Sandbox,
    Status,
    Stored,
)
from plugcli.sandbox.engine import OnOutput, TakeFile

_ERRORS = {each.__name__: each for each in (PlugcliError, SandboxUnavailable, UsageError, Busy)}


class Broken(Exception):
    """A stream of the near end has failed there."""


class Wire:
    """Frames of plain data over a stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, *frame: object) -> None:
        data = pickle.dumps(frame)
        self._writer.write(len(data).to_bytes(4, "big") + data)

    async def receive(self) -> tuple[Any, ...]:
        """The next frame. Raises EOFError when there is none."""
        try:
            length = int.from_bytes(await self._reader.readexactly(4), "big")
            frame: tuple[Any, ...] = pickle.loads(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise EOFError from error
        return frame

    async def drain(self) -> None:
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    def close(self) -> None:
        self._writer.close()


def told(error: PlugcliError) -> tuple[str, str, str, str | None]:
    """An error as plain data."""
    return type(error).__name__, error.message, error.hint, getattr(error, "kind", None)


def raised(name: str, message: str, hint: str, kind: Any) -> PlugcliError:
    """The error that `told` wrote."""
    return FileRefused(kind, message, hint) if kind else _ERRORS[name](message, hint=hint)


# --- the near end ---


class Elsewhere:
    """An Engine whose machine is another process."""

    def __init__(
        self, policy: Policy, *, python: str | None = None, preload: Sequence[str] = (), **_: object
    ) -> None:
        self._policy = policy
        self._given = policy, python, tuple(preload)

    @property
    def limits(self) -> Limits:
        return self._policy

    async def __aenter__(self) -> "Elsewhere":
        self._stack = contextlib.AsyncExitStack()
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="elsewhere-")))
        self._socket = folder / "socket"
        self._far = await asyncio.create_subprocess_exec(
            sys.executable,
            __file__,
            "far",
            str(self._socket),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        assert self._far.stdin is not None
        assert self._far.stdout is not None
        wire = Wire(self._far.stdout, self._far.stdin)
        wire.send(*self._given)
        kind, *rest = await wire.receive()
        if kind == "error":
            await self.__aexit__()
            raise raised(*rest)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._far.stdin is not None
        self._far.stdin.close()  # it ends
        await self._far.wait()
        await self._stack.aclose()

    async def run(
        self,
        code: str | bytes,
        *,
        name: str | None = None,
        arguments: Sequence[str] = (),
        stdin: AsyncIterator[bytes] | None = None,
        wall_seconds: float | None = None,
        on_output: OnOutput | None = None,
        files: Sequence[Incoming] = (),
        take_file: TakeFile | None = None,
    ) -> RunResult:
        plain = {
            "code": code,
            "name": name,
            "arguments": tuple(arguments),
            "wall_seconds": wall_seconds,
            "files": [each.name for each in files],
            "has_stdin": stdin is not None,
            "has_output": on_output is not None,
            "has_files": take_file is not None,
        }
        streams = [*([stdin] if stdin else []), *(each.chunks for each in files)]
        result: RunResult = await self.ask("run", plain, streams, on_output, take_file)
        return result

    async def open(self, key: Key) -> "FarConversation":
        return FarConversation(self, *await self.ask("open", key))

    async def find(self, key: Key) -> "FarConversation | None":
        found = await self.ask("find", key)
        return None if found is None else FarConversation(self, *found)

    async def files(self, handle: str) -> "FarFiles | None":
        return FarFiles(self, handle) if await self.ask("has_files", handle) else None

    async def status(self) -> Sequence[Status]:
        status: list[Status] = await self.ask("status", None)
        return status

    async def connect(self) -> Wire:
        return Wire(*await asyncio.open_unix_connection(self._socket))

    async def ask(
        self,
        method: str,
        arguments: object,
        streams: Sequence[AsyncIterator[bytes]] = (),
        on_output: OnOutput | None = None,
        take_file: TakeFile | None = None,
    ) -> Any:
        """What the far end answers; it gets `streams` as it asks for them. Raises what it refuses with, and what `streams` raise."""
        wire = await self.connect()
        feeding: set[asyncio.Task[None]] = set()
        broken: list[BaseException] = []

        async def feed(number: int) -> None:
            try:
                chunk = await anext(streams[number], None)
            except BaseException as error:
                broken.append(error)
                wire.send("broken", number)
            else:
                wire.send("chunk", number, chunk)
            await wire.drain()

        try:
            wire.send(method, arguments)
            while True:
                kind, *rest = await wire.receive()
                if kind == "pull":
                    feeding.add(asyncio.create_task(feed(rest[0])))
                elif kind == "output" and on_output is not None:
                    on_output(*rest)
                elif kind == "file" and take_file is not None:
                    await take_file(rest[0], _fetched(wire))
                    wire.send("taken")
                elif kind == "broken":
                    raise broken[0]
                elif kind == "error":
                    raise raised(*rest)
                else:
                    return rest[0]
        finally:
            for task in feeding:
                task.cancel()
            wire.close()


async def _fetched(wire: Wire) -> AsyncIterator[bytes]:
    """The bytes of the file that the far end has offered."""
    while True:
        wire.send("more")
        kind, *rest = await wire.receive()
        if kind == "error":
            raise raised(*rest)
        if not rest[0]:
            return
        yield rest[0]


@dataclass
class FarFile:
    """A file that the far end holds as long as the connection stands."""

    wire: Wire
    file: File

    async def read(self, offset: int, count: int) -> bytes:
        self.wire.send("read", offset, count)
        kind, *rest = await self.wire.receive()
        if kind == "error":
            raise raised(*rest)
        data: bytes = rest[0]
        return data


@dataclass
class FarFiles:
    """Files that a handle names."""

    engine: Elsewhere
    handle: str

    async def list(self) -> Listing:
        listing: Listing = await self.engine.ask("list", self.handle)
        return listing

    @contextlib.asynccontextmanager
    async def open(self, name: str) -> AsyncIterator["FarFile"]:
        wire = await self.engine.connect()
        try:
            wire.send("hold", (self.handle, name))
            kind, *rest = await wire.receive()
            if kind == "error":
                raise raised(*rest)
            yield FarFile(wire, rest[0])
        finally:
            wire.close()

    async def write(self, name: str, chunks: AsyncIterator[bytes]) -> Stored:
        stored: Stored = await self.engine.ask("write", (self.handle, name), [chunks])
        return stored

    async def delete(self, name: str) -> None:
        await self.engine.ask("delete", (self.handle, name))


@dataclass
class FarConversation(FarFiles):
    """A conversation that the far end has opened, under a number."""

    id: str
    state: Literal["new", "kept"]
    seconds_left: int
    number: int

    async def run(
        self, code: str | bytes, *, wall_seconds: float | None = None, on_output: OnOutput | None = None
    ) -> RunResult:
        told = (self.number, code, wall_seconds, on_output is not None)
        result: RunResult = await self.engine.ask("call", told, on_output=on_output)
        return result

    async def write(self, name: str, chunks: AsyncIterator[bytes]) -> Stored:
        stored: Stored = await self.engine.ask("write_here", (self.number, name), [chunks])
        return stored


# --- the far end ---


@dataclass
class Far:
    """What the far process answers with."""

    sandbox: Sandbox
    opened: dict[int, Conversation] = field(default_factory=dict)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one call."""
        wire = Wire(reader, writer)
        try:
            method, arguments = await wire.receive()
            talk = Talk(wire)
            working = asyncio.ensure_future(self._do(method, arguments, talk))
            listening = asyncio.ensure_future(talk.listen())
            await asyncio.wait((working, listening), return_when=asyncio.FIRST_COMPLETED)
            if not working.done():  # nobody waits for it any more
                working.cancel()
                await asyncio.wait((working,))
            listening.cancel()
            if working.cancelled():
                return
            error = working.exception()
            if isinstance(error, Broken):
                wire.send("broken")
            elif isinstance(error, PlugcliError):
                wire.send("error", *told(error))
            else:
                wire.send("result", working.result())
            await wire.drain()
        finally:
            wire.close()

    async def _do(self, method: str, given: Any, talk: "Talk") -> Any:
        if method == "run":
            return await self._run(given, talk)
        if method in ("open", "find"):
            found: Conversation | None = await getattr(self.sandbox, method)(given)
            if found is None:
                return None
            number = len(self.opened)
            self.opened[number] = found
            return found.handle, found.id, found.state, found.seconds_left, number
        if method == "has_files":
            return await self.sandbox.files(given) is not None
        if method == "status":
            return await self.sandbox.status()
        if method == "call":
            number, code, seconds, has_output = given
            output = talk.output if has_output else None
            return await self.opened[number].run(code, wall_seconds=seconds, on_output=output)
        if method == "write_here":
            return await self.opened[given[0]].write(given[1], talk.pulled(0))
        if method == "list":
            return await (await self._files(given)).list()
        files = await self._files(given[0])
        if method == "write":
            return await files.write(given[1], talk.pulled(0))
        if method == "delete":
            return await files.delete(given[1])
        async with files.open(given[1]) as opened:
            return await talk.hold(opened)

    async def _files(self, handle: str) -> Files:
        files = await self.sandbox.files(handle)
        if files is None:
            raise FileRefused("missing", "the session has ended", "use another session")
        return files

    async def _run(self, given: dict[str, Any], talk: "Talk") -> RunResult:
        streams = [talk.pulled(number) for number in range(given["has_stdin"] + len(given["files"]))]
        stdin = streams.pop(0) if given["has_stdin"] else None
        return await self.sandbox.run(
            given["code"],
            name=given["name"],
            arguments=given["arguments"],
            stdin=stdin,
            wall_seconds=given["wall_seconds"],
            on_output=talk.output if given["has_output"] else None,
            files=[Incoming(*each) for each in zip(given["files"], streams, strict=True)],
            take_file=talk.offer if given["has_files"] else None,
        )


class Talk:
    """What is said in the course of one call."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._chunks: dict[int, asyncio.Queue[bytes | BaseException | None]] = {}
        self._wants: asyncio.Queue[str] = asyncio.Queue()
        self._reads: asyncio.Queue[tuple[int, int]] = asyncio.Queue()

    async def listen(self) -> None:
        """Take what the near end sends, until it goes."""
        with contextlib.suppress(EOFError):
            while True:
                kind, *rest = await self._wire.receive()
                if kind in ("more", "taken"):
                    self._wants.put_nowait(kind)
                elif kind == "read":
                    self._reads.put_nowait((rest[0], rest[1]))
                else:
                    said = rest[1] if kind == "chunk" else Broken()
                    self._chunks[rest[0]].put_nowait(said)

    async def pulled(self, number: int) -> AsyncIterator[bytes]:
        """The chunks of one of the near end's streams."""
        queue = self._chunks.setdefault(number, asyncio.Queue())
        while True:
            self._wire.send("pull", number)
            chunk = await queue.get()
            if isinstance(chunk, BaseException):
                raise chunk
            if chunk is None:
                return
            yield chunk

    def output(self, stream: str, data: bytes) -> None:
        """Pass on what the code writes."""
        self._wire.send("output", stream, bytes(data))

    async def offer(self, file: File, chunks: AsyncIterator[bytes]) -> None:
        """Give the near end a file that a run has made, as much of it as it wants."""
        self._wire.send("file", file)
        while await self._wants.get() == "more":
            try:
                self._wire.send("data", await anext(chunks, b""))
            except FileRefused as error:
                self._wire.send("error", *told(error))

    async def hold(self, opened: OpenFile) -> NoReturn:
        """Let the near end read a file, until it goes."""
        self._wire.send("file", opened.file)
        while True:
            place = await self._reads.get()
            try:
                self._wire.send("data", await opened.read(*place))
            except FileRefused as error:
                self._wire.send("error", *told(error))


async def far(path: str) -> None:
    """The far process: a Sandbox, asked through a socket at `path` until standard input ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), sys.stdout.buffer
    )
    wire = Wire(reader, asyncio.StreamWriter(transport, protocol, None, loop))
    policy, python, preload = await wire.receive()
    try:
        async with Sandbox(policy, python=python, preload=preload) as sandbox:
            server = await asyncio.start_unix_server(Far(sandbox).answer, path)
            wire.send("ready")
            with contextlib.suppress(EOFError):
                await wire.receive()
            server.close()
    except PlugcliError as error:
        wire.send("error", *told(error))
        await wire.drain()


def main() -> None:
    """Be the far process, or plugcli with this Engine in place of the Sandbox."""
    if sys.argv[1] == "far":
        asyncio.run(far(sys.argv[2]))
        return
    from plugcli.cli import main as plugcli_main

    engine: Callable[..., object] = Elsewhere
    vars(plugcli.sandbox)["Sandbox"] = engine
    plugcli_main()


if __name__ == "__main__":
    main()
