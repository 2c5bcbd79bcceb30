"""The scribe: a process of a jail that writes one file, sent by the host, to the workspace.

Because it is written from inside, the file belongs to the code, counts as the jail's memory like the code's own files, and cannot land
in a place where the code could not write itself, whatever links the code has made. The code can kill the scribe; then there is no file.

Host -> scribe:  the bytes, then the end of the stream (shutdown); a host that closes instead no longer wants the file
Scribe -> host:  {"there": bytes} when everything has arrived, then {"done": bytes}; or, at any time, {"errno": number}
"""

import contextlib
import errno
import json
import os
import socket
from collections.abc import Callable
from typing import NoReturn

UNFINISHED = ".upload-"
"""How the names of files begin that are not whole yet."""
_CHUNK = 1 << 18


def main(
    name: str, channel: socket.socket, workspace: str, confine: Callable[[], None] | None, most: int | None
) -> NoReturn:
    """Write the file `name`, a relative path in the workspace, as a whole or not at all. Runs in a fork of the jail's init.

    `confine` confines this process as the code is confined, if its init is not. `most` is how many bytes there is room for, if the file
    system does not see to that.
    """
    if confine is not None:
        try:
            confine()
        except OSError:
            os._exit(1)
    lowest = channel.fileno()
    os.closerange(0, lowest)
    os.closerange(lowest + 1, 1 << 20)
    try:
        os.chdir(workspace)
        _say(channel, {"done": _write(name, channel, workspace, most)})
    except OSError as error:
        with contextlib.suppress(OSError):
            _say(channel, {"errno": error.errno})
    finally:
        os._exit(0)


def _write(name: str, channel: socket.socket, workspace: str, most: int | None) -> int:
    unfinished = f"{UNFINISHED}{os.urandom(8).hex()}"
    file = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    try:
        count = 0
        while data := channel.recv(_CHUNK):
            count += len(data)
            if most is not None and count > most:
                raise OSError(errno.ENOSPC, "the workspace is full")
            view = memoryview(data)
            while view:
                view = view[os.write(file, view) :]
        _say(channel, {"there": count})  # fails if the host has closed
        if folder := os.path.dirname(name):
            if os.path.realpath(folder) != os.path.join(os.path.realpath(workspace), folder):
                raise OSError(
                    errno.ELOOP, "a folder on the way is a link"
                )  # the file could not be found under its name
            os.makedirs(folder, exist_ok=True)
        os.rename(unfinished, name)
    except BaseException:
        os.unlink(unfinished)
        raise
    finally:
        os.close(file)  # its space is free again before anybody is told
    return count


def _say(channel: socket.socket, words: dict[str, int | None]) -> None:
    channel.sendall(json.dumps(words).encode() + b"\n")
