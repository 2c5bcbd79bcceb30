"""Promise 3 for cgroups: what a launcher could not remove is removed by the next one, and nothing that is in use."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from plugcli.sandbox.jail import cgroup_v1
from plugcli.sandbox.jail.cgroup_folder import NAME_BYTES, PREFIX
from tests.abuse.box import REPOSITORY

HOST = """
import asyncio, sys
from plugcli.sandbox import Policy, Sandbox
async def main():
    async with Sandbox(Policy(memory_bytes=64 << 20), spares=0) as sandbox:
        await sandbox.run('pass')
        print(sandbox._launcher._name, flush=True)
        sys.stdin.readline()
        print((await sandbox.run('print(6 * 7)')).stdout, end='', flush=True)
        sys.stdin.readline()
asyncio.run(main())
"""
IN_ITS_OWN_PIDS = ("unshare", "--pid", "--mount-proc", "--fork", "--kill-child=KILL")


def groups(name: str) -> set[Path]:
    """Return the cgroups of the launcher `name`, in whatever hierarchy."""
    return {Path(folder) for folder, _, _ in os.walk("/sys/fs/cgroup") if f"/{name}" in folder}


@pytest.fixture(autouse=True)
def _root() -> None:
    if os.geteuid() != 0:
        pytest.skip("these tests make pid namespaces around plugcli: run them as root")


@contextmanager
def host() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a program that has had a jail, and yield the name of its launcher, which lives until it is killed or gets two lines."""
    command = [*IN_ITS_OWN_PIDS, sys.executable, "-c", HOST]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


@pytest.mark.row("C15")
def test_start_removes_the_cgroups_of_a_launcher_that_was_killed_with_its_host() -> None:
    """Who kills a container, or a pid namespace, kills host and launcher at once, and nobody is left to clean up."""
    with host() as (killed, name):
        assert name
        made = groups(name)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    left = groups(name)
    if not made:
        pytest.skip("no cgroups can be made here")
    if not left:
        pytest.skip("systemd has removed them already, with the scope that they were in")
    deadline = time.monotonic() + 10
    while groups(name) and time.monotonic() < deadline:  # the killed processes may not have ended yet
        subprocess.run(
            [sys.executable, "-m", "plugcli", "exec", "-c", "pass"], cwd=REPOSITORY, check=True, timeout=60
        )
    assert groups(name) == set()


@pytest.mark.row("C15")
def test_start_leaves_the_cgroups_of_living_launchers_alone() -> None:
    """Even if that launcher is in another pid namespace, where its pid says nothing."""
    with host() as (living, name):
        made = groups(name)
        if not made:
            pytest.skip("no cgroups can be made here")
        subprocess.run(
            [sys.executable, "-m", "plugcli", "exec", "-c", "pass"], cwd=REPOSITORY, check=True, timeout=60
        )
        assert made <= groups(name)
        tell(living)
        assert living.stdout is not None
        assert living.stdout.readline() == "42\n"
        tell(living)
        assert living.wait(30) == 0
    assert groups(name) == set()


def test_launcher_that_ends_removes_cgroups_that_the_kernel_still_empties() -> None:
    """Emptying can take longer than a launcher waits, above all after a jail that ran out of memory. Or the next does it."""
    name = f"{PREFIX}{os.urandom(NAME_BYTES).hex()}"
    found = cgroup_v1.MemoryCgroups(name, 64 << 20)
    group = found.make(0)
    if group is None:
        pytest.skip("no memory cgroups of version 1 can be made here")
    assert {each.name for each in groups(name)} == {name, f"{name}-0"}
    found.close()
    assert groups(name) == set()
    Path(group).mkdir()  # as if it had been busy until the launcher gave up
    cgroup_v1.MemoryCgroups(f"{PREFIX}{os.urandom(NAME_BYTES).hex()}", 64 << 20).close()
    assert not Path(group).exists()


# Version 2 as in a container that may write its own hierarchy, with a controller that this machine does not have in version 1.
SHARE_OUT = """
import json, os, subprocess, sys
from pathlib import Path
from plugcli.sandbox.jail import cgroup_v2
cgroup_v2._NEEDED, cgroup_v2._CONTROLLERS = sys.argv[1], (sys.argv[1],)
top = Path('/sys/fs/cgroup')
def state():
    members = {
        str(folder.relative_to(top)): len((folder / 'cgroup.procs').read_text().split())
        for folder in (top, *sorted(top.iterdir())) if folder.is_dir()
    }
    print(json.dumps([members, (top / 'cgroup.subtree_control').read_text().split()]))
bystander = subprocess.Popen(['sleep', '60'])
state()
first = cgroup_v2.Cgroups('plugcli-' + 10 * 'aa', 1 << 26, 5)
second = cgroup_v2.Cgroups('plugcli-' + 10 * 'bb', 1 << 26, 5)
print(json.dumps([first.version, second.version]))
state()
first.close()
state()
second.close()
state()
bystander.kill()
bystander.wait()
"""
ENTER = """
echo $$ > "$0/cgroup.procs"
exec unshare --cgroup --mount sh -ec '
    umount --lazy --recursive /sys/fs/cgroup
    mount -t cgroup2 none /sys/fs/cgroup
    exec "$@"
' "$@"
"""


def test_processes_that_had_to_move_are_back_afterwards() -> None:
    """A cgroup cannot limit those in it while it has processes of its own. Whoever shares it with us finds all as it was."""
    place = next((Path(line.split()[1]) for line in mounts() if line.split()[2] == "cgroup2"), None)
    controllers = [] if place is None else (place / "cgroup.controllers").read_text().split()
    if place is None or not controllers:
        pytest.skip("this machine has no controller of version 2")
    given = (place / "cgroup.subtree_control").read_text().split()
    controller = controllers[0]
    container = place / f"test-{os.getpid()}"
    container.mkdir()
    try:
        (place / "cgroup.subtree_control").write_text(f"+{controller}")
        command = ["sh", "-ec", ENTER, str(container), "sh", sys.executable, "-c", SHARE_OUT, controller]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60, cwd=REPOSITORY)
    finally:
        container.rmdir()
        if controller not in given:
            (place / "cgroup.subtree_control").write_text(f"-{controller}")
    first, second = (f"plugcli-{10 * letters}" for letters in ("aa", "bb"))
    before, versions, both, one, after = map(json.loads, done.stdout.splitlines())
    assert before == [{".": 2}, []]
    assert versions == [2, 2]
    assert both == [{".": 0, "plugcli": 2, first: 0, second: 0}, [controller]]
    assert one == [{".": 0, "plugcli": 2, second: 0}, [controller]]
    assert after == before


def mounts() -> list[str]:
    return Path("/proc/self/mounts").read_text().splitlines()
