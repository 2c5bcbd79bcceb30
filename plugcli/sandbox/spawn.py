"""Start the launcher's process before it is known what it will be asked for.

This imports next to nothing: `exec` does this first, so that the launcher gets ready while plugcli imports the rest of itself.
"""

import os
import signal
import socket
import sys

_PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from jail import launcher
del sys.path[0]
launcher.main(3, sys.argv[2])
"""
_CHANNEL = 3
# Not the host's environment, not even its PATH: the jails' environment comes with the plan. Without a locale Python changes its text modes.
_ENVIRONMENT = {"LANG": "C.UTF-8"}


class Spawned:
    """The launcher's process, and our end of its channel. When the channel closes, the process ends."""

    def __init__(self, pid: int, channel: socket.socket, stderr: int) -> None:
        self.pid = pid
        self.channel = channel
        self._stderr = stderr
        self.returncode: int | None = None
        """As in subprocess; None as long as the process is not known to have ended."""

    def poll(self) -> int | None:
        """Check whether the process has ended, and return `returncode`."""
        return self._wait(os.WNOHANG)

    def wait(self) -> int | None:
        """Wait until the process has ended, and return `returncode`."""
        return self._wait(0)

    def kill(self) -> None:
        """End it at once; each jail's init sees its own channel close."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def last_words(self) -> str:
        """Return the last line that an ended launcher wrote to standard error."""
        text = b""
        if self.poll() is not None:
            try:
                text = os.read(self._stderr, 65536)
            except BlockingIOError:  # it wrote nothing, and jails that are still alive hold the other end
                text = b""
        return text.decode(errors="replace").strip().rpartition("\n")[2]

    def close(self) -> None:
        """Close its standard error, once it has ended."""
        os.close(self._stderr)

    def _wait(self, options: int) -> int | None:
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, options)
            except ChildProcessError:  # it is reaped already: the host ignores SIGCHLD
                pid, status = self.pid, 0
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


def _bus() -> str:
    """Return the socket of the service manager that can give the launcher cgroups: the system's for root, else the user's, if any."""
    if os.geteuid() == 0:
        return "/run/dbus/system_bus_socket"
    folder = os.environ.get("XDG_RUNTIME_DIR")
    return f"{folder}/bus" if folder else ""


def spawn() -> Spawned:
    """Start a launcher's process in its own session, so that it has no terminal, and Ctrl-C reaches only the host."""
    # Exec'd, never forked from the host, so that none of the host's memory (tokens, uploads) is in a jail's memory.
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    reader, writer = os.pipe2(os.O_CLOEXEC)
    os.set_blocking(reader, False)
    folder = os.path.dirname(__file__)  # noqa: PTH120 (importing pathlib takes as long as all else here)
    try:
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-I", "-S", "-c", _PROGRAM, folder, _bus()],
            _ENVIRONMENT,
            file_actions=[
                # This comes first, because a file opened below could take its number.
                (os.POSIX_SPAWN_DUP2, theirs.fileno(), _CHANNEL),
                (os.POSIX_SPAWN_DUP2, writer, 2),
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            ],
            setsid=True,
            setsigmask=(),
            setsigdef=(signal.SIGPIPE,),
        )
    finally:
        theirs.close()
        os.close(writer)
    return Spawned(pid, ours, reader)
