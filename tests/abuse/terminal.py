"""A terminal of a test's own, whose shell starts one program in the foreground. Imported by programs that run in a Box.

The shell's half matters: Ctrl-Z stops only a program whose parent, in the same session, could go on with it.
"""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time


class Terminal:
    """A terminal of 80 columns with `command` in its foreground; `screen` is all that it was sent."""

    def __init__(self, command: list[str]) -> None:
        reader, writer = os.pipe()
        self._shell, self._keyboard = pty.fork()
        if self._shell == 0:
            _be_shell(command, writer)
        os.close(writer)
        self._notices = os.fdopen(reader, "rb", buffering=0)  # select must see what is not read yet
        self.screen = b""
        self.foreground = int(self.next_event().removeprefix("pid "))

    def next_event(self) -> str:
        """Wait for what the shell says of its program, while reading the screen: "pid N", "stopped", "exited N" or "killed N"."""
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            if select.select([self._notices], [], [], 0.01)[0]:
                while self._read():
                    pass
                return self._notices.readline().decode().strip()
            self._read()
        return "nothing"

    def read_until(self, text: bytes) -> bool:
        """Whether `text` comes up on the screen."""
        deadline = time.monotonic() + 15
        while text not in self.screen and time.monotonic() < deadline:
            self._read()
        return text in self.screen

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._keyboard, keys)

    def resize(self, columns: int) -> None:
        """Make the window another one."""
        fcntl.ioctl(self._keyboard, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def go_on(self) -> None:
        """Continue the stopped program, as `fg` does."""
        os.killpg(self.foreground, signal.SIGCONT)

    def close(self) -> None:
        """End the shell and what it started."""
        for kill, pid in ((os.killpg, self.foreground), (os.kill, self._shell)):
            with contextlib.suppress(ProcessLookupError):
                kill(pid, signal.SIGKILL)
        os.waitpid(self._shell, 0)
        os.close(self._keyboard)
        self._notices.close()

    def _read(self) -> bool:
        """Take in what is on its way; whether there was anything."""
        if not select.select([self._keyboard], [], [], 0.02)[0]:
            return False
        try:
            self.screen += os.read(self._keyboard, 65536)
        except OSError:  # EIO: nobody has it open any more
            return False
        return True


def _be_shell(command: list[str], writer: int) -> None:
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # else we stop when we give the terminal away
    program = os.fork()
    if program == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.close(writer)
        os.execvp(command[0], command)
    os.write(writer, f"pid {program}\n".encode())
    while True:
        _, status = os.waitpid(program, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            os.write(writer, b"stopped\n")
            continue
        code = os.waitstatus_to_exitcode(status)
        os.write(writer, f"exited {code}\n".encode() if code >= 0 else f"killed {-code}\n".encode())
        signal.pause()
