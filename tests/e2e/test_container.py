"""The sandbox in what containers are like: root without CAP_SYS_ADMIN, and few uids."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be made a container's root")

# Enters a user namespace with the map in the first argument, and starts the rest.
IN_A_USER_NAMESPACE = """
import os, sys
from plugcli.sandbox.jail import privileges
folder = os.open("/proc/self", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
privileges.enter_user_namespace(privileges.Maps(sys.argv[1], sys.argv[1]), folder)
os.execvp(sys.argv[2], sys.argv[2:])
"""
ROOTLESS = "0 0 1\n1 200001 65536"
"""Root, and a range as from /etc/subuid: what a rootless container has."""


def command(program: Path, uid_map: str = "") -> list[str]:
    """Return the command that runs `program` by `exec` as root of a container, where root may not mount."""
    mapped = [sys.executable, "-c", IN_A_USER_NAMESPACE, uid_map] if uid_map else []
    return [
        *mapped,
        "setpriv",
        "--bounding-set=-sys_admin",
        sys.executable,
        "-m",
        "plugcli",
        "exec",
        str(program),
    ]


@contextmanager
def waiting(program: Path, uid_map: str) -> Iterator[int]:
    """Run a program that prints a line and waits for its input to end; yield the pid of its interpreter outside."""
    with subprocess.Popen(
        command(program, uid_map), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stdin is not None
        assert running.stdout.readline() == b"ready\n"
        yield _interpreter_of(running.pid)
        running.stdin.close()
        assert running.wait(30) == 0


def _interpreter_of(pid: int) -> int:
    """Return the process farthest below `pid`: launcher, zygote, init, interpreter."""
    below = [pid]
    while children := [
        int(child)
        for parent in below
        for thread in Path(f"/proc/{parent}/task").iterdir()
        for child in (thread / "children").read_text().split()
    ]:
        below = children
    return min(below)  # its twin is made after it


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program that root alone can read."""
    path = tmp_path / "program.py"
    path.write_text("import sys; print('ready', flush=True); sys.stdin.read()")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("uid_map", ["", ROOTLESS])
def test_code_of_a_containers_root_is_nobody_outside(program: Path, uid_map: str) -> None:
    """Promise 5: outside, the code's uid is never 0, not even in a user namespace of ours, and one jail's uid is not another's."""
    with waiting(program, uid_map) as one, waiting(program, uid_map) as other:
        uids = [Path(f"/proc/{pid}").stat().st_uid for pid in (one, other)]
        status = Path(f"/proc/{one}/status").read_text()
    assert len({0, *uids}) == 3
    if uid_map:
        assert all(200001 <= uid < 200001 + 65536 for uid in uids)
    assert "\nCapPrm:\t0000000000000000\n" in status
    assert "\nCapBnd:\t0000000000000000\n" in status


def test_root_without_other_uids_is_refused(program: Path) -> None:
    """Where nothing but root is mapped, the code would be root outside."""
    done = subprocess.run(command(program, "0 0 1"), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 125
    assert "root has no uids here that its jails could have" in done.stderr
    assert not done.stdout


def test_root_that_may_not_map_uids_is_refused(program: Path) -> None:
    """As under Kubernetes' restricted standard: no capability at all."""
    bare = [word.replace("-sys_admin", "-all") for word in command(program)]
    done = subprocess.run(bare, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 125
    assert "root without CAP_SETUID and CAP_SETGID cannot give a jail a uid of its own" in done.stderr
    assert not done.stdout
