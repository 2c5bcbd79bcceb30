"""Promise 3 for cgroups: what a launcher could not remove is removed by the next one, and nothing that is in use."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.abuse.box import REPOSITORY

HOST = """
import asyncio, sys
from plugcli.sandbox import Policy, Sandbox
async def main():
    async with Sandbox(Policy(memory_bytes=64 << 20), spares=0) as sandbox:
        await sandbox.run('pass')
        print('ran', flush=True)
        sys.stdin.readline()
        print((await sandbox.run('print(6 * 7)')).stdout, end='', flush=True)
        sys.stdin.readline()
asyncio.run(main())
"""
IN_ITS_OWN_PIDS = ("unshare", "--pid", "--mount-proc", "--fork", "--kill-child=KILL")


def groups() -> set[Path]:
    """Return the cgroups of every launcher that could have made some next to ours."""
    return {Path(folder) for folder, _, _ in os.walk("/sys/fs/cgroup") if Path(folder).name[:8] == "plugcli-"}


@pytest.fixture(autouse=True)
def _root() -> None:
    if os.geteuid() != 0:
        pytest.skip("these tests make pid namespaces around plugcli: run them as root")


@contextmanager
def host() -> Iterator[subprocess.Popen[str]]:
    """Start a program that has had a jail; its launcher lives until it is killed or gets two lines."""
    command = [*IN_ITS_OWN_PIDS, sys.executable, "-c", HOST]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ran\n"
            yield process
        finally:
            process.kill()


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


@pytest.mark.row("C15")
def test_start_removes_the_cgroups_of_a_launcher_that_was_killed_with_its_host() -> None:
    """Who kills a container, or a pid namespace, kills host and launcher at once, and nobody is left to clean up."""
    before = groups()
    with host() as killed:
        made = groups() - before
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    left = made & groups()
    if not made:
        pytest.skip("no cgroups can be made here")
    assert left, "nothing is left to be swept: this test shows nothing"
    deadline = time.monotonic() + 10
    while made & groups() and time.monotonic() < deadline:  # the killed processes may not have ended yet
        subprocess.run(
            [sys.executable, "-m", "plugcli", "exec", "-c", "pass"], cwd=REPOSITORY, check=True, timeout=60
        )
    assert made & groups() == set()


@pytest.mark.row("C15")
def test_start_leaves_the_cgroups_of_living_launchers_alone() -> None:
    """Even if that launcher is in another pid namespace, where its pid says nothing."""
    before = groups()
    with host() as living:
        made = groups() - before
        if not made:
            pytest.skip("no cgroups can be made here")
        subprocess.run(
            [sys.executable, "-m", "plugcli", "exec", "-c", "pass"], cwd=REPOSITORY, check=True, timeout=60
        )
        assert made <= groups()
        tell(living)
        assert living.stdout is not None
        assert living.stdout.readline() == "42\n"
        tell(living)
        assert living.wait(30) == 0
    assert made & groups() == set()
