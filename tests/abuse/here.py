"""The box as a folder, in a place that is thrown away afterwards: PLUGCLI_ABUSE_HERE=1, in a container or a virtual machine.

Nothing of ours stands between the sandbox and the place. What a box of namespaces keeps apart is kept apart by hand: the paths below /mnt
are a folder's, and whatever an attack leaves behind is a descendant of the tests, and killed when it is over.
"""

import ctypes
import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.abuse.patience import PATIENCE

IS_HERE = "PLUGCLI_ABUSE_HERE" in os.environ

_PR_SET_CHILD_SUBREAPER = 36
_NAMES = ("plugcli", "venv", "home", "tmp")
"""What the attacks call /mnt/NAME."""

_PREPARE = """
set -e
ulimit -c unlimited
export TMPDIR="$BOX/tmp"
if [ -n "$WITH_VENV" ]; then
    "$PYTHON" -m venv --without-pip --symlinks "$BOX/venv"
    cp "$(command -v id)" "$BOX/venv/bin/suid-id"
    if [ "$(id -u)" = 0 ]; then chown -R "$OWNER" "$BOX/venv/lib" "$BOX/venv/bin"; chown 0:0 "$BOX/venv/bin/suid-id"; fi
    chmod 4755 "$BOX/venv/bin/suid-id"
fi
if [ -n "$OWN_PYTHON" ]; then
    version=$(basename "$(readlink -f /usr/bin/python3)")
    mkdir -p "$OWN_PYTHON/bin" "$OWN_PYTHON/lib"
    cp "/usr/bin/$version" "$OWN_PYTHON/bin/python3"
    tar -C /usr/lib -c --exclude='config-*' "$version" | tar -C "$OWN_PYTHON/lib" -x
    if [ "$(id -u)" = 0 ]; then chown -R "$OWNER" "$BOX/home"; fi
fi
cd /
prlimit --nproc=1500 --as=${SIZE_LIMIT:-$((8 << 30))} --fsize=$((1 << 30)) --nofile=1024 $DROP $WITHOUT "$@"
"""


def run(
    command: list[str], request: dict[str, Any], environment: dict[str, str]
) -> "subprocess.CompletedProcess[bytes]":
    """Run the harness in a folder of its own, whose path its programs and its answer know as /mnt."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(1), *[ctypes.c_ulong(0)] * 3)
    with tempfile.TemporaryDirectory(prefix="box-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "tmp").mkdir()
        (folder / "tmp").chmod(0o1777)
        (folder / "plugcli").symlink_to(environment["REPOSITORY"])
        # The filter of `landlock` is for a box of ours: here the place itself has to have taken namespaces away.
        own = {name: _within(folder, value) for name, value in environment.items()}
        own |= {"BOX": str(folder), "WITHOUT": ""}
        process = subprocess.Popen(
            ["sh", "-c", _PREPARE, "abuse", *(_within(folder, word) for word in command)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=own,
        )
        try:
            output, errors = process.communicate(
                _within(folder, json.dumps(request)).encode(), timeout=120 * PATIENCE
            )
        finally:
            _end_descendants()
        answer = output.replace(f"{folder}/".encode(), b"/mnt/")
        return subprocess.CompletedProcess(command, process.returncode, answer, errors)


def _within(folder: Path, text: str) -> str:
    for name in _NAMES:
        text = text.replace(f"/mnt/{name}", f"{folder}/{name}")
    return text


def _end_descendants() -> None:
    """Kill what an attack has left, over and over: it may be forking."""
    deadline = time.monotonic() + 20 * PATIENCE
    while left := _descendants(os.getpid()):
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        assert time.monotonic() < deadline, f"these do not end: {left}"


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return found
    for child in children:
        found += [child, *_descendants(child)]
    return found
