"""Memory cgroups of version 2, where systemd or a container delegates some to us: limits that the kernel holds, and nothing left."""

import asyncio
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from plugcli.sandbox import Policy, Sandbox
from plugcli.sandbox.sandbox import diagnose
from tests.e2e.serving import PLUGCLI, serving

MIB = 1 << 20
FILL = "held = []\nwhile True: held.append(bytearray(1 << 20))"
SECONDS = 20.0


@pytest.fixture(scope="module", autouse=True)
def _version_2() -> None:
    memory = next(layer for layer in asyncio.run(diagnose()).layers if layer.name == "memory")
    if "version 2" not in memory.why:
        pytest.skip(f"no cgroups of version 2 can be made here: {memory.why}")


def groups() -> set[str]:
    """Return the cgroups that launchers have made, and the scopes that they live in."""
    return {
        folder
        for folder, _, _ in os.walk("/sys/fs/cgroup")
        if Path(folder).name.startswith("plugcli-") or "/plugcli-" in folder
    }


def settled(before: set[str]) -> set[str]:
    """Return the cgroups that are there besides those of before, once there are none, or after some time."""
    deadline = time.monotonic() + SECONDS
    while (left := groups() - before) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PLUGCLI, "exec", *arguments], capture_output=True, text=True, check=False)


def test_memory_limit_is_held_by_the_kernel() -> None:
    """The kernel kills all of the jail, and the reason is its memory limit, not a stranger's signal. Swap makes the limit no larger."""
    before = groups()
    done = run("--memory", "64MiB", "--json", "-c", FILL)
    result = json.loads(done.stdout)
    assert (done.returncode, result["outcome"]) == (137, "out_of_memory")
    assert "64 MiB" in result["reason"]
    assert settled(before) == set()


def test_limits_of_a_jail_are_those_of_the_policy() -> None:
    """Each file is what the kernel will hold."""

    async def limits() -> dict[str, str]:
        before = groups()
        async with Sandbox(Policy(memory_bytes=64 * MIB, processes=7), spares=0) as sandbox:
            begun = asyncio.Event()
            code = "import time; print('begun', flush=True); time.sleep(30)"
            running = asyncio.create_task(sandbox.run(code, on_output=lambda *_: begun.set()))
            await asyncio.wait_for(begun.wait(), 60)
            new = [Path(group) for group in groups() - before]
            jails = [group for group in new if "plugcli-" in group.parent.name and group.name.isdigit()]
            used = [jail for jail in jails if (jail / "cgroup.procs").read_text()]
            found = {
                name: (used[0] / name).read_text().strip()
                for name in ("memory.max", "memory.swap.max", "memory.oom.group", "pids.max")
                if (used[0] / name).exists()
            }
            found["jails"] = str(len(used))
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            return found

    found = asyncio.run(limits())
    assert found.pop("memory.swap.max", "0") == "0"
    assert found == {"memory.max": str(64 * MIB), "memory.oom.group": "1", "pids.max": "71", "jails": "1"}


def test_code_cannot_see_or_leave_its_cgroup() -> None:
    """Its own group is the root of its namespace, and the hierarchy is not mounted."""
    code = "import os; print(open('/proc/self/cgroup').read(), os.path.exists('/sys/fs/cgroup'))"
    assert run("-c", code).stdout == "0::/\n False\n"


def test_processes_are_limited() -> None:
    """A fork bomb gets an ordinary error and takes nobody along."""
    code = """
import os, time
count = 0
try:
    while True:
        if os.fork() == 0: time.sleep(20); os._exit(0)
        count += 1
except BlockingIOError: print(count)
"""
    done = run("-c", code)
    assert 50 <= int(done.stdout) <= 64, done


def test_jail_that_runs_out_takes_no_other_along() -> None:
    """Two at a time, each with its own group."""

    async def both() -> tuple[str, str]:
        async with Sandbox(Policy(memory_bytes=64 * MIB, wall_seconds=50.0), spares=1) as sandbox:
            calm = asyncio.create_task(sandbox.run("import time; time.sleep(5); print('calm')"))
            greedy = await sandbox.run(FILL)
            again = await sandbox.run("print('again')")
            return greedy.outcome, (await calm).stdout + again.stdout

    assert asyncio.run(both()) == ("out_of_memory", "calm\nagain\n")


def test_nothing_is_left_after_serve(tmp_path: Path) -> None:
    """However it ends: by SIGTERM, or by SIGKILL of it, of its launcher, or of both at once. The next start may have to help."""
    before = groups()
    for ending in ("term", "host", "launcher", "both"):
        with serving(tmp_path) as server:
            answer = server.post("/execute", {"code": "print(6 * 7)"}).json()
            assert answer["stdout"] == "42\n"
            assert groups() - before
            (launcher,) = (
                int(pid)
                for pid in Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
                .read_text()
                .split()
                if b"launcher.main" in Path(f"/proc/{pid}/cmdline").read_bytes()
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
            assert run("-c", "pass").returncode == 0
        assert (ending, settled(before)) == (ending, set())


def test_processes_outside_stay_where_they_were() -> None:
    """Whose cgroup had to be empty for a while is back in it, unless it is in a scope of the launcher's own, where nobody was moved."""
    own = Path("/proc/self/cgroup")
    before = own.read_text()
    assert run("-c", "pass").returncode == 0
    deadline = time.monotonic() + SECONDS
    while own.read_text() != before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert own.read_text() == before
