"""System calls as data: a zygote prepares them once, and each jail makes them.

A jail is a fork, and each Python object that it touches may cost a page: two microseconds, and 4 KiB that it does not share. So the calls
that lock a jail in are looked up, converted and formatted before the fork, and the values that differ between jails are filled into a
Blank. Functions that every jail uses are imported by name, because calling a function through the module `os` touches three pages instead
of one.
"""

import ctypes
import os
from collections.abc import Callable, Iterable, Sequence
from os import close, write
from os import open as open_file
from typing import NamedTuple

_FLAGS = os.O_WRONLY | os.O_CLOEXEC


class PreparedCall(NamedTuple):
    """A prepared call of a libc function, which returns -1 and sets errno if it fails, or of a Python function, which raises OSError."""

    function: Callable[..., object]
    arguments: tuple[object, ...] = ()


def make(calls: Iterable[PreparedCall]) -> None:
    """Make the calls in order, up to the first that fails. Raises an OSError that names it."""
    for function, arguments in calls:
        if function(*arguments) == -1:
            code = ctypes.get_errno()
            raise OSError(code, f"{function.__name__}: {os.strerror(code)}", *_paths(arguments)[:1])


def _paths(arguments: tuple[object, ...]) -> list[str]:
    return [os.fsdecode(each) for each in arguments if isinstance(each, bytes) and each.startswith(b"/")]


def write_file(path: str, data: "bytes | ctypes.Array[ctypes.c_char]") -> PreparedCall:
    """Return the call that writes to an existing file, such as a file in /proc."""
    return PreparedCall(_write_file, (path.encode(), data))


def write_file_that_may_be_missing(path: str, data: bytes) -> PreparedCall:
    """Return the call that writes to a file that some kernels lack or hide."""
    return PreparedCall(_write_file_if_there, (path.encode(), data))


def _write_file_if_there(path: bytes, data: bytes) -> None:
    try:
        _write_file(path, data)
    except FileNotFoundError:
        return


def _write_file(path: bytes, data: bytes) -> None:
    descriptor = open_file(path, _FLAGS)
    try:
        write(descriptor, data)
    finally:
        close(descriptor)


class Blank:
    """The uid and gid of a jail in the arguments of prepared calls. The zygote fills them in before it forks."""

    def __init__(self) -> None:
        self.uid = ctypes.c_uint()
        self.gid = ctypes.c_uint()
        self.group = ctypes.c_int()
        """The descriptor through which it joins its memory cgroup."""
        self.cpu = ctypes.c_int()
        """The descriptor through which it joins its CPU cgroup."""
        self.cpus: list[int] = []
        """Those that it may use."""
        self.folder = ""
        """Its folder on the host's disk, if it has one."""
        self._texts: list[tuple[ctypes.Array[ctypes.c_char], bytes]] = []

    def text(self, form: str) -> "ctypes.Array[ctypes.c_char]":
        """Return a buffer for the C string `form`, with the uid in place of %(uid)d and the gid in place of %(gid)d."""
        buffer = ctypes.create_string_buffer(len(form) + 20)
        self._texts.append((buffer, form.encode()))
        return buffer

    def fill(
        self, uid: int, gid: int, group: int = -1, cpu: int = -1, cpus: Sequence[int] = (), folder: str = ""
    ) -> None:
        """Fill in the uid and gid of this jail."""
        self.folder = folder
        self.uid.value = uid
        self.gid.value = gid
        self.group.value = group
        self.cpu.value = cpu
        self.cpus[:] = cpus
        for buffer, form in self._texts:
            buffer.value = form % {b"uid": uid, b"gid": gid}
