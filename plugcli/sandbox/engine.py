"""Where code runs: an Engine gives one-shot runs and Conversations, on this machine or on others.

Everything here can cross a network: arguments and answers are plain data, and every question is asynchronous. Nothing here says anything of
processes, descriptors or paths of a host. `Sandbox` is the Engine of this machine.
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
"""Gets the bytes of a stream as they come."""
TakeFile = Callable[[File, AsyncIterator[bytes]], Awaitable[None]]
"""Gets a file that a run made or changed. Its bytes raise FileRefused when it cannot be read."""


@dataclass(frozen=True)
class Key:
    """Which conversation is meant: the one with this `id`, else the one that is kept under `name`. Both belong to `owner`.

    A key without a name and without a known id means a new conversation, which no other key can mean.
    """

    name: str | None = None
    id: str | None = None
    owner: str | None = None
    """Whose conversation it is; None where callers are not told apart. No owner reaches the conversation of another."""


@dataclass(frozen=True)
class Incoming:
    """A file that a run finds in its workspace."""

    name: str
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True)
class Stored:
    """The answer to a write: the file, and how long its conversation lives from now on if it is not used."""

    file: File
    seconds_left: int


@dataclass(frozen=True)
class Status:
    """One machine of an Engine: how it protects itself, what runs on it, and what its code finds imported."""

    protection: Protection
    conversations: int
    preloaded: tuple[str, ...]
    preload_problem: str
    """Why nothing is preloaded, though it was wanted; else empty."""


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
        """Return the files. A workspace made to be slow to walk is listed in part."""

    def open(self, name: str) -> AbstractAsyncContextManager[OpenFile]:
        """Open the file `name` for reading, as an asynchronous context that closes it."""

    async def write(self, name: str, chunks: AsyncIterator[bytes]) -> Stored:
        """Make the file `name` of `chunks`: all of it or none."""

    async def delete(self, name: str) -> None:
        """Remove a file."""


class Conversation(Files, Protocol):
    """One caller's interpreter and workspace, as opened once. Calls queue, and each builds on those before."""

    @property
    def id(self) -> str:
        """Whoever has it, and is its owner, may use the conversation."""

    @property
    def handle(self) -> str:
        """Names the conversation in addresses of files; gives no right by itself."""

    @property
    def state(self) -> Literal["new", "kept"]:
        """Whether it was made when it was opened."""

    @property
    def seconds_left(self) -> int:
        """How long it lived from when it was opened, if it was not used."""

    async def run(
        self, code: str | bytes, *, wall_seconds: float | None = None, on_output: OnOutput | None = None
    ) -> RunResult:
        """Run `code` where the calls before left off, and return how that went.

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
        """Run `code` as `python script.py` would, with nothing of any other run around it, and return how that ended.

        `name` is the script's file name: the script then lies in the workspace. `stdin` is its standard input (default: empty).
        `on_output` gets output as it comes, up to the output limit. `files` are in the workspace before the code starts; `take_file` gets
        each file that the run made or changed, however it ended. `wall_seconds` is never more than the upper limit. Cancelling ends the
        run. Raises UsageError when `wall_seconds` is not a positive number, Busy when too many runs wait, SandboxUnavailable when there is
        nowhere to run it, FileRefused for one of `files`, and what `stdin`, `on_output`, `files` and `take_file` raise.
        """

    async def open(self, key: Key) -> Conversation:
        """Return the conversation that `key` means, made if there is none. It counts as used now.

        Raises Busy when there is no room, and SandboxUnavailable when there is nowhere to make one.
        """

    async def find(self, key: Key) -> Conversation | None:
        """Return the conversation that `key` means, as `open` does; None when there is none alive."""

    async def files(self, handle: str) -> Files | None:
        """Return the files of the conversation that `handle` names, also for a while after it has ended; None when there are none."""

    async def status(self) -> Sequence[Status]:
        """Return the state of each machine: at least one."""
