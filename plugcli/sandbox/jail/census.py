"""Who is in a jail, as its init sees it in /proc: nobody escapes the count, and signals reach everybody and nobody else.

A process is known by its name in /proc, which is its pid where that is of the init's own pid namespace.
"""

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from .processes import is_ended, is_running, is_stopped, look_at, stands_still

_STOP_SECONDS = 1.0  # enough for a fork with very many mappings on a busy machine
_VFORK_SECONDS = 0.05  # a process that cannot be stopped for so long is waiting for a vfork(2) child


class Census:
    """What every way to count a jail's processes has in common. Only the jail's init may use it."""

    births_before = 0
    """What `births` returned before the interpreter was born."""

    def numbers(self, ours: Collection[int] = ()) -> list[str]:
        """Return the names of all processes of the jail except this one, the init, and `ours`. Those that have ended may be among them."""
        raise NotImplementedError

    def pid(self, name: str) -> int:
        """Return the pid of the process that `numbers` has named; that of nobody if it is gone."""
        return int(name)

    def name(self, pid: int) -> str:
        """Return the name of a process of the jail."""
        return str(pid)

    def are_running(self, threads: Collection[int]) -> set[int]:
        """Return those of these threads that are neither stopped nor ended."""
        return {thread for thread in threads if is_running(str(thread))}

    def births(self) -> int:
        """Return a number that grows with every process and thread of the jail. Where it falls, it has begun anew."""
        raise NotImplementedError

    def contains(self, pid: int) -> bool:
        """Whether a process or thread is one of the jail's, and not the init."""
        raise NotImplementedError

    def kill(self, pid: int) -> None:
        """Kill one process of the jail; do nothing if it has ended, or if the pid is somebody else's by now."""
        raise NotImplementedError

    def kill_all(self, *, frees_memory: bool = True) -> None:
        """Kill every process of the jail except this one, the init, and have the kernel free their memory if `frees_memory`.

        A read(2) into much memory does not notice SIGKILL until it is done, and keeps allocating; once its memory is freed, it fails.
        """
        raise NotImplementedError

    def _stop_all(self) -> None:
        raise NotImplementedError

    def _stop_newcomers(self) -> None:
        """Stop processes that have come since `_stop_all`, unless the kernel does."""

    def _continue_all_but(self, stopped: list[str]) -> None:
        raise NotImplementedError

    def living(self) -> list[int]:
        """Return the pids of all running processes of the jail except this one, the init."""
        return [self.pid(name) for name in self.numbers() if not is_ended(name)]

    @contextmanager
    def standing_still(self, most_bytes: int) -> Iterator[bool]:
        """Stop every process of the jail except its init; afterwards continue those that the code had not stopped itself.

        A process in the middle of fork(2) may pass such a stop on to its child, which is not visible yet and which no SIGCONT reaches
        (`multiprocess` in kernel/signal.c). So we wait until all processes have stopped, including new ones. A read(2) into much memory, or
        an madvise(2) that fills it, does not notice a stop: we stop waiting if more than `most_bytes` are allocated meanwhile, and yield
        False.
        """
        stopped = [name for name in self.numbers() if is_stopped(name)]
        self._stop_all()
        try:
            started, taken, does_stand = time.monotonic(), None, True
            while (waited := time.monotonic() - started) < _STOP_SECONDS:
                still = b"TtZXD" if waited > _VFORK_SECONDS else b"TtZX"
                names = self.numbers()
                if all(stands_still(name, still) for name in names):
                    break
                self._stop_newcomers()
                now = {each.pid: each.anonymous for each in map(look_at, names) if each is not None}
                if taken is None:
                    taken = now
                grown = sum(max(0, size - taken.get(name, 0)) for name, size in now.items() if name in taken)
                if grown > most_bytes:
                    does_stand = False
                    break  # it must be judged now
                time.sleep(0.0005)
            yield does_stand
        finally:
            self._continue_all_but(stopped)
