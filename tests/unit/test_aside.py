"""What keeps the event loop free: threads of a Sandbox, and one queue for each workspace."""

import asyncio
import threading
import time

import pytest

from plugcli.sandbox import aside as aside_file
from plugcli.sandbox.aside import Aside, Queue, computed

DEADLINE_SECONDS = 20


def test_one_that_is_stuck_keeps_no_other_waiting() -> None:
    """The code can hold a lock that the kernel takes for us: its own session waits for it, and nobody else."""

    async def main() -> list[object]:
        aside = Aside(4)
        stuck, other = Queue(aside), Queue(aside)
        lock = threading.Event()
        waiting = asyncio.create_task(stuck.do(lock.wait, DEADLINE_SECONDS))
        behind = asyncio.create_task(stuck.do(str, "behind"))
        async with asyncio.timeout(DEADLINE_SECONDS):
            said = await other.do(str, "other")
            was_done = behind.done()
            lock.set()
            answers = [said, was_done, await waiting, await behind]
            await aside.close()
            return answers

    assert asyncio.run(main()) == ["other", False, True, "behind"]


def test_next_waits_for_one_whose_caller_has_left() -> None:
    """A thread cannot be cancelled, and it uses descriptors that the next thing in the queue may close."""

    async def main() -> list[str]:
        aside, done = Aside(4), list[str]()
        queue, lock = Queue(aside), threading.Event()

        def work() -> None:
            lock.wait(DEADLINE_SECONDS)
            done.append("worked")

        left = asyncio.create_task(queue.do(work))
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.wait((left,))
        queue.do_last(done.append, "closed")
        lock.set()
        await aside.close()
        return done

    assert asyncio.run(main()) == ["worked", "closed"]


def test_one_computes_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each that computes takes the interpreter's lock from the event loop: it competes with one of them, not with all."""
    monkeypatch.setattr(
        aside_file, "_PATIENCE_SECONDS", DEADLINE_SECONDS
    )  # nobody is stuck, and the machine may be slow
    at_once, most = 0, 0

    def compute() -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        time.sleep(0.002)
        at_once -= 1

    async def main() -> None:
        aside = Aside(8)
        await asyncio.gather(*(aside.do(computed, compute) for _ in range(16)))
        await aside.close()

    asyncio.run(main())
    assert [0, 1] == [at_once, most]
