"""The fast path of `plugcli exec SCRIPT ARGS...` and `plugcli validate TARGET...`, for calls without options of plugcli.

It avoids typer, because importing typer takes as long as judging a plugin.
"""

import gc
import os
import sys
from contextlib import suppress
from typing import NoReturn


def exec_script(script: str, arguments: list[str]) -> NoReturn:
    """Run the script in the sandbox and exit with its status."""
    spawned = None
    if sys.platform == "linux":
        from plugcli.sandbox.spawn import spawn

        with suppress(OSError):  # it is tried again later, and reported then
            spawned = spawn()  # it starts while we import the rest
    from plugcli.cli.boundary import guarded
    from plugcli.cli.exec.script import run_script

    _leave(guarded(lambda: run_script(script, arguments, spawned=spawned)))


def validate_targets(targets: list[str]) -> NoReturn:
    """Judge the targets as `validate` does without options, and exit with its status."""
    from plugcli.cli.boundary import guarded

    gc.disable()  # `judge` turns it on again; imports leave no garbage

    def judged() -> int:
        from plugcli.cli.validate.judge import Asked, judge

        return judge(Asked(targets))

    _leave(guarded(judged))


def _leave(status: int) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            if stream is not None:
                stream.flush()
    os._exit(status)  # finalising Python would take as long as starting it
