"""A conversation as it is kept without care, for controls: one Python process outside, which answers with what was printed meanwhile.

What is wrong with it is what the sandbox's sessions are tried for: a call over its time is killed with everything, a new process takes its
place without a word, and whatever stands in the answer is believed.
"""

import json
import os
import select
import subprocess
import time
from pathlib import Path
from typing import Any

_PROGRAM = """
import io, json, os, sys, traceback
from contextlib import redirect_stdout
answers = os.fdopen(os.dup(1), 'w')
names = {'__name__': '__main__'}
for line in sys.stdin:
    printed, outcome = io.StringIO(), 'ok'
    with redirect_stdout(printed):
        try: exec(json.loads(line), names)
        except Exception: outcome = 'error'; traceback.print_exc(file=printed)
    answers.write(json.dumps({'outcome': outcome, 'stdout': printed.getvalue()}) + '\\n')
    answers.flush()
"""


class Kernel:
    """The process, its folder, and what it has said so far."""

    def __init__(self, python: str, folder: Path) -> None:
        self._python = python
        self._folder = folder
        self._said = b""
        self._process = self._start()

    def call(self, code: str, seconds: float) -> dict[str, Any]:
        """Run `code` and return its answer; a process that does not give one in time is killed, and another one begins."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(code).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return self._restart("died")
        return self._answer(time.monotonic() + seconds)

    def end(self) -> None:
        """Kill the process, and not what it has started."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _start(self) -> "subprocess.Popen[bytes]":
        pipe = subprocess.PIPE
        command = [self._python, "-c", _PROGRAM]
        return subprocess.Popen(
            command, cwd=self._folder, bufsize=0, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
        )

    def _restart(self, outcome: str) -> dict[str, Any]:
        self.end()
        self._process, self._said = self._start(), b""
        return {"outcome": outcome, "stdout": ""}

    def _answer(self, deadline: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        while b"\n" not in self._said:
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                return self._restart("timeout")
            data = os.read(self._process.stdout.fileno(), 65536)
            if not data:
                return self._restart("died")
            self._said += data
        line, _, self._said = self._said.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer
