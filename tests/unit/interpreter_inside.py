"""A session's loop in a process of its own, without a jail, and a client that speaks to it through its door."""

import json
import os
import select
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import plugcli.sandbox

PROGRAM = """
import os, sys
if sys.argv[2] != "3":
    os.dup2(int(sys.argv[2]), 3)
    os.close(int(sys.argv[2]))
sys.path.insert(0, sys.argv[1])
from jail import conversation, inside
del sys.path[0]
import json, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
    signal.signal(ignored, signal.SIG_IGN)
inside.open_standard_streams()
import site
site.main()
{before}
os.write(inside.DOOR, json.dumps({{"ready": list(sys.version_info[:3])}}).encode() + b"\\n")
job, received = inside.take_job()
conversation.serve(received, job, lambda error, workspace: None)
"""

SECONDS = 30.0


class Answer(dict[str, Any]):
    """The frame of one call, and what it wrote on `stdout` and `stderr` before it came."""

    stdout: str
    stderr: str


class Interpreter:
    """A running loop. Use as `with`: leaving closes the door and waits for the process."""

    def __init__(self, folder: Path, before: str = "", environment: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.calls = 0
        self.door, theirs = socket.socketpair()
        pipes = [os.pipe() for _ in range(3)]
        sandbox = str(Path(plugcli.sandbox.__file__).parent)
        with theirs:
            number = theirs.fileno()
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", PROGRAM.format(before=before), sandbox, str(number)],
                cwd=folder,
                stdin=pipes[0][0],
                stdout=pipes[1][1],
                stderr=pipes[2][1],
                pass_fds=[number],
                env={"PATH": os.defpath, "MPLBACKEND": "Agg", **(environment or {})},
            )
        self.stdin, self.out, self.err = pipes[0][1], pipes[1][0], pipes[2][0]
        for end in (pipes[0][0], pipes[1][1], pipes[2][1]):
            os.close(end)
        for end in (self.out, self.err):
            os.set_blocking(end, False)
        self._received = b""

    def __enter__(self) -> "Interpreter":
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.door.close()
        try:
            self.process.wait(SECONDS)
        finally:
            self.process.kill()
            self.process.wait()
            for end in (self.stdin, self.out, self.err):
                os.close(end)

    def run(self, source: str | bytes, *, interrupt_on: str | None = None) -> Answer:
        """Run a call to its end. With `interrupt_on` SIGINT is sent when that has come on standard output."""
        self.send(source)
        return self.answer(interrupt_on)

    def send(self, source: str | bytes) -> None:
        """Send a call and wait for nothing."""
        self.calls += 1
        data = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
        self.door.sendall(json.dumps({"call": self.calls, "source_bytes": len(data)}).encode() + b"\n" + data)

    def answer(self, interrupt_on: str | None = None) -> Answer:
        """Return the next answer. Raises EOFError when the door was closed instead."""
        texts = {self.out: b"", self.err: b""}
        deadline = time.monotonic() + SECONDS
        while True:
            size = int.from_bytes(self._received[:4], "little")
            if len(self._received) >= 4 + size >= 5:
                break
            ready, _, _ = select.select(
                [self.door.fileno(), *texts], [], [], max(0, deadline - time.monotonic())
            )
            assert ready, f"no answer; until now: {texts}"
            for end in texts:
                if end in ready:
                    texts[end] += self._drain(end)
            if interrupt_on is not None and interrupt_on.encode() in texts[self.out]:
                self.process.send_signal(2)
                interrupt_on = None
            if self.door.fileno() in ready:
                data = self.door.recv(1 << 20)
                if not data:
                    raise EOFError(texts)
                self._received += data
        answer = Answer(json.loads(self._received[4 : 4 + size]))
        self._received = self._received[4 + size :]
        answer.stdout = (texts[self.out] + self._drain(self.out)).decode()
        answer.stderr = (texts[self.err] + self._drain(self.err)).decode()
        return answer

    def _start(self) -> None:
        """Wait until it is ready, and tell it that it is a session's."""
        while b"\n" not in self._received:
            data = self.door.recv(4096)
            assert data, self._drain(self.err)
            self._received += data
        _, _, self._received = self._received.partition(b"\n")
        self.door.sendall(json.dumps({"session": True, "import_from": str(self.folder)}).encode() + b"\n")

    def _drain(self, end: int) -> bytes:
        data = b""
        try:
            while piece := os.read(end, 1 << 20):
                data += piece
        except BlockingIOError:
            pass
        return data
