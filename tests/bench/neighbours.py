"""What others feel of four callers at their worst: /health, and calls in a session of their own."""

import math
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from tests.bench.load import Connection, NotMeasured, request
from tests.bench.servers import REPOSITORY, Server, running
from tests.bench.table import Figures, Measured

HEALTH_SECONDS = 0.06
_PERIOD_SECONDS = 0.005
_WATCHED_SECONDS = 2.0
_QUIET_CALLS = 100


def p99(values: Sequence[float]) -> float:
    """Return the smallest value that 99 of 100 are not above."""
    return sorted(values)[math.ceil(len(values) * 0.99) - 1]


def beside(attack: str, server: Server, folder: Path, turns: int) -> Measured:
    """Return the figures of one attack: `health`, each turn's 99th percentile; `session` and `quiet`, the calls during it and before."""
    look = f"GET /health HTTP/1.1\r\nHost: localhost:{server.port}\r\n\r\n".encode()
    count = request(server.port, "x = x + 1\nx", "bystander")
    with closing(Connection(server.port)) as session:
        session.call(request(server.port, "x = 0", "bystander"))
        quiet = [session.call(count) for _ in range(_QUIET_CALLS)]
    command = [sys.executable, "-m", "tests.bench.neighbour", str(server.port), attack]
    log = folder / "neighbour.log"
    with log.open("wb") as errors, running(command, REPOSITORY, errors=errors) as neighbour:
        assert neighbour.stdin is not None
        assert neighbour.stdout is not None
        for expected in ("ready\n", "begun\n"):
            if neighbour.stdout.readline() != expected:
                raise NotMeasured(f"the attack did not begin: {log.read_text()[-300:]}")
            if expected == "ready\n":
                neighbour.stdin.write("begin\n")
                neighbour.stdin.flush()
        slowest, calls = [], []
        for _ in range(turns):
            slowest.append(p99(_watched(server, lambda each: each.get(look))))
            calls += _watched(server, lambda each: each.call(count))
        if neighbour.poll() is not None:
            raise NotMeasured(f"the attack ended: {log.read_text()[-300:]}")
    return {
        "health": Figures("seconds", tuple(slowest)),
        "limit": Figures("seconds", (HEALTH_SECONDS,)),
        "session": Figures("seconds", tuple(calls)),
        "quiet": Figures("seconds", tuple(quiet)),
    }


def _watched(server: Server, call: Callable[[Connection], float]) -> list[float]:
    """Make calls for a while, on a connection of their own: one that is not used is closed; return the seconds of each."""
    times: list[float] = []
    with closing(Connection(server.port)) as connection:
        end = time.perf_counter() + _WATCHED_SECONDS
        while not times or time.perf_counter() < end:
            times.append(call(connection))
            time.sleep(_PERIOD_SECONDS)
    return times
