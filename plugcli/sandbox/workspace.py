"""A jail's workspace, /mnt/data, as the host may use it.

Everything in it is hostile: names, links, devices, sizes that change. Files are written from inside the jail, by a scribe with the code's
own rights. The host itself reads them, but only regular files, opened below the workspace with no link on the way (openat2). The workspace
outlives its jail as long as this object holds its descriptor.

The code decides how long it takes to look at the workspace: it makes the entries, and it can hold the locks of its folders. Looks therefore
run in a thread, by `aside`. Only a glance, which is short, runs on the event loop, and only as long as it stays short.
"""

import asyncio
import builtins
import contextlib
import errno
import os
import socket
import stat
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from plugcli.sandbox import gate
from plugcli.sandbox.amounts import spell_bytes
from plugcli.sandbox.aside import Aside, Queue, computing
from plugcli.sandbox.file import File, FileRefused, Listing
from plugcli.sandbox.handle import Jail
from plugcli.sandbox.jail import libc
from plugcli.sandbox.jail.plan import WORKSPACE
from plugcli.sandbox.jail.scribe import UNFINISHED
from plugcli.sandbox.limits import Limits
from plugcli.sandbox.room import Room

Stamp = tuple[int, int, int, int]
"""What changes with a file: inode, bytes, times of change in ns (mtime, ctime)."""

_PATH_BYTES = gate.PATH_BYTES
P = ParamSpec("P")
Result = TypeVar("Result")
_SCRIBE_SECONDS = 10.0
_WORDS_BYTES = 1024
_CHUNK_BYTES = 256 * 1024
_SKIPPED_FOLDERS = ("__pycache__",)


@dataclass(frozen=True)
class Effort:
    """How far a look at a workspace goes: how many entries, how long without waiting for other threads, and how long in all."""

    entries: int
    seconds: float
    seconds_with_others: float


_WALK = Effort(20_000, 0.25, 1.0)
_GLANCE = Effort(64, 0.001, 0.001)
_LONG_GLANCE_SECONDS = 0.005
"""A glance that takes longer was made to wait: a thread takes the next look at that workspace."""
_REST_SECONDS = 2.0
"""After a walk that was cut short: until then only the first entries are looked at."""


@dataclass(frozen=True)
class Look:
    """What a look at a workspace found: every regular file with its stamp, and how many entries it left out at least."""

    stamps: dict[str, Stamp]
    left_out: int


@dataclass(frozen=True)
class Download:
    """A file that is open for reading, with the size that it had when it was opened."""

    file: File
    descriptor: int

    @property
    def bytes(self) -> int:
        """Return its size."""
        return self.file.bytes

    def read(self, offset: int, count: int) -> builtins.bytes:
        """Return up to `count` bytes from `offset`; fewer if the file has become shorter since."""
        return os.pread(self.descriptor, min(count, max(0, self.bytes - offset)), offset)


@dataclass(frozen=True)
class OpenedFile:
    """A Download that is read in threads: see OpenFile."""

    download: Download
    queue: Queue

    @property
    def file(self) -> File:
        """Return the file, with its size when it was opened."""
        return self.download.file

    async def read(self, offset: int, count: int) -> builtins.bytes:
        """Return up to `count` bytes from `offset`; fewer when the file has become shorter since."""
        return await self.queue.do(self.download.read, offset, count)

    async def chunks(self) -> AsyncIterator[builtins.bytes]:
        """Yield the whole file in chunks."""
        offset = 0
        while data := await self.read(offset, _CHUNK_BYTES):
            yield data
            offset += len(data)


class Workspace:
    """The files of one jail. `folder` is its descriptor, which this object owns. `scribe` starts a scribe; None once the jail has ended."""

    def __init__(
        self,
        folder: int,
        limits: Limits,
        aside: Aside,
        path: str = WORKSPACE,
        let_go: Callable[[], None] = lambda: None,
    ) -> None:
        self.path = path
        """Where the code has it."""
        self._is_mounted = path == WORKSPACE  # a file system of its own, which limits its size
        self._let_go = let_go
        self._room = None if self._is_mounted else Room(limits.workspace_bytes_held)
        self._folder = folder
        self._limits = limits
        self._queue = Queue(aside)
        self.scribe: Callable[[str, int | None], socket.socket] | None = None
        self._is_closed = False
        self.is_moving = False
        """Whether its files are being copied into another workspace, so that none may be deleted here."""
        self._seen: dict[str, Stamp] = {}
        self._looked_bytes = 0
        """The size of all files at the last look, or the limit if the look was cut short."""
        self._is_small = True
        """Whether a glance was enough to see all of it."""
        self._is_slow = False
        """Whether a glance took long, because the code made it wait."""
        self._rests_until = 0.0
        self._last = Look({}, 0)
        """What the last walk that was cut short had seen."""

    @classmethod
    def of(cls, jail: Jail, limits: Limits, aside: Aside) -> "Workspace":
        """Return the workspace of a jail, which owns it from now on."""
        folder, jail.workspace = jail.workspace, -1
        return cls(folder, limits, aside, jail.places.workspace, jail.let_files_go)

    async def aside(self, function: Callable[P, Result], *arguments: P.args, **named: P.kwargs) -> Result:
        """Call `function` in a thread, one at a time for this workspace, and return its result."""
        return await self._queue.do(function, *arguments, **named)

    def close(self) -> None:
        """Close the descriptor once the calls so far have been answered. The files end with the jail and the descriptor.

        That can take the kernel long, so a thread does it.
        """
        if not self._is_closed:
            self._is_closed = True
            self._queue.do_last(self._close)

    def _close(self) -> None:
        descriptor, self._folder = self._folder, -1
        os.close(descriptor)
        self._let_go()

    @property
    def is_full(self) -> bool:
        """Whether nothing more can be written. False for a closed workspace."""
        if self._is_closed:
            return False
        usage = os.fstatvfs(self._folder)
        return usage.f_bavail == 0 or usage.f_favail == 0

    @property
    def used_bytes(self) -> int:
        """Return how much memory the files take, or on the host's disk their size at the last look; 0 for a closed workspace."""
        if self._is_closed:
            return 0
        if not self._is_mounted:
            return self._looked_bytes
        usage = os.fstatvfs(self._folder)
        return (usage.f_blocks - usage.f_bfree) * usage.f_frsize

    def list(self) -> Listing:
        """Return its files. If the code made it slow to walk, only part of it is listed, and it is not walked again at once."""
        return self._listing(self._known())

    def changed(self) -> Listing:
        """Return the files that are new or different since the last call, without those of `put`."""
        return self._changed(self._walk())

    async def look_for_changes(self) -> Listing:
        """Return what `changed` returns, in a thread unless a glance is enough."""
        look = self._glance()
        return self._changed(look) if look is not None else await self.aside(self.changed)

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[Download]:
        """Open a file for reading. Raises FileRefused."""
        download = self._download(name)
        try:
            yield download
        finally:
            os.close(download.descriptor)

    @contextlib.asynccontextmanager
    async def opened(self, name: str) -> AsyncIterator[OpenedFile]:
        """Open a file for reading as `open` does, in threads, because closing a deleted file frees all of it. Raises FileRefused."""
        opening = asyncio.ensure_future(self.aside(self._download, name))
        try:
            download = await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(self._close_unused)
            raise
        try:
            yield OpenedFile(download, self._queue)
        finally:
            self._queue.do_last(os.close, download.descriptor)

    def _download(self, name: str) -> Download:
        descriptor = self._open(name)
        return Download(File.named(name, os.fstat(descriptor).st_size), descriptor)

    def _close_unused(self, opening: "asyncio.Task[Download]") -> None:
        if not opening.cancelled() and opening.exception() is None:
            self._queue.do_last(os.close, opening.result().descriptor)

    def delete(self, name: str) -> None:
        """Remove a file. Raises FileRefused."""
        if self.is_moving:
            raise FileRefused(
                "busy",
                "the session's files are being copied into a new workspace",
                "try again in a few seconds",
            )
        os.close(self._open(name))  # a regular file, with no link on the way
        parent, _, last = os.fsencode(name).rpartition(b"/")
        try:
            folder = libc.openat2_beneath(self._folder, parent or b".", os.O_PATH | os.O_DIRECTORY)
            try:
                os.unlink(last, dir_fd=folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise FileRefused(
                "conflict", f"{_shown(name)} cannot be removed: {error.strerror}", "let the code remove it"
            ) from error
        self._seen.pop(name, None)

    async def put(self, name: str, chunks: AsyncIterator[bytes]) -> File:
        """Write `chunks` to the file `name`: all of them or nothing. Raises FileRefused."""
        check_name(name)
        look = self._glance()
        if look is None:
            look = await self.aside(self._known)
        if name not in look.stamps and len(look.stamps) + look.left_out >= self._limits.files:
            raise FileRefused(
                "too_many",
                f"there are {self._limits.files} files in the workspace: the limit on their number",
                "delete some first",
            )
        return await self.write(name, chunks)

    async def write(self, name: str, chunks: AsyncIterator[bytes]) -> File:
        """Write the file `name`, without the limit on the number of files. Raises FileRefused."""
        if self.scribe is None:
            raise FileRefused("missing", "the session has ended", "use another session")
        with contextlib.ExitStack() as stack:
            if self._room is not None:
                if not self._room.is_known:
                    await self.aside(self._measure, self._room)
                stack.enter_context(self._room)
            if self.scribe is None:  # meanwhile
                raise FileRefused("missing", "the session has ended", "use another session")
            most = None if self._room is None else self._room.bytes
            channel = stack.enter_context(self.scribe(name, most))
            try:
                count = await self._send(channel, name, chunks)
            except TimeoutError:
                raise self._refusal(name, None) from None
        await self.aside(self._know, name)
        return File.named(name, count)

    def _measure(self, room: Room) -> None:
        with computing() as thread:
            room.measure(self._folder, thread.rest)

    def _know(self, name: str) -> None:
        """Remember the file as seen."""
        with contextlib.suppress(FileRefused), self.open(name) as download:
            self._seen[name] = _stamp(os.fstat(download.descriptor))

    async def _send(self, channel: socket.socket, name: str, chunks: AsyncIterator[bytes]) -> int:
        """Have the scribe write `chunks`; return how many bytes they were."""
        loop = asyncio.get_running_loop()
        count = 0
        try:
            async for chunk in chunks:
                count += len(chunk)
                if count > self._limits.file_bytes:
                    raise FileRefused(
                        "too_large",
                        f"{_shown(name)} is larger than {spell_bytes(self._limits.file_bytes)}: the limit on one file",
                        "send it in parts, or start plugcli serve with a larger --file-size",
                    )
                if self._room is not None and not self._room.take(len(chunk)):
                    raise self._full()
                async with asyncio.timeout(_SCRIBE_SECONDS):  # the scribe's time, not the sender's
                    await loop.sock_sendall(channel, chunk)
            channel.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the scribe's last line says why
        async with asyncio.timeout(_SCRIBE_SECONDS):
            words = await _last_words(channel)
        if words.get("done") != count:
            raise self._refusal(name, words.get("errno"))
        return count

    def _refusal(self, name: str, code: object) -> FileRefused:
        """Return what a scribe's error means."""
        if code in (errno.ENOSPC, errno.EDQUOT) and (self._room is None or self._room.bytes < 0):
            return self._full()
        if code in (errno.ENOSPC, errno.EDQUOT):
            return FileRefused("full", f"the disk of {self.path} is full", "make room on it first")
        if code in (errno.EISDIR, errno.ENOTEMPTY, errno.EEXIST):
            return FileRefused("conflict", f"{_shown(name)} is a folder", "choose another name")
        if code in (errno.ENOTDIR, errno.ELOOP):
            return FileRefused(
                "conflict", f"a folder of {_shown(name)} is a file or a link", "choose another name"
            )
        if isinstance(code, int) and code in errno.errorcode:
            return FileRefused(
                "conflict", f"{_shown(name)} cannot be written: {os.strerror(code)}", "choose another name"
            )
        return FileRefused(
            "busy",
            f"{_shown(name)} was not written: the session's code kept every process from writing it",
            "try again when its processes have ended",
        )

    def _full(self) -> FileRefused:
        return FileRefused(
            "full",
            f"the workspace is full: {spell_bytes(self._limits.workspace_bytes_held)} is the limit of {self.path}",
            "delete files first",
        )

    def _open(self, name: str) -> int:
        """Return a descriptor of a regular file, for reading. Raises FileRefused."""
        try:
            # O_NONBLOCK: opening a FIFO would wait for a writer.
            flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY
            descriptor = libc.openat2_beneath(self._folder, os.fsencode(name), flags)
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno == errno.EACCES:
                raise FileRefused(
                    "conflict",
                    f"{_shown(name)} cannot be read: the code removed its read permission",
                    "chmod it",
                ) from None
            raise _missing(name) from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise _missing(name)
        return descriptor

    def _listing(self, look: Look, *, names: "builtins.list[str] | None" = None) -> Listing:
        """Return the files of `look`, or only those with `names`, up to the limit on listed files."""
        names = sorted(look.stamps if names is None else names)
        listed = names[: self._limits.files]
        files = tuple(File.named(name, look.stamps[name][1]) for name in listed)
        return Listing(files, look.left_out + len(names) - len(listed))

    def _changed(self, look: Look) -> Listing:
        names = [name for name, stamp in look.stamps.items() if self._seen.get(name) != stamp]
        was_seen_in_part = look.left_out > 0 and len(self._seen) < 2 * _WALK.entries
        self._seen = {**self._seen, **look.stamps} if was_seen_in_part else look.stamps
        return self._listing(look, names=names)

    @property
    def _is_resting(self) -> bool:
        return time.monotonic() < self._rests_until

    def _glance(self) -> Look | None:
        """Return a look that was quickly over; None if the workspace is closed, not small, or makes us wait."""
        if not self._is_small or self._is_slow or self._is_closed:
            return None
        began = time.monotonic()
        look = _walk(self._folder, _GLANCE, lambda: 0)
        self._is_slow = time.monotonic() - began > _LONG_GLANCE_SECONDS
        self._is_small = look.left_out == 0
        self._note_size(look)
        return look if self._is_small else None

    def _note_size(self, look: Look) -> None:
        most = self._limits.workspace_bytes_held
        size = sum(stamp[1] for stamp in look.stamps.values())
        self._looked_bytes = most if look.left_out else min(most, size)

    def _known(self) -> Look:
        """Return a look at all of it, or all that is known if it is not walked again."""
        look = self._walk()
        last = self._last if self._is_resting else Look({}, 0)
        return Look({**last.stamps, **look.stamps}, max(last.left_out, look.left_out))

    def _walk(self) -> Look:
        """Return a look at all of it, or at as much of it as there is time for."""
        is_resting = self._is_resting
        with computing() as thread:
            look = _walk(self._folder, _GLANCE if is_resting else _WALK, thread.rest)
        if look.left_out and not is_resting:
            self._last, self._rests_until = look, time.monotonic() + _REST_SECONDS
        self._is_small = not look.left_out and len(look.stamps) < _GLANCE.entries
        self._note_size(look)
        return look


def _walk(top: int, effort: Effort, rest: Callable[[], float]) -> Look:
    """Look at what lies below the descriptor `top`. `rest` is called often, and returns how long it took."""
    found: dict[str, Stamp] = {}
    left = [b""]
    budget = effort.entries
    too_deep = 0
    began = time.monotonic()
    deadline, last = began + effort.seconds, began + effort.seconds_with_others
    while left:
        deadline = min(last, deadline + rest())
        if time.monotonic() > deadline:
            return Look(found, len(left) + too_deep)
        folder = left.pop()
        try:
            descriptor = (
                libc.openat2_beneath(top, folder or b".", os.O_RDONLY | os.O_DIRECTORY)
                if folder
                else os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=top)
            )
        except OSError:
            continue  # removed, not readable for us, or no longer a folder
        try:
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    budget -= 1
                    deadline = min(last, deadline + rest())
                    if budget < 0 or time.monotonic() > deadline:
                        return Look(found, 1 + len(left) + too_deep)
                    path = folder + b"/" + os.fsencode(entry.name) if folder else os.fsencode(entry.name)
                    with contextlib.suppress(OSError):
                        status = entry.stat(follow_symlinks=False)
                        if stat.S_ISREG(status.st_mode) and not entry.name.startswith(UNFINISHED):
                            found[os.fsdecode(path)] = _stamp(status)
                        elif stat.S_ISDIR(status.st_mode) and entry.name not in _SKIPPED_FOLDERS:
                            if len(path) < _PATH_BYTES:
                                left.append(path)
                            else:
                                too_deep += 1
        finally:
            os.close(descriptor)
    return Look(found, too_deep)


async def copy(old: Workspace, new: Workspace) -> int:
    """Copy the files of `old`, whose jail has ended, into `new`, then close `old`. Return how many did not fit."""
    old.is_moving = True
    listing = await old.aside(old.list)
    lost = listing.left_out
    for file in listing.files:
        try:
            check_name(file.name)
            async with old.opened(file.name) as opened:
                await new.write(file.name, opened.chunks())
        except FileRefused:
            lost += 1
    old.close()
    return lost


def check_name(name: str) -> None:
    """Raise FileRefused unless a file may be uploaded under `name`: a plain relative path, such as `a b/ü.csv`."""
    if not gate.is_file_name(name) or name.startswith(UNFINISHED):
        raise FileRefused(
            "name",
            f"{_shown(name)} is not a valid file name",
            "use a relative path such as data.csv: no .., no leading /, no backslash, at most 255 bytes a part",
        )


def _missing(name: str) -> FileRefused:
    return FileRefused("missing", f"there is no file {_shown(name)}", "GET /files lists the files")


def _shown(name: str) -> str:
    text = ascii(name) if not name.isprintable() else repr(name)
    return text if len(text) <= 120 else f"{text[:100]}...{text[-10:]}"


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


async def _last_words(channel: socket.socket) -> dict[str, Any]:
    """Return a scribe's last line; empty if it is not valid."""
    loop = asyncio.get_running_loop()
    text = b""
    # After its last line, a scribe that leaves bytes unread causes a reset.
    with contextlib.suppress(OSError):
        while len(text) < _WORDS_BYTES and (data := await loop.sock_recv(channel, _WORDS_BYTES)):
            text += data
    try:
        words = gate.read_json(text.strip().rpartition(b"\n")[2])
    except ValueError:
        return {}
    is_said = isinstance(words, dict) and all(type(each) is int for each in words.values())
    return words if is_said else {}
