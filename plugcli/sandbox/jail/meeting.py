"""How an interpreter confines itself by rules that its jail's init makes: who waits for whom, and how a failure is told."""

import errno
import fcntl
import os
import socket
from collections.abc import Callable, Iterable

from . import libc
from .descriptors import close_all_but
from .inside import DOOR
from .syscall_plan import PreparedCall, make

_OUT_OF_THE_WAY = 64  # numbers of descriptors from here on
_WORDS_BYTES = 1024
_GO = b"go"


class Meeting:
    """The meeting of a jail's init and its interpreter. The init makes it before it forks the interpreter."""

    def __init__(self) -> None:
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def confine_interpreter(
        self, rules: int, calls: Iterable[PreparedCall], then: Callable[[socket.socket], None]
    ) -> None:
        """Make `calls`, wait for the init, confine this process to the ruleset `rules`, and do `then`.

        Raises OSError, and tells the init why.
        """
        rules, channel = (
            fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, _OUT_OF_THE_WAY)
            for each in (rules, self._theirs.fileno())
        )
        close_all_but(DOOR, rules, channel)
        with socket.socket(fileno=channel) as ours:
            try:
                make(calls)
                ours.send(os.readlink("/proc/self").encode())  # our name in the /proc of the init
                if ours.recv(len(_GO)) != _GO:
                    raise OSError(errno.ECONNRESET, "the jail's init is gone")
                libc.landlock_restrict_self(rules)
                os.close(rules)
                then(ours)
            except OSError as error:
                ours.send(str(error).encode()[:_WORDS_BYTES])
                raise

    def name(self) -> str:
        """Wait until the interpreter is ready, and return its name in /proc. Raises OSError."""
        self._theirs.close()
        words = self._hear(0)[0]
        if not words.isdigit():
            raise OSError(errno.ECHILD, words)
        return words

    def let_go(self) -> tuple[str, list[int]]:
        """Let the interpreter confine itself, and return what it says then, with a descriptor that it may send. Raises OSError."""
        self._ours.send(_GO)
        words, descriptors = self._hear(1)
        self._ours.close()
        return words, descriptors

    def _hear(self, most_descriptors: int) -> tuple[str, list[int]]:
        words, descriptors, _, _ = socket.recv_fds(self._ours, _WORDS_BYTES, most_descriptors)
        if not words:
            raise OSError(errno.ECHILD, "the interpreter ended before it was confined")
        return words.decode(), descriptors
