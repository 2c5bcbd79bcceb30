"""A script of root in the virtual machine of ../shared/vm: python -m tests.places.booted FOLDER SECONDS

FOLDER is /job there, and FOLDER/script is run. Prints what it says as it is said, and exits with its status. VM_DIR says which machine.
"""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

from tests.places.folder import REPOSITORY

RUN = REPOSITORY.parent / "shared" / "vm" / "run"

# What the script says goes through a file, because the machine's console hangs up when its log-in prompt starts.
_RUN_IN_MACHINE = "cd / && sh /job/script </dev/null >/job/said 2>&1; echo $? >/job/status\n"


def command(folder: Path, script: str, seconds: int) -> list[str]:
    """Return the command that runs `script` in a machine that has `folder` as /job, for `seconds` at most."""
    (folder / "script").write_text(script)
    return [sys.executable, "-m", "tests.places.booted", str(folder), str(seconds)]


def main() -> None:
    """Boot the machine and follow what its script says."""
    folder, seconds = Path(sys.argv[1]), sys.argv[2]
    (folder / "run").write_text(_RUN_IN_MACHINE)
    said = folder / "said"
    said.touch()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    # The console says why a machine did not boot. A session of its own, because `timeout` in it makes a group.
    with (folder / "console").open("w") as console, said.open(errors="replace") as words:
        machine = subprocess.Popen(
            [str(RUN), str(folder), seconds],
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            while machine.poll() is None:
                _follow(words)
                time.sleep(1)
        finally:
            subprocess.run(["pkill", "-TERM", "-s", str(machine.pid)], check=False)
            machine.wait()
        _follow(words)
    status = folder / "status"
    if not status.exists():
        print((folder / "console").read_text(errors="replace")[-2000:])
        sys.exit(f"the machine ended before its script did, or after {seconds} s")
    sys.exit(int(status.read_text()))


def _follow(words: TextIO) -> None:
    while text := words.read():
        print(text, end="", flush=True)


if __name__ == "__main__":
    main()
