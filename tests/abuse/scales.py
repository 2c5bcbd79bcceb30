"""Scales: what a run really takes of this machine's memory, weighed by the kernel in a memory cgroup around everything."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_BACKSTOP_BYTES = 3 << 30  # so that a sandbox that fails does not take the machine along


class Scales:
    """A memory cgroup (version 1) that processes can join."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def peak_bytes(self) -> int:
        """The most that was in use at a time: processes, files in memory, and what the kernel held for them."""
        return int((self.folder / "memory.max_usage_in_bytes").read_text())

    def take_back(self) -> int:
        """Have the kernel take back what it can, once all who stood on them have ended; return the bytes that are left."""
        (self.folder / "memory.force_empty").write_text("0")
        return int((self.folder / "memory.usage_in_bytes").read_text())


def are_there() -> bool:
    """Whether this machine has a version 1 memory hierarchy that we may write."""
    return own_group() is not None and os.access(str(own_group()), os.W_OK)


@contextmanager
def scales() -> Iterator[Scales]:
    """Make scales, and take them away when all that stood on them has ended."""
    own = own_group()
    assert own is not None
    folder = own / f"abuse-{os.getpid()}-{time.monotonic_ns()}"
    folder.mkdir()
    (folder / "memory.limit_in_bytes").write_text(str(_BACKSTOP_BYTES))
    try:
        yield Scales(folder)
    finally:
        deadline = time.monotonic() + 10
        while True:
            try:
                folder.rmdir()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)  # the kernel lets go of the last page some time after the last process


def own_group() -> Path | None:
    """Return the folder of our memory cgroup (version 1), if this machine has one."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        folder = Path("/sys/fs/cgroup/memory") / path.lstrip("/")
        if "memory" in controllers.split(",") and folder.is_dir():
            return folder
    return None
