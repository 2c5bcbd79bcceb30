"""`plugcli exec SCRIPT ARGS...` without an option of ours: the way with nothing on it that can wait."""

import os
import sys
from contextlib import suppress
from typing import NoReturn


def exec_script(script: str, arguments: list[str]) -> NoReturn:
    """Run the script in the sandbox, and exit with its status."""
    spawned = None
    if sys.platform == "linux":
        from plugcli.sandbox.spawn import spawn

        with suppress(OSError):  # tried again later, and told then
            spawned = spawn()  # it gets ready while we import the rest
    from plugcli.cli.boundary import guarded
    from plugcli.cli.script import run_script

    status = guarded(lambda: run_script(script, arguments, spawned=spawned))
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            if stream is not None:
                stream.flush()
    os._exit(status)  # taking Python apart would take as long as starting it did
