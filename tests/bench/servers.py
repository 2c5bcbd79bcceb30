"""The servers that are measured, each a process of its own that ends with its `with`."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.bench.load import NotMeasured
from tests.places.without_namespaces import take_away

REPOSITORY = Path(__file__).parents[2]
PLUGCLI = str(Path(sys.executable).with_name("plugcli"))
GRACE_SECONDS = 15
OURS, AT_LANDLOCK = "plugcli", "landlock"
"""plugcli as it is here, and plugcli where namespaces and mounts are taken away."""
BEFORE = {OURS: None, AT_LANDLOCK: take_away}
"""What the process of a side does before it becomes plugcli."""
# How Python is set up here (unbuffered, no bytecode) is not how it is where plugcli is used.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


@dataclass(frozen=True)
class Server:
    """A server that listens on loopback."""

    command: str  # as one types it
    pid: int
    port: int
    first_line: str


@contextmanager
def serving(side: str, folder: Path, flags: tuple[str, ...] = ()) -> Iterator[Server]:
    """Start the server of a side, `plugcli`, `landlock`, `baseline` or `floor`, and end it. `folder` holds no plugin; its log goes there.

    Raises NotMeasured, in its own words, when it does not start.
    """
    if side in (OURS, AT_LANDLOCK):
        command, place = [PLUGCLI, "serve", "--port", "0", *flags], folder
    else:
        command, place = [sys.executable, "-m", f"tests.bench.{side}"], REPOSITORY
    shown = " ".join([Path(command[0]).name, *command[1:]])
    if BEFORE.get(side):
        shown += " without namespaces"
    log = folder / f"{side}.log"
    with log.open("wb") as errors, running(command, place, errors=errors, before=BEFORE.get(side)) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip())
            if found := re.search(r"http://(?:localhost|127\.0\.0\.1):(\d+)", line):
                yield Server(shown, process.pid, int(found[1]), lines[0])
                return
        words = " ".join([*lines, *log.read_text(errors="replace").split()])
        raise NotMeasured(f"`{shown}` did not start: {words[-300:]}")


@contextmanager
def running(
    command: list[str],
    folder: Path,
    *,
    errors: IO[bytes] | None = None,
    environment: Mapping[str, str] = ENVIRONMENT,
    before: Callable[[], None] | None = None,
) -> Iterator["subprocess.Popen[str]"]:
    """Run a command whose input and output are pipes; end it, by SIGKILL if it does not go.

    It has a session of its own: Ctrl-C reaches us alone, and we end it in order.
    """
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        start_new_session=True,
        preexec_fn=before,
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
