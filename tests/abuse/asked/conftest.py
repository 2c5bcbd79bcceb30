"""A jail in which each answer of the init can be tried by what it lets the code do: as root and as an ordinary user."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.abuse.box import REPOSITORY, USER, can_run

_UIDS = {"root": 0x70000000, "user": USER}
"""From here on: each run of the tests has uids of its own, because some of them count or end all that a user runs."""


@dataclass(frozen=True)
class Ended:
    """How a script ended, and what its init says of it."""

    status: int
    stdout: str
    stderr: str
    answers: int
    births: int
    longest_ms: float
    """The longest that the init was away for one answer."""


@dataclass(frozen=True)
class Jail:
    """The folder of a jail, and a folder outside whose files have the code's uid."""

    uid: int
    folder: Path
    outside: Path

    def run(self, script: str, **facts: Any) -> Ended:
        """Run `script` in the jail, and see to it that it ends well. `facts` are those of init.py."""
        ended = self.try_to_run(script, **facts)
        assert ended.status == 0, ended.stderr
        return ended

    def try_to_run(self, script: str, **facts: Any) -> Ended:
        """Run `script` in the jail."""
        names = f"folder, outside = {str(self.folder)!r}, {str(self.outside)!r}\n"
        text = json.dumps({"folder": str(self.folder), "uid": self.uid, "script": names + script, **facts})
        command = [sys.executable, "-m", "tests.abuse.asked.init", text]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=200, cwd=REPOSITORY, check=False
        )
        stderr, _, said = done.stderr.rstrip("\n").rpartition("\n")
        assert said.startswith("{"), done.stderr
        return Ended(done.returncode, done.stdout, stderr, **json.loads(said))

    def make_outside(self, name: str) -> Path:
        """Make a file outside, which belongs to the code's uid and which the code can read."""
        path = self.outside / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("host")
        path.chmod(0o644)
        os.chown(path, self.uid, self.uid)
        os.utime(path, (1, 1))
        return path


def is_untouched(path: Path) -> bool:
    """Whether a file is as `make_outside` made it."""
    status = path.stat()
    return (status.st_mode & 0o7777, status.st_mtime, path.read_text()) == (0o644, 1, "host")


@pytest.fixture(params=["root", "user"])
def jail(request: pytest.FixtureRequest) -> Iterator[Jail]:
    """A jail as root makes it, with a uid of its own, and as an ordinary user."""
    if os.geteuid() != 0:
        pytest.skip("the jail's init gets an ordinary user's uid: run this as root")
    if not can_run(str(Path(sys.executable).resolve()), USER):
        pytest.skip(f"an ordinary user cannot run {sys.executable}: take Debian's Python")
    uid = _UIDS[request.param] + os.getpid() % 1000
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        top.chmod(0o711)
        folder, outside = top / "jail", top / "outside"
        for path in (folder, outside, *(folder / each for each in ("data", "tmp", "home", "shm"))):
            path.mkdir()
            os.chown(path, uid, uid)
        yield Jail(uid, folder, outside)
