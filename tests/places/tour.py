"""A walk through plugcli in a place: prints a line of JSON for each thing that it tries. Standard library only.

python tour.py PLUGCLI: the path of the command. Everything goes through its own door: a real server, real requests, real files.
"""

import json
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

_SECONDS = 300.0
_PLOT = """
import matplotlib.pyplot as plt
plt.plot([1, 4, 9])
plt.show()
"""


class Server:
    """`plugcli serve` with the plugin that runs Python: the README's first command."""

    def __init__(self, plugcli: str, folder: Path) -> None:
        self._log = (folder / "serve.log").open("w+")
        self._process = subprocess.Popen(
            [plugcli, "serve", "--port", "5003"], cwd=folder, stdout=self._log, stderr=subprocess.STDOUT
        )

    def wait(self) -> None:
        """Wait until it listens; raises RuntimeError with its last words if it ends instead."""
        while "listening: " not in self.words():
            try:
                self._process.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
            raise RuntimeError(self.words().strip().partition("\n")[0])

    def words(self) -> str:
        """Return what it has printed."""
        return Path(self._log.name).read_text()

    def ask(self, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        """Return the body of an answer; raises OSError with what the server said of an error."""
        request = urllib.request.Request(f"http://127.0.0.1:5003{path}", body, headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=_SECONDS) as answer:
                data: bytes = answer.read()
                return data
        except urllib.error.HTTPError as error:
            raise OSError(f"{error.code} {error.read().decode()}") from None

    def execute(self, code: str, conversation: str = "") -> dict[str, Any]:
        """Return the answer of `POST /execute`."""
        headers = {"Content-Type": "application/json"}
        if conversation:
            headers["openai-conversation-id"] = conversation
        answer: dict[str, Any] = json.loads(
            self.ask("/execute", json.dumps({"code": code}).encode(), headers)
        )
        return answer

    def end(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait(_SECONDS)
        self._log.close()


def main() -> None:
    """Try everything, and say what was seen of each: `ok`, or the error in its own words."""
    plugcli = sys.argv[1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "program.py").write_text("print(6 * 7)")
        _tell("doctor", lambda: _doctor(plugcli))
        _tell("exec", lambda: _expect("42\n", _printed([plugcli, "exec", str(folder / "program.py")])))
        server = Server(plugcli, folder)
        try:
            if _tell("serve", lambda: _serve(server)):
                _tell("session", lambda: _session(server))
                _tell("files", lambda: _files(server))
                _tell("plot", lambda: _plot(server))
        finally:
            server.end()


def _tell(what: str, attempt: Callable[[], str]) -> bool:
    try:
        is_good, seen = True, attempt()
    except (OSError, RuntimeError, ValueError, KeyError, IndexError) as error:
        is_good, seen = False, str(error) or repr(error)
    print(json.dumps({"what": what, "is_good": is_good, "seen": seen.strip()}), flush=True)
    return is_good


def _printed(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if done.returncode != 0:
        raise RuntimeError(
            f"exit {done.returncode}: {(done.stderr or done.stdout).strip().partition(chr(10))[0]}"
        )
    return done.stdout


def _expect(expected: object, seen: object) -> str:
    if seen != expected:
        raise ValueError(f"{seen!r}, not {expected!r}")
    return "ok"


def _doctor(plugcli: str) -> str:
    """Return the first line of `plugcli doctor`, which is the level or the refusal."""
    done = subprocess.run([plugcli, "doctor"], capture_output=True, text=True, timeout=_SECONDS, check=False)
    first = done.stdout.strip().partition("\n")[0]
    if done.returncode != 0:
        raise RuntimeError(f"exit {done.returncode}: {first}")
    return first


def _serve(server: Server) -> str:
    server.wait()
    return _expect("42\n", server.execute("print(6*7)")["stdout"])


def _session(server: Server) -> str:
    server.execute("n = 41\nopen('kept', 'w').write('a file')", "tour")
    return _expect("42 a file\n", server.execute("print(n + 1, open('kept').read())", "tour")["stdout"])


def _files(server: Server) -> str:
    headers = {"openai-conversation-id": "tour", "Content-Type": "application/octet-stream"}
    server.ask("/files?name=up.txt", b"sent up", headers)
    answer = server.execute("open('down.txt', 'w').write(open('up.txt').read()[::-1])", "tour")
    [down] = [file for file in answer["files"] if file["name"] == "down.txt"]
    path = urllib.parse.urlsplit(down["url"]).path
    return _expect(b"pu tnes", server.ask(path, None, {}))


def _plot(server: Server) -> str:
    answer = server.execute(_PLOT, "tour")
    [address] = [each["url"] for each in answer["displays"] if each["mime"] == "image/png"]
    return _expect(b"\x89PNG", server.ask(urllib.parse.urlsplit(address).path, None, {})[:4])


main()
