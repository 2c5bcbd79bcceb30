"""A short soak: what the long one, `python -m tests.soak`, does with 2,000 runs and 50 kills."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("level", ["namespaces", "landlock"])
def test_nothing_is_left_after_runs_and_kills(level: str) -> None:
    """No process, mount, cgroup, file, descriptor or memory remains, whatever ended a run, and plugcli itself."""
    if os.geteuid() != 0:
        pytest.skip("the soak makes namespaces of its own to count in: run it as root")
    command = [sys.executable, "-m", "tests.soak", "--runs=80", "--kills=8", f"--level={level}"]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("nothing is left\n")
