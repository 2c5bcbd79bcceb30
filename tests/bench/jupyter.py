"""The peer: Jupyter, with jupyter_client and ipykernel in a venv of its own, and the numpy and pandas that plugcli is measured with."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.bench.load import NotMeasured
from tests.bench.servers import ENVIRONMENT, REPOSITORY, running

VENV = REPOSITORY / ".bench" / "jupyter"


class Jupyter:
    """A process that has a kernel and asks it; `tests/bench/kernel.py` says what it understands."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        """Speak to `process`, which complains into `log`."""
        self._process = process
        self._log = log

    def do(self, what: str, **words: object) -> Any:
        """Give one order; return its answer. Raises NotMeasured when there is none."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"do": what, **words}) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())
        except (BrokenPipeError, json.JSONDecodeError):
            raise NotMeasured(f"Jupyter's client ended: {self._log.read_text()[-300:].strip()}") from None

    def calls(self, code: str, count: int) -> list[float]:
        """Return the seconds of `count` calls, one after the other, into the kernel that was started."""
        return list(self.do("call", code=code, count=count)["seconds"])

    def first(self, code: str) -> float:
        """Return the seconds that a kernel of its own needs from its start to the end of `code`."""
        return float(self.do("first", code=code)["seconds"][0])


def installed() -> Path:
    """Make the peers' venv, or find it made by this interpreter with these packages; return its interpreter."""
    wanted = ["jupyter_client", "ipykernel", *(f"{name}=={version(name)}" for name in ("numpy", "pandas"))]
    stamp, made_of = VENV / "made-of", f"{sys.version}\n{' '.join(wanted)}\n"
    python = VENV / "bin" / "python"
    if not stamp.exists() or stamp.read_text() != made_of:
        print(f"installing Jupyter into {VENV}", file=sys.stderr)
        make = [sys.executable, "-m", "venv", "--clear", str(VENV)]
        fill = [str(python), "-m", "pip", "install", "-q", *wanted]
        try:
            for command in (make, fill):
                subprocess.run(command, check=True, stdout=sys.stderr, env=ENVIRONMENT)
        except subprocess.CalledProcessError as error:
            raise SystemExit(
                f"Jupyter could not be installed; it is what --peers measures: {error}"
            ) from None
        stamp.write_text(made_of)
    return python


@contextmanager
def jupyter(python: Path, folder: Path) -> Iterator[Jupyter]:
    """Start Jupyter's client, and end it and its kernels. The user's own settings and history are out of its sight."""
    # -P: the files beside it are not for its imports.
    command = [str(python), "-P", str(Path(__file__).with_name("kernel.py"))]
    home = folder / "home"
    home.mkdir(exist_ok=True)
    kept = {name: value for name, value in ENVIRONMENT.items() if not name.startswith(("JUPYTER", "IPYTHON"))}
    log = folder / "jupyter.log"
    with (
        log.open("wb") as errors,
        running(command, folder, errors=errors, environment=kept | {"HOME": str(home)}) as process,
    ):
        yield Jupyter(process, log)
