"""Reads what the code can make us wait for, while somebody looks after the jail.

The kernel shows the mappings of a process, and its share of its pages, under the lock of its memory (mmap_lock). A call of the code can
hold that lock for seconds: an mremap(2) of mappings with many page tables, for example. Meanwhile a read(2) into much memory goes on,
whatever signals its process has got. So another thread waits for the lock, and this one goes on looking at the memory of all.
"""

import _thread
from _queue import Empty, SimpleQueue
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

THREADS = 1
"""How many threads of the init this takes."""
_LOOK_SECONDS = 0.005


class OverLimit(Exception):
    """The jail has taken more memory than its limit while it had to stand still."""


_work: SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...]]] = SimpleQueue()
_done: SimpleQueue[tuple[Any, OSError | None]] = SimpleQueue()
_threads: list[int] = []
guard: list[Callable[[], Callable[[], None]]] = []
"""Returns a function to call now and then while we wait, which raises OverLimit; empty if the kernel holds the limit."""


def patiently(read: Callable[..., T], *arguments: object) -> T:
    """Return what `read` returns, which may take the lock of a process's memory. Raises OverLimit; the jail must end then."""
    if not guard or not _has_thread():
        return read(*arguments)
    look = guard[0]()
    _work.put((read, arguments))
    while True:
        try:
            result, error = _done.get(timeout=_LOOK_SECONDS)
        except Empty:
            look()
            continue
        if error is not None:
            raise error
        return result  # type: ignore[no-any-return]


def _has_thread() -> bool:
    if not _threads:
        try:
            _threads.append(_thread.start_new_thread(_read_for_ever, ()))
        except RuntimeError:
            return False  # the machine has no room for another thread
    return True


def _read_for_ever() -> None:
    while True:
        read, arguments = _work.get()
        try:
            _done.put((read(*arguments), None))
        except OSError as error:
            _done.put((None, error))
