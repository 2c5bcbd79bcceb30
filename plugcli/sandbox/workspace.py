"""A jail's workspace, /mnt/data, as the host may touch it.

What lies there is hostile: names, links, devices, sizes that change. Files are made from inside the jail, by a scribe with the code's own
rights; they are read by the host, and only regular files are, opened below the workspace with no link on the way (openat2). The workspace
outlives its jail as long as this holds its descriptor.
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
from typing import Any, Literal

from plugcli.errors import PlugcliError
from plugcli.sandbox import gate
from plugcli.sandbox.jail import libc
from plugcli.sandbox.jail.scribe import UNFINISHED
from plugcli.sandbox.policy import Policy, spell_bytes

Kind = Literal["name", "missing", "conflict", "too_large", "too_many", "full", "busy"]
Stamp = tuple[int, int, int, int]
"""What changes with a file: inode, bytes, times of change in ns (mtime, ctime)."""

_PATH_BYTES = gate.PATH_BYTES
_ENTRIES = 20_000
_WALK_SECONDS = 0.25
_SCRIBE_SECONDS = 10.0
_WORDS_BYTES = 1024
_SKIPPED_FOLDERS = ("__pycache__",)


class FileRefused(PlugcliError):
    """A file cannot be had, or made: `kind` says why for programs."""

    def __init__(self, kind: Kind, message: str, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.kind = kind


@dataclass(frozen=True)
class File:
    """One regular file of a workspace."""

    name: str
    """Its path below the workspace; bytes that are not UTF-8 as lone surrogates (os.fsencode gives them back)."""
    bytes: int
    mime: str

    def as_json(self) -> dict[str, Any]:
        """Return the object that a RunResult lists; who serves it fills in the address."""
        return {"name": gate.text(self.name), "bytes": self.bytes, "mime": self.mime, "url": None}


@dataclass(frozen=True)
class Listing:
    """The files of a workspace, by name, and how many more there are at least."""

    files: tuple[File, ...]
    left_out: int


@dataclass(frozen=True)
class Download:
    """A file that is open for reading, as long as it was when it was opened."""

    file: File
    descriptor: int

    @property
    def bytes(self) -> int:
        """Return its size."""
        return self.file.bytes

    def read(self, offset: int, count: int) -> builtins.bytes:
        """Return up to `count` bytes from `offset`; fewer when the file has become shorter since."""
        return os.pread(self.descriptor, min(count, max(0, self.bytes - offset)), offset)


class Workspace:
    """The files of one jail. `folder` is its descriptor, which this owns; `scribe` starts a scribe in it, None once the jail is no more."""

    def __init__(self, folder: int, policy: Policy) -> None:
        self._folder = folder
        self._policy = policy
        self.scribe: Callable[[str], socket.socket] | None = None
        self._seen: dict[str, Stamp] = {}

    def close(self) -> None:
        """Let go: when the jail is gone too, so are the files."""
        if self._folder >= 0:
            descriptor, self._folder = self._folder, -1
            os.close(descriptor)

    @property
    def is_full(self) -> bool:
        """Whether nothing more can be written."""
        usage = os.fstatvfs(self._folder)
        return usage.f_bavail == 0 or usage.f_favail == 0

    @property
    def used_bytes(self) -> int:
        """Return what the files take."""
        usage = os.fstatvfs(self._folder)
        return (usage.f_blocks - usage.f_bfree) * usage.f_frsize

    def list(self) -> Listing:
        """Return its files. A workspace made to be slow to walk is listed in part."""
        stamps, left_out = self._walk()
        names = sorted(stamps)
        listed = names[: self._policy.files]
        return Listing(
            tuple(_file(name, stamps[name][1]) for name in listed), left_out + len(names) - len(listed)
        )

    def changed(self) -> Listing:
        """Return the files that are new or different since this was last asked; those of `put` are not."""
        stamps, left_out = self._walk()
        names = sorted(name for name, stamp in stamps.items() if self._seen.get(name) != stamp)
        self._seen = stamps
        listed = names[: self._policy.files]
        files = tuple(_file(name, stamps[name][1]) for name in listed)
        return Listing(files, left_out + len(names) - len(listed))

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[Download]:
        """Open a file for reading. Raises FileRefused."""
        descriptor = self._open(name)
        try:
            yield Download(_file(name, os.fstat(descriptor).st_size), descriptor)
        finally:
            os.close(descriptor)

    def delete(self, name: str) -> None:
        """Remove a file. Raises FileRefused."""
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
        """Make the file `name` of what `chunks` gives: all of it or none. Raises FileRefused."""
        check_name(name)
        if self.scribe is None:
            raise FileRefused("missing", "the session has ended", "use another session")
        stamps, left_out = self._walk()
        if name not in stamps and len(stamps) + left_out >= self._policy.files:
            raise FileRefused(
                "too_many",
                f"there are {self._policy.files} files in the workspace: the limit on their number",
                "delete some first",
            )
        with self.scribe(name) as channel:
            try:
                count = await self._send(channel, name, chunks)
            except TimeoutError:
                raise self._refusal(name, None) from None
        with contextlib.suppress(FileRefused), self.open(name) as download:
            self._seen[name] = _stamp(os.fstat(download.descriptor))
        return _file(name, count)

    async def _send(self, channel: socket.socket, name: str, chunks: AsyncIterator[bytes]) -> int:
        """Have the scribe write `chunks`; return how many bytes they were."""
        loop = asyncio.get_running_loop()
        count = 0
        try:
            async for chunk in chunks:
                count += len(chunk)
                if count > self._policy.file_bytes:
                    raise FileRefused(
                        "too_large",
                        f"{_shown(name)} is larger than {spell_bytes(self._policy.file_bytes)}: the limit on one file",
                        "send it in parts, or start plugcli serve with a larger --file-size",
                    )
                async with asyncio.timeout(_SCRIBE_SECONDS):  # of its own time, not of whoever sends
                    await loop.sock_sendall(channel, chunk)
            channel.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # its last words say why
        async with asyncio.timeout(_SCRIBE_SECONDS):
            words = await _last_words(channel)
        if words.get("done") != count:
            raise self._refusal(name, words.get("errno"))
        return count

    def _refusal(self, name: str, code: object) -> FileRefused:
        """Return what a scribe's error means."""
        if code in (errno.ENOSPC, errno.EDQUOT):
            return FileRefused(
                "full",
                f"the workspace is full: {spell_bytes(self._policy.workspace_bytes_held)} is the limit of /mnt/data",
                "delete files first",
            )
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
            f"{_shown(name)} was not written: the session's code let no process write it",
            "try again when its processes have ended",
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
                    "conflict", f"{_shown(name)} may not be read: the code took its mode away", "chmod it"
                ) from None
            raise _missing(name) from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise _missing(name)
        return descriptor

    def _walk(self) -> tuple[dict[str, Stamp], int]:
        """Return every regular file with its stamp, and how many entries were not looked at, at least."""
        found: dict[str, Stamp] = {}
        left = [b""]
        budget = _ENTRIES
        too_deep = 0
        deadline = time.monotonic() + _WALK_SECONDS
        while left:
            folder = left.pop()
            try:
                descriptor = (
                    libc.openat2_beneath(self._folder, folder or b".", os.O_RDONLY | os.O_DIRECTORY)
                    if folder
                    else os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._folder)
                )
            except OSError:
                continue  # gone, or closed to us, or no folder any more
            try:
                with os.scandir(descriptor) as entries:
                    for entry in entries:
                        budget -= 1
                        if budget < 0 or time.monotonic() > deadline:
                            return found, 1 + len(left) + too_deep
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
        return found, too_deep


async def copy(old: Workspace, new: Workspace) -> int:
    """Copy the files of a workspace whose jail is no more into a new one, and close the old; return how many there were no room for."""
    listing = old.list()
    lost = listing.left_out
    for file in listing.files:
        try:
            with old.open(file.name) as download:
                await new.put(file.name, _chunks(download))
        except FileRefused:
            lost += 1
    old.close()
    return lost


def check_name(name: str) -> None:
    """Raise FileRefused unless a file may be uploaded under `name`: a relative path of usual parts, such as `a b/ü.csv`."""
    if not gate.is_file_name(name) or name.startswith(UNFINISHED):
        raise FileRefused(
            "name",
            f"{_shown(name)} is not a name for a file",
            "use a relative path such as data.csv: no .., no leading /, no backslash, at most 255 bytes a part",
        )


def _missing(name: str) -> FileRefused:
    return FileRefused("missing", f"there is no file {_shown(name)}", "GET /files lists what there is")


def _shown(name: str) -> str:
    text = ascii(name) if not name.isprintable() else repr(name)
    return text if len(text) <= 120 else f"{text[:100]}...{text[-10:]}"


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _file(name: str, count: int) -> File:
    return File(name, count, gate.media_type(name))


async def _chunks(download: Download) -> AsyncIterator[bytes]:
    offset = 0
    while data := download.read(offset, 1 << 18):
        yield data
        offset += len(data)


async def _last_words(channel: socket.socket) -> dict[str, Any]:
    """Return a scribe's last line; empty when it says what no scribe says."""
    loop = asyncio.get_running_loop()
    text = b""
    with contextlib.suppress(OSError):  # a scribe that closes with unread bytes is a reset, after its words
        while len(text) < _WORDS_BYTES and (data := await loop.sock_recv(channel, _WORDS_BYTES)):
            text += data
    try:
        words = gate.read_json(text.strip().rpartition(b"\n")[2])
    except ValueError:
        return {}
    is_said = isinstance(words, dict) and all(type(each) is int for each in words.values())
    return words if is_said else {}
