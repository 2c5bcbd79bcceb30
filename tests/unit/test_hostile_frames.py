"""The wire is hostile: whatever the far end of a channel says, the host answers in time, keeps its descriptors, and serves the others."""

import asyncio
import json
import os
import select
import socket
import subprocess
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugcli.errors import SandboxUnavailable
from plugcli.sandbox import Policy, Sandbox
from plugcli.sandbox.handle import Capture, Ending, Gone, Jail
from plugcli.sandbox.jail import wire
from plugcli.sandbox.jail.plan import PLACES
from plugcli.sandbox.launch import Launcher
from plugcli.sandbox.spawn import Spawned
from plugcli.sandbox.start import Started

pytestmark = pytest.mark.slow

T = TypeVar("T")

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.just(10**400),
    st.just("x" * 70_000),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
WORDS = [
    "ready",
    "failed",
    "why",
    "errno",
    "exited",
    "out_of_memory",
    "jail",
    "gone",
    "started",
    "memory_cgroup",
    "refused",
    "limit",
]
FRAMES = st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=4).map(
    lambda frame: json.dumps(frame).encode()
)
LIES = st.one_of(
    FRAMES,
    st.binary(max_size=300),
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.tuples(FRAMES, st.integers(0, 100)).map(lambda cut: cut[0][: -cut[1] or None]),
    st.integers(1, 60_000).map(lambda depth: b"[" * depth),
    st.integers(1, 10_000).map(lambda depth: b'{"exited":' * depth + b"0" + b"}" * depth),
    st.sampled_from(
        [
            b'{"exited": NaN}',
            b'{"exited": 1e999}',
            b'{"exited": 4294967296}',
            b'{"exited": "0"}',
            b'{"ready": 1}',
        ]
    ),
).filter(lambda data: 0 < len(data) <= 100_000)
QUICK = settings(max_examples=120, deadline=None)


def descriptors() -> set[str]:
    """Return what this process has open, without what changes by itself."""
    return {name for name in os.listdir("/proc/self/fd")}  # noqa: PTH208


@contextmanager
def init() -> Iterator[int]:
    """Stand in for a jail's init that lives on: yield a pidfd of it, which the handle owns."""
    with subprocess.Popen(["sleep", "60"]) as process:
        yield os.pidfd_open(process.pid)
        process.kill()


def in_time(work: Coroutine[Any, Any, T], seconds: float = 10.0) -> T:
    """Run `work`, which has to end by itself."""
    started = time.monotonic()
    try:
        return asyncio.run(work)
    finally:
        assert time.monotonic() - started < seconds


def say(sock: socket.socket, data: bytes, count: int = 0) -> None:
    """Send a packet with `count` descriptors beside it."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    pipes = [end for _ in range((count + 1) // 2) for end in os.pipe()]
    socket.send_fds(sock, [data], pipes[:count])
    for end in pipes:
        os.close(end)


def set_event() -> Gone:
    """Return the event of a jail of which nothing is left."""
    gone = Gone()
    gone.set()
    return gone


async def open_jail(first: bytes, count: int, greeting: bytes | None = None) -> Jail:
    """Open the handle of a jail whose init sends `first`, and whose interpreter says `greeting`."""
    ours, theirs = wire.channel()
    with init() as exit_notice, theirs:
        if greeting is None:
            say(theirs, first, count)
        else:
            door, outer = socket.socketpair()
            pipes = [os.pipe() for _ in range(3)]
            workspace = os.open("/", os.O_RDONLY)
            ends = [outer.fileno(), pipes[0][1], pipes[1][0], pipes[2][0], workspace]
            socket.send_fds(theirs, [first], ends)
            door.sendall(greeting)
            for end in (pipe_end for pipe in pipes for pipe_end in pipe):
                os.close(end)
            os.close(workspace)
            outer.close()
            door.close()
        return await Jail.open(ours, exit_notice, set_event(), PLACES, 5.0)


@QUICK
@given(LIES, st.integers(0, 9))
def test_lying_first_frame_is_a_refusal(first: bytes, count: int) -> None:
    """A jail that is not there is refused with a sentence, and what came beside the lie is closed."""
    before = descriptors()
    with pytest.raises(SandboxUnavailable) as refused:
        in_time(open_jail(first, count))
    assert refused.value.message
    assert descriptors() == before


@QUICK
@given(st.binary(max_size=6000) | LIES)
def test_lying_interpreter_is_a_refusal(greeting: bytes) -> None:
    """A venv's start-up files may say anything on the door before the code runs."""
    before = descriptors()
    refusal = ""
    try:
        in_time(open_jail(b'{"ready": true}', 5, greeting)).close()
    except SandboxUnavailable as error:
        refusal = error.message
    assert refusal.isprintable()
    assert refusal or "ready" in json.loads(greeting)
    assert descriptors() == before


async def end_live_jail() -> tuple[wire.Frame | None, bool]:
    """End a jail whose code runs; return what its init is told, and whether it is killed before `kill`."""
    ours, theirs = wire.channel()
    door, outer = socket.socketpair()
    pipes = [os.pipe() for _ in range(3)]
    workspace = os.open("/", os.O_RDONLY)
    with init() as exit_notice:
        ends = [outer.fileno(), pipes[0][1], pipes[1][0], pipes[2][0], workspace]
        socket.send_fds(theirs, [b'{"ready": true}'], ends)
        door.sendall(b'{"ready": [3, 11, 2]}\n')
        outer.close()
        jail = await Jail.open(ours, exit_notice, set_event(), PLACES, 5.0)
        for descriptor in jail.end():
            os.close(descriptor)
        told = wire.receive(theirs)
        is_killed = bool(select.select([exit_notice], [], [], 0)[0])
        jail.kill()
    for end in (workspace, *(end for pipe in pipes for end in pipe)):
        os.close(end)
    theirs.close()
    door.close()
    return told, is_killed


def test_init_of_a_live_jail_is_asked_to_end_it_before_it_is_killed() -> None:
    """Killed with its namespace, a process in the middle of a read(2) goes on taking memory for a while."""
    before = descriptors()
    assert in_time(end_live_jail()) == ({"end": True}, False)
    assert descriptors() == before


async def run_with(lies: list[bytes]) -> Ending:
    """Run a job in a jail whose init sends `lies` instead of how the code ended, then closes."""
    ours, theirs = wire.channel()
    door, outer = socket.socketpair()
    pipes = [os.pipe() for _ in range(3)]
    workspace = os.open("/", os.O_RDONLY)
    with init() as exit_notice:
        socket.send_fds(
            theirs, [b'{"ready": true}'], [outer.fileno(), pipes[0][1], pipes[1][0], pipes[2][0], workspace]
        )
        door.sendall(b'{"ready": [3, 11, 2]}\n')
        for end in (workspace, pipes[0][1], pipes[1][0], pipes[2][0]):
            os.close(end)
        outer.close()
        jail = await Jail.open(ours, exit_notice, set_event(), PLACES, 5.0)
        for lie in lies:
            say(theirs, lie)
        theirs.close()
        os.write(pipes[1][1], b"said")
        ending = await jail.run({"path": "x"}, b"", wall_seconds=3.0, capture=Capture.up_to(10), stdin=None)
        jail.close()
    for end in (pipes[0][0], pipes[1][1], pipes[2][1]):
        os.close(end)
    door.close()
    return ending


@QUICK
@given(st.lists(LIES, max_size=3))
def test_lying_init_ends_its_run_and_nothing_else(lies: list[bytes]) -> None:
    """The first frame decides; one that no init sends is a death, never a crash of ours and never a success."""
    before = descriptors()
    ending = in_time(run_with(lies))
    if ending.exited is not None:
        assert json.loads(lies[0])["exited"] == ending.exited
        assert -65 < ending.exited < 256
    assert not ending.is_timeout
    assert descriptors() == before


async def hear(lies: list[bytes]) -> bool:
    """Let a launcher's channel say `lies` while a real jail is being made; return whether the host still takes it for alive."""
    ours, theirs = wire.channel()
    first, inside = wire.channel()
    inside.close()
    reader, writer = os.pipe()
    os.close(writer)
    launcher = Launcher(
        Started("plugcli-test", Spawned(os.posix_spawnp("true", ["true"], {}), ours, reader), first)
    )
    await launcher.__aenter__()
    making = asyncio.ensure_future(launcher.make_jail())
    await asyncio.sleep(0)
    for lie in lies:
        say(theirs, lie, 1)
    theirs.close()
    done, _ = await asyncio.wait([making], timeout=5)
    assert done
    assert isinstance(making.exception(), SandboxUnavailable)
    launcher._process.wait()
    launcher._process.close()
    ours.close()
    return launcher.is_alive


@QUICK
@given(st.lists(LIES, min_size=1, max_size=3))
def test_lying_launcher_is_taken_for_dead(lies: list[bytes]) -> None:
    """Whoever waits for a jail is told so; nobody waits for ever."""
    before = descriptors()
    assert not in_time(hear(lies))
    assert descriptors() == before


def test_offending_run_does_not_disturb_the_others() -> None:
    """One run floods, forges, crashes and eats; another, at the same time, computes."""
    attacks = [
        "import os\nwhile True: os.write(1, b'{exited: 0}' * 1000)",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        "x = []\nwhile True: x.append(bytearray(1 << 20))",
        "import os\nfor fd in range(256):\n    try: os.write(fd, b'\\xff' * 100)\n    except OSError: pass\nos._exit(200)",
    ]

    async def main() -> list[str]:
        async with Sandbox(Policy(wall_seconds=2.0, memory_bytes=128 << 20)) as sandbox:
            honest = asyncio.gather(*(sandbox.run(f"print({n} * 2)") for n in range(8)))
            hostile = asyncio.gather(*(sandbox.run(attack) for attack in attacks))
            results = await honest
            assert [result.outcome for result in await hostile] == [
                "timeout",
                "died",
                "out_of_memory",
                "error",
            ]
            return [result.stdout for result in results]

    before = descriptors()
    assert in_time(main(), 30.0) == [f"{n * 2}\n" for n in range(8)]
    assert descriptors() == before
    assert Path("/proc/self/fd").is_dir()
