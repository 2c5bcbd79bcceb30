"""Memory cgroups of version 2, where systemd or a container delegates some to us: limits that the kernel holds, and nothing left.

Not in CI, which has version 1: `pytest tests/e2e/cgroup_v2.py`, on a machine with version 2. It fails where plugcli makes no groups.
"""

import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from plugcli.sandbox import Policy, RunResult, Sandbox
from tests.e2e import serving

MIB = 1 << 20
FILL = "held = []\nwhile True: held.append(bytearray(1 << 20))"
SECONDS = 60.0  # such machines may be emulated


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "DEADLINE_SECONDS", 10 * SECONDS)


def groups() -> set[str]:
    """Return the cgroups that launchers of this user have made, and the scopes that these are in."""
    return {
        folder
        for folder, _, _ in os.walk("/sys/fs/cgroup")
        if "/plugcli-" in folder and is_ours(Path(folder))
    }


def is_ours(folder: Path) -> bool:
    try:
        return folder.stat().st_uid == os.geteuid()
    except FileNotFoundError:  # it has just gone
        return False


def settled(before: set[str]) -> set[str]:
    """Return the cgroups that are there besides those of before, once there are none, or after some time."""
    deadline = time.monotonic() + SECONDS
    while (left := groups() - before) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def run(code: str, **policy: int) -> tuple[RunResult, str]:
    """Return how `code` ended, and what the memory layer says. Nothing is left of it afterwards."""

    async def result() -> tuple[RunResult, str]:
        async with Sandbox(Policy(wall_seconds=SECONDS, **policy), spares=0) as sandbox:
            said = next(layer.why for layer in sandbox.protection.layers if layer.name == "memory")
            return await sandbox.run(code), said

    before = groups()
    found = asyncio.run(result())
    assert settled(before) == set()
    return found


def test_memory_limit_is_held_by_the_kernel() -> None:
    """The kernel kills all of the jail, and the reason is its memory limit, not a stranger's signal. Swap makes the limit no larger."""
    result, said = run(FILL, memory_bytes=64 * MIB)
    assert "held by the kernel: each jail has a memory cgroup (version 2)" in said
    assert (result.returncode, result.outcome) == (137, "out_of_memory")
    assert "64 MiB" in result.reason


def test_code_cannot_see_or_leave_its_cgroup() -> None:
    """Its own group is the root of its namespace, and the hierarchy is not mounted."""
    result, _ = run("import os; print(open('/proc/self/cgroup').read(), os.path.exists('/sys/fs/cgroup'))")
    assert result.stdout == "0::/\n False\n"


def test_processes_are_limited() -> None:
    """A fork bomb gets an ordinary error and takes nobody along."""
    code = """
import os, time
count = 0
try:
    while True:
        if os.fork() == 0: time.sleep(60); os._exit(0)
        count += 1
except BlockingIOError: print(count)
"""
    result, _ = run(code, processes=20)
    assert 15 <= int(result.stdout) <= 20, result


def test_limits_of_a_jail_are_those_of_the_policy() -> None:
    """Each file is what the kernel will hold."""

    async def limits() -> dict[str, str]:
        before = groups()
        async with Sandbox(Policy(memory_bytes=64 * MIB, processes=7), spares=0) as sandbox:
            begun = asyncio.Event()
            code = "import time; print('begun', flush=True); time.sleep(30)"
            running = asyncio.create_task(sandbox.run(code, on_output=lambda *_: begun.set()))
            await asyncio.wait_for(begun.wait(), SECONDS)
            new = [Path(group) for group in groups() - before]
            jails = [group for group in new if group.name.isdigit()]
            (used,) = (jail for jail in jails if (jail / "cgroup.procs").read_text())
            names = ("memory.max", "memory.swap.max", "memory.oom.group", "pids.max")
            found = {name: (used / name).read_text().strip() for name in names}
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            return found

    expected = {
        "memory.max": str(64 * MIB),
        "memory.swap.max": "0",
        "memory.oom.group": "1",
        "pids.max": "71",
    }
    assert asyncio.run(limits()) == expected


def test_jail_that_runs_out_takes_no_other_along() -> None:
    """Two at a time, each with its own group."""

    async def both() -> tuple[str, str]:
        async with Sandbox(Policy(memory_bytes=64 * MIB, wall_seconds=SECONDS), spares=1) as sandbox:
            calm = asyncio.create_task(sandbox.run("import time; time.sleep(5); print('calm')"))
            greedy = await sandbox.run(FILL)
            again = await sandbox.run("print('again')")
            return greedy.outcome, (await calm).stdout + again.stdout

    assert asyncio.run(both()) == ("out_of_memory", "calm\nagain\n")


def test_data_that_waits_in_udp_sockets_is_charged() -> None:
    """Version 1 charges nobody for it, so the jail's init counts it there, and not here."""
    code = """
import socket
sender, held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), []
while True:
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(('127.0.0.1', 0))
    held.append(receiver)
    for _ in range(400): sender.sendto(bytes(60000), receiver.getsockname())
    print(len(held), flush=True)
"""

    async def charged() -> int:
        before = groups()
        async with Sandbox(Policy(wall_seconds=SECONDS), spares=0) as sandbox:
            enough = asyncio.Event()

            def see(_: object, data: bytes) -> None:
                if b"20\n" in data:
                    enough.set()

            running = asyncio.create_task(sandbox.run(code, on_output=see))
            await asyncio.wait_for(enough.wait(), SECONDS)
            jails = [Path(group) for group in groups() - before if Path(group).name.isdigit()]
            stats = [
                line.split() for jail in jails for line in (jail / "memory.stat").read_text().splitlines()
            ]
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            return max(int(amount) for name, amount in stats if name == "sock")

    assert asyncio.run(charged()) > 2 * MIB


@pytest.mark.parametrize("ending", ["term", "host", "launcher", "both"])
def test_nothing_is_left_after_serve(tmp_path: Path, ending: str) -> None:
    """However it ends: by SIGTERM, or by SIGKILL of it, of its launcher, or of both at once. The next start may have to help."""
    before = groups()
    with serving.serving(tmp_path) as server:
        assert server.post("/execute", {"code": "print(6 * 7)"}).json()["stdout"] == "42\n"
        assert groups() - before
        children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
        (launcher,) = (
            int(pid) for pid in children if b"launcher.main" in Path(f"/proc/{pid}/cmdline").read_bytes()
        )
        if ending == "term":
            assert server.stop() == 0
        if ending in ("both", "launcher"):
            os.kill(launcher, signal.SIGKILL)
        if ending in ("both", "host"):
            server.process.kill()
            server.process.wait()
        if ending == "launcher":
            assert server.post("/execute", {"code": "print(6 * 7)"}).json()["stdout"] == "42\n"
            assert server.stop() == 0
    if ending == "both":
        run("pass")
    assert settled(before) == set()


def test_exec_leaves_its_caller_where_it_was() -> None:
    """A cgroup with processes of its own cannot limit others, so they may have to move; then they are back afterwards."""
    own = Path("/proc/self/cgroup")
    before, where = groups(), own.read_text()
    done = subprocess.run(
        [*serving.PLUGCLI, "exec", "-c", "print(6 * 7)"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "42\n"
    deadline = time.monotonic() + SECONDS
    while own.read_text() != where and time.monotonic() < deadline:
        time.sleep(0.05)
    assert own.read_text() == where
    assert settled(before) == set()
