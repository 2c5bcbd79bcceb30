"""Threads for work whose cost untrusted code decides, so that it stays off the event loop. They end with the Sandbox.

A thread alone is not enough, for two reasons. First, the code can hold a kernel lock (on a folder or a file), and a thread that needs it
waits. A Queue therefore gives each workspace one thread at a time, and no other workspace waits for it. Second, a thread that computes
keeps the GIL from the event loop. `computing` therefore lets only one thread compute at a time, and makes it rest often.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

_SLICE_SECONDS = 0.005
_REST_SECONDS = 0.0025
_PATIENCE_SECONDS = 0.1  # how long to wait for a thread that has the turn but is stuck in the kernel

P = ParamSpec("P")
Result = TypeVar("Result")


class Aside:
    """The threads of one Sandbox: at most `threads`, which must be more than the number of queues."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None  # most runs of `exec` need none
        self._later: set[asyncio.Task[None]] = set()

    def start(
        self, function: Callable[P, Result], *arguments: P.args, **named: P.kwargs
    ) -> asyncio.Future[Result]:
        """Call `function` in a thread; return a future of its result."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, "plugcli-aside")
        job = self._pool.submit(function, *arguments, **named)
        return asyncio.wrap_future(job)

    async def do(self, function: Callable[P, Result], *arguments: P.args, **named: P.kwargs) -> Result:
        """Call `function` in a thread and return its result. Cancelling does not stop `function`."""
        return await asyncio.shield(self.start(function, *arguments, **named))

    def do_later(self, queue: "Queue", function: Callable[..., None], *arguments: object) -> None:
        """Call `function` in a thread after everything else in `queue`. Nobody waits for it."""
        task = asyncio.get_running_loop().create_task(queue.do(function, *arguments))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def close(self) -> None:
        """Wait for all work that was started, then end the threads."""
        await asyncio.gather(*self._later, return_exceptions=True)
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown)


class Queue:
    """The work for one workspace: one job at a time, in order, whoever asked for it and however long it takes."""

    def __init__(self, aside: Aside) -> None:
        self._aside = aside
        self._turn = asyncio.Lock()

    async def do(self, function: Callable[P, Result], *arguments: P.args, **named: P.kwargs) -> Result:
        """Call `function` in a thread when its turn comes, and return its result."""
        await self._turn.acquire()
        try:
            job = self._aside.start(function, *arguments, **named)
        except BaseException:
            self._turn.release()
            raise
        job.add_done_callback(lambda _: self._turn.release())  # not before: cancelling does not stop it
        return await asyncio.shield(job)

    def do_last(self, function: Callable[..., None], *arguments: object) -> None:
        """Call `function` after everything else. Nobody waits for it."""
        self._aside.do_later(self, function, *arguments)


class Computing:
    """A thread that computes. It must call `rest` often, which gives time to the event loop and to other threads."""

    def __init__(self) -> None:
        self._has_turn = False
        self._began = 0.0

    def take_turn(self) -> None:
        """Wait for the other computing threads, but not for one that is stuck."""
        self._has_turn = _turn.acquire(timeout=_PATIENCE_SECONDS)
        self._began = time.monotonic()

    def give_turn(self) -> None:
        """Let another thread compute."""
        if self._has_turn:
            self._has_turn = False
            _turn.release()

    def rest(self) -> float:
        """Pause for a moment if this thread has computed for a while. Return how many seconds the pause took."""
        began = time.monotonic()
        if began - self._began <= _SLICE_SECONDS:
            return 0
        time.sleep(_REST_SECONDS)  # keeping the turn: for a third of the time no thread computes
        self.give_turn()
        time.sleep(0)
        self.take_turn()
        return self._began - began


_turn = threading.Lock()


@contextlib.contextmanager
def computing() -> Iterator[Computing]:
    """Let this thread compute while no other does."""
    thread = Computing()
    thread.take_turn()
    try:
        yield thread
    finally:
        thread.give_turn()


def computed(function: Callable[P, Result], *arguments: P.args, **named: P.kwargs) -> Result:
    """Call `function` while no other thread computes, and return its result. For work of a few milliseconds."""
    with computing():
        return function(*arguments, **named)
