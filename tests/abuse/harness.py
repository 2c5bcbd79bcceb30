"""One attack, inside the sandbox or outside it: a program of its own, so that it can run as anybody and under limits.

Reads one JSON object from standard input and prints one. Around the code stand the things an attack would like: a listener on every
address of this network namespace, abstract and path unix sockets, a secret in the environment, inheritable descriptors, a bystander.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from tests.abuse.kernel import Kernel

SECRET = "the-host-keeps-this"
PF_KTHREAD = 0x00200000  # <linux/sched.h>: a thread of the kernel's, which comes and goes as it likes


class Listeners:
    """Listens on TCP, UDP and unix sockets, and remembers who came."""

    def __init__(self, folder: Path) -> None:
        self.heard: list[str] = []
        self.addresses: dict[str, Any] = {
            "abstract": f"plugcli-abuse-{os.getpid()}",
            "path": str(folder / "host.sock"),
        }
        self._sockets: list[socket.socket] = []
        self._gift = (folder / "gift").open("w+")  # what a service gives to whoever it trusts
        self._gift.write(SECRET)
        self._gift.flush()
        self._listen("tcp4", socket.AF_INET, socket.SOCK_STREAM, ("0.0.0.0", 0))
        self._listen("tcp6", socket.AF_INET6, socket.SOCK_STREAM, ("::", 0))
        self._listen("udp4", socket.AF_INET, socket.SOCK_DGRAM, ("0.0.0.0", 0))
        self._listen("abstract", socket.AF_UNIX, socket.SOCK_STREAM, "\0" + self.addresses["abstract"])
        self._listen("path", socket.AF_UNIX, socket.SOCK_STREAM, self.addresses["path"])

    def _listen(self, name: str, family: int, kind: int, address: Any) -> None:
        sock = socket.socket(family, kind)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
        sock.set_inheritable(True)  # what a careless server leaves open
        if family != socket.AF_UNIX:
            self.addresses[name] = sock.getsockname()[1]
        if kind == socket.SOCK_STREAM:
            sock.listen()
        self._sockets.append(sock)
        threading.Thread(target=self._serve, args=(name, sock, kind), daemon=True).start()

    def _serve(self, name: str, sock: socket.socket, kind: int) -> None:
        while True:
            if kind == socket.SOCK_STREAM:
                connection, _ = sock.accept()
                self.heard.append(name)
                if sock.family == socket.AF_UNIX:
                    socket.send_fds(connection, [b"hello"], [self._gift.fileno()])
                else:
                    connection.sendall(b"hello")
                connection.close()
            else:
                sock.recv(100)
                self.heard.append(name)


def processes() -> list[int]:
    """Return the processes of this pid namespace that have not ended, but for the kernel's own threads."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] not in "ZX" and not int(fields[6]) & PF_KTHREAD:
            found.append(int(folder.name))
    return found


async def inside(request: dict[str, Any], code: str) -> dict[str, Any]:
    """Run `code` in the sandbox, and `request["then"]` after it in the same Sandbox."""
    from plugcli.sandbox import Policy, Sandbox

    before = set(processes())
    async with Sandbox(Policy(**request["policy"]), python=request["python"], spares=0) as sandbox:
        started = time.monotonic()
        result = (await sandbox.run(code)).as_json()
        seconds = time.monotonic() - started
        then = (await sandbox.run(request["then"])).as_json() if request["then"] else None
    left = sorted(set(processes()) - before)
    return result | {"seconds": seconds, "then": then, "left": left}


async def conversations(request: dict[str, Any], prologue: str) -> dict[str, Any]:
    """Have every session of `request["sessions"]` run its calls, all sessions at once; return their answers by name."""
    from plugcli.errors import PlugcliError
    from plugcli.sandbox import Key, Policy, Sandbox

    async def converse(name: str, codes: list[str]) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = []
        for code in codes:
            started = time.monotonic()
            try:
                session = await sandbox.sessions.open(Key(name))
                answer = (await session.run(prologue + code)).as_json()
            except PlugcliError as error:
                answer = {"refused": error.message, "hint": error.hint}
            answers.append(answer | {"seconds": time.monotonic() - started})
        return answers

    before = set(processes())
    told: dict[str, list[str]] = request["sessions"]
    async with Sandbox(Policy(**request["policy"]), spares=0, preload=request["preload"]) as sandbox:
        answers = await asyncio.gather(*(converse(name, codes) for name, codes in told.items()))
    left = sorted(set(processes()) - before)
    return {"answers": dict(zip(told, answers, strict=True)), "left": left}


def kernels(request: dict[str, Any], prologue: str) -> dict[str, Any]:
    """Have the calls of every session run outside, each session in a process of its own. The control."""
    answers: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, codes in request["sessions"].items():
            kernel = Kernel(request["python"] or sys.executable, Path(folder))
            answers[name] = []
            try:
                for code in codes:
                    answers[name].append(kernel.call(prologue + code, request["control_seconds"]))
            except ValueError:
                answers[name].append({"outcome": "the host fell", "stdout": ""})
            kernel.end()
    return {"answers": answers}


def outside(request: dict[str, Any], code: str) -> dict[str, Any]:
    """Run `code` as the original plugin did: python FILE, no isolation. The control."""
    before = set(processes())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "code.py"
        path.write_bytes(code.encode("utf-8", "surrogatepass"))
        started = time.monotonic()
        with subprocess.Popen(
            [request["python"] or sys.executable, str(path)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            close_fds=False,
        ) as process:
            try:
                stdout, stderr = process.communicate(timeout=request["control_seconds"])
                is_timeout = False
            except subprocess.TimeoutExpired:
                process.kill()
                stdout, stderr = b"", b""
                is_timeout = True
                for pipe in (process.stdout, process.stderr):
                    if pipe is not None:
                        pipe.close()
        seconds = time.monotonic() - started
        made = sorted(entry.name for entry in Path(folder).iterdir())
    left = sorted(set(processes()) - before)
    return {
        "stdout": stdout.decode(errors="backslashreplace"),
        "stderr": stderr.decode(errors="backslashreplace"),
        "returncode": process.returncode,
        "outcome": "timeout" if is_timeout else "ok",
        "seconds": seconds,
        "made": made,
        "left": left,
    }


def main() -> None:
    """Run what standard input asks for."""
    request = json.load(sys.stdin)
    os.environ["PLUGCLI_ABUSE_SECRET"] = SECRET
    with tempfile.TemporaryDirectory() as folder:
        own_python = os.environ.get("OWN_PYTHON")
        home = Path(own_python).parents[2] if own_python else Path(folder) / "home"
        (home / ".ssh").mkdir(parents=True)
        (home / ".ssh" / "id_ed25519").write_text(SECRET)
        os.environ["HOME"] = str(home)
        listeners = Listeners(Path(folder))
        log = os.open(Path(folder) / "log", os.O_CREAT | os.O_RDWR)
        os.set_inheritable(log, True)
        root = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
        os.set_inheritable(root, True)
        bystander = subprocess.Popen(["sleep", "7200"])
        facts = listeners.addresses | {
            "home": str(home),
            "harness": os.getpid(),
            "bystander": bystander.pid,
            "venv": str(Path(request["python"] or sys.executable).parent.parent),
        }
        prologue = f"HOST = {facts!r}\n" if request["with_facts"] else ""
        if "sessions" in request and request["inside"]:
            result = asyncio.run(conversations(request, prologue))
        elif "sessions" in request:
            result = kernels(request, prologue)
        elif request["inside"]:
            result = asyncio.run(inside(request, prologue + request["code"]))
        else:
            result = outside(request, prologue + request["code"])
        result["heard"] = listeners.heard
        result["bystander_lives"] = bystander.poll() is None
        bystander.kill()
        bystander.wait()
    print(json.dumps(result))


main()
