"""Cancel a run whose client has disconnected."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from starlette.types import Receive

# Most calls end before a client could disconnect. They need no task that watches for it.
WATCH_AFTER_SECONDS = 0.05

Result = TypeVar("Result")


async def unless_gone(run: Awaitable[Result], receive: Receive) -> Result | None:
    """Return the result of `run`; None if the client disconnected first, which cancels `run`.

    The whole body must have been read, so that the next message of `receive` is the disconnect.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    watching: asyncio.Task[None] | None = None
    is_gone = False

    async def wait_for_the_end() -> None:
        nonlocal is_gone
        while (await receive())["type"] != "http.disconnect":
            pass
        is_gone = True
        task.cancel()

    def watch() -> None:
        nonlocal watching
        watching = loop.create_task(wait_for_the_end())

    timer = loop.call_later(WATCH_AFTER_SECONDS, watch)
    try:
        return await run
    except asyncio.CancelledError:
        if is_gone and task.uncancel() == 0:
            return None
        raise
    finally:
        timer.cancel()
        if watching is not None:
            watching.cancel()
