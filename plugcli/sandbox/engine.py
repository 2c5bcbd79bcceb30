"""Where code runs. An Engine offers one-shot runs and Conversations, on this machine or on others.

Everything here can cross a network: arguments and answers are plain data, and every call is asynchronous. Nothing here mentions processes,
descriptors or paths of a host. `Sandbox` is the Engine of this machine.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from plugcli.sandbox.file import File, Listing
from plugcli.sandbox.limits import Limits
from plugcli.sandbox.protection import Protection
from plugcli.sandbox.result import RunResult

Stream = Literal["stdout", "stderr"]
OnOutput = Callable[[Stream, bytes], None]
"""Receives the bytes of a stream as they come."""
TakeFile = Callable[[File, AsyncIterator[bytes]], Awaitable[None]]
"""Receives a file that a run made or changed. Iterating over its bytes raises FileRefused if it cannot be read."""


@dataclass(frozen=True)
class Key:
    """Names a conversation: the one with this `id`, else the one that is kept under `name`. Either belongs to `owner`.

    A key without a name and without a known id names a new conversation, which no other key can name.
    """

    name: str | None = None
    id: str | None = None
    owner: str | None = None
    """Whose conversation it is; None if callers are not told apart. An owner cannot reach another owner's conversation."""


@dataclass(frozen=True)
class Incoming:
    """A file that a run finds in its workspace."""

    name: str
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True)
class Stored:
    """The answer to a write: the file, and how long its conversation lives from now on without use."""

    file: File
    seconds_left: int


@dataclass(frozen=True)
class Status:
    """One machine of an Engine: how it protects itself, what runs on it, and what its code finds imported."""

    protection: Protection
    conversations: int
    preloaded: tuple[str, ...]
    preload_problem: str
    """Why nothing is preloaded although it was requested; else empty."""


class OpenFile(Protocol):
    """A file that is open for reading. It stays the same file while it is open, even if its name is deleted or given to another file."""

    @property
    def file(self) -> File:
        """The file, with its size when it was opened."""

    async def read(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes from `offset`: fewer at the end, or when the file has become shorter. Raises FileRefused."""


class Files(Protocol):
    """The files of one conversation, also for a while after it has ended. All methods raise FileRefused."""

    async def list(self) -> Listing:
        """Return the files. If the code made its workspace slow to walk, only part of it is listed."""

    def open(self, name: str) -> AbstractAsyncContextManager[OpenFile]:
        """Open the file `name` for reading, as an asynchronous context that closes it."""

    async def write(self, name: str, chunks: AsyncIterator[bytes]) -> Stored:
        """Write `chunks` to the file `name`: all of them or nothing."""

    async def delete(self, name: str) -> None:
        """Remove a file."""


class Conversation(Files, Protocol):
    """One caller's interpreter and workspace, as opened once. Calls queue, and each builds on those before."""

    @property
    def id(self) -> str:
        """Whoever has the id, and is the owner, may use the conversation."""

    @property
    def handle(self) -> str:
        """Names the conversation in the URLs of files. It does not give access by itself."""

    @property
    def state(self) -> Literal["new", "kept"]:
        """Whether the conversation was made when it was opened, or existed already."""

    @property
    def seconds_left(self) -> int:
        """How long the conversation lives without use, counted from when it was opened."""

    async def run(
        self, code: str | bytes, *, wall_seconds: float | None = None, on_output: OnOutput | None = None
    ) -> RunResult:
        """Run `code` where the earlier calls left off, and return how that went.

        Cancelling interrupts the call. Raises Busy when too many calls wait or the conversation has ended, UsageError when `wall_seconds`
        is not a positive number, and SandboxUnavailable when there is nowhere to run it.
        """


class Engine(Protocol):
    """Runs untrusted code."""

    @property
    def limits(self) -> Limits:
        """What a run, or a conversation, may use."""

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
        """Run `code` as `python script.py` would, apart from all other runs, and return how that ended.

        `name` is the script's file name: the script then lies in the workspace. `stdin` is its standard input (default: empty).
        `on_output` gets output as it comes, up to the output limit. `files` are in the workspace before the code starts; `take_file` gets
        each file that the run made or changed, however it ended. `wall_seconds` is cut to the upper limit. Cancelling ends the
        run. Raises UsageError when `wall_seconds` is not a positive number, Busy when too many runs wait, SandboxUnavailable when there is
        nowhere to run it, FileRefused for one of `files`, and what `stdin`, `on_output`, `files` and `take_file` raise.
        """

    async def open(self, key: Key) -> Conversation:
        """Return the conversation that `key` names; make it if there is none. This counts as use.

        Raises Busy when there is no room, and SandboxUnavailable when there is nowhere to make one.
        """

    async def find(self, key: Key) -> Conversation | None:
        """Return the conversation that `key` names, as `open` does; None if no such conversation is alive."""

    async def files(self, handle: str) -> Files | None:
        """Return the files of the conversation that `handle` names, also for a while after it has ended; None when there are none."""

    async def status(self) -> Sequence[Status]:
        """Return the state of each machine: at least one."""
