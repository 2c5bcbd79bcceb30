"""How calls are made: paced, tight, or by many clients at once; and in turn, so that a busy moment meets every side.

The clients write ready bytes and read with as little code as there can be: what they cost is part of both sides of every ratio, and would
make slow look like fast. Answers are looked at outside the time that is measured.
"""

import asyncio
import json
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PERIOD_SECONDS = 0.05  # paced: 20 calls a second
CLIENTS = 8
DEADLINE_SECONDS = 120

Answer = dict[str, Any]
Check = Callable[[Answer], None]
Call = Callable[[], float]
Turn = Callable[[], list[float]]


class NotMeasured(Exception):
    """What keeps a measure from being taken, in words."""


def until_tick(seconds: float, period: float = PERIOD_SECONDS) -> float:
    """Return how long to wait from `seconds` after the start until the next multiple of `period`."""
    return period - seconds % period


def paced(call: Call, count: int) -> list[float]:
    """Make `count` calls, each at the first tick after the end of the one before; return the seconds of each."""
    times = []
    started = time.perf_counter()
    for _ in range(count):
        times.append(call())
        time.sleep(until_tick(time.perf_counter() - started))
    return times


def tight(call: Call, count: int) -> list[float]:
    """Make `count` calls one after the other; return the seconds of each."""
    return [call() for _ in range(count)]


def in_turn(turns: int, sides: Mapping[str, Turn]) -> dict[str, list[float]]:
    """Give every side `turns` turns, one side after the other; the first turn is for warming up. Return the seconds of the calls."""
    times: dict[str, list[float]] = {side: [] for side in sides}
    for turn in range(turns + 1):
        for side, take in sides.items():
            seconds = take()
            if turn:
                times[side] += seconds
    return times


def request(port: int, code: str, conversation: str | None = None) -> bytes:
    """Return the bytes of a POST /execute of `code`."""
    body = json.dumps({"code": code}).encode()
    head = [
        "POST /execute HTTP/1.1",
        f"Host: localhost:{port}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *([f"openai-conversation-id: {conversation}"] if conversation else []),
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def body_length(head: bytes) -> int:
    """Return the Content-Length in the head of an answer."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    raise NotMeasured(f"an answer without a length: {head[:300]!r}")


def answer_of(head: bytes, body: bytes) -> Answer:
    """Return the result in an answer to code that was to end well. Raises NotMeasured for any other."""
    if head.startswith(b"HTTP/1.1 200 "):
        answer: Answer = json.loads(body)
        if answer["returncode"] == 0:
            return answer
    raise NotMeasured(f"an answer is wrong: {head[9:12].decode()} {body[:300].decode()}")


def no_check(answer: Answer) -> None:
    """That it ended well is enough."""


class Connection:
    """One caller's keep-alive connection to a server on loopback."""

    def __init__(self, port: int) -> None:
        """Connect to `port`."""
        self._socket = socket.create_connection(("127.0.0.1", port), DEADLINE_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def call(self, data: bytes, check: Check = no_check) -> float:
        """Send one request; return the seconds until the last byte of its answer. Raises NotMeasured when the answer is wrong."""
        started = time.perf_counter()
        self._socket.sendall(data)
        head, body = self._read()
        seconds = time.perf_counter() - started
        check(answer_of(head, body))
        return seconds

    def get(self, data: bytes) -> float:
        """Send one request whose answer is no result; return the seconds that took. Raises NotMeasured unless it is 200."""
        started = time.perf_counter()
        self._socket.sendall(data)
        head, _ = self._read()
        seconds = time.perf_counter() - started
        if not head.startswith(b"HTTP/1.1 200 "):
            raise NotMeasured(f"an answer is wrong: {head[:100].decode()}")
        return seconds

    def _read(self) -> tuple[bytes, bytes]:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._some()
        head, _, body = data.partition(b"\r\n\r\n")
        length = body_length(head)
        while len(body) < length:
            body += self._some()
        return head, body

    def _some(self) -> bytes:
        if not (data := self._socket.recv(1 << 16)):
            raise NotMeasured("the server closed the connection")
        return data


@dataclass(frozen=True)
class Burst:
    """What many clients at once were given, and what it cost."""

    seconds: list[float]  # of each call
    wall_seconds: float
    client_cpu_seconds: float  # of this process, which is all clients
    machine_cpu_seconds: float  # of everybody on this machine


def burst(port: int, data: bytes, count: int) -> Burst:
    """Let CLIENTS clients make `count` calls together, each its next one when its last is answered.

    Raises NotMeasured when an answer is wrong or does not come.
    """
    try:
        return asyncio.run(_burst(port, data, count))
    except ExceptionGroup as errors:
        raise NotMeasured(f"one of {CLIENTS} clients met: {errors.exceptions[0]!r}") from None


async def _burst(port: int, data: bytes, count: int) -> Burst:
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CLIENTS)]
    left = iter(range(count))
    seconds: list[float] = []
    answers: list[tuple[bytes, bytes]] = []

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in left:
            started = time.perf_counter()
            writer.write(data)
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(body_length(head))
            seconds.append(time.perf_counter() - started)
            answers.append((head, body))

    before = time.perf_counter(), time.process_time(), machine_cpu_seconds()
    async with asyncio.timeout(DEADLINE_SECONDS), asyncio.TaskGroup() as clients:
        for reader, writer in streams:
            clients.create_task(client(reader, writer))
    wall, cpu, machine = time.perf_counter(), time.process_time(), machine_cpu_seconds()
    for _, writer in streams:
        writer.close()
    for head, body in answers:
        answer_of(head, body)
    return Burst(seconds, wall - before[0], cpu - before[1], machine - before[2])


def machine_cpu_seconds() -> float:
    """Return the seconds that this machine's CPUs have been busy since it started. proc_stat(5)."""
    user, nice, system, _idle, _iowait, irq, softirq = map(
        int, Path("/proc/stat").read_text().split(maxsplit=8)[1:8]
    )
    return (user + nice + system + irq + softirq) / 100  # USER_HZ
