"""`plugcli exec --session`: a client of a running `plugcli serve`, and of servers that are none."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from plugcli.cli.exec import remote
from plugcli.client import client
from tests.e2e.serving import ECHO, Server, serving, wait_for, write_plugin

EXEC = [sys.executable, "-m", "plugcli", "exec"]
TOKEN = "q8Zr1-vK5_tW3xYb7Ld9"
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
RESULT: dict[str, Any] = {
    "stdout": "",
    "stderr": "",
    "returncode": 0,
    "outcome": "ok",
    "reason": "",
    "duration_ms": 1,
    "result": None,
    "displays": [],
    "files": [],
    "truncated": {"stdout": 0, "stderr": 0, "files": 0},
    "session": {"id": "x", "state": "new", "seconds_left": 1, "notice": ""},
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The built-in plugin, with limits that a test can reach."""
    limits = ("--preload", "none", "--file-size", "1MiB", "--answer-characters", "5000")
    with serving(tmp_path_factory.mktemp("session"), *limits) as running:
        yield running


def run(
    url: str, *arguments: str, cwd: Path | None = None, stdin: str = "", **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run `plugcli exec` with PLUGCLI_SERVER set to `url`."""
    return subprocess.run(
        [*EXEC, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=cwd,
        env={**os.environ, "PLUGCLI_SERVER": url, **environment},
    )


# --- with a server ---


def test_calls_build_on_each_other(running: Server, tmp_path: Path) -> None:
    """The promise: variables stay, the last value is shown as a notebook does, and the status is the code's."""
    (tmp_path / "set.py").write_text("\ufeffimport sys\nx = 6\nprint('out')\nprint('err', file=sys.stderr)\n")
    done = run(running.url, "--session", "build", "set.py", cwd=tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == ("out\n", "err\n", 0)
    done = run(running.url, "--session", "build", "-", stdin="print('no line end', end='')\nx * 7")
    assert (done.stdout, done.stderr, done.returncode) == ("no line end\n42\n", "", 0)
    done = run(running.url, "--session", "build", "-c", "sys.exit(3)")
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 3)
    done = run(running.url, "--session", "other", "-c", "x")
    assert (done.returncode, "NameError" in done.stderr) == (1, True)


def test_option_wins_over_the_variable(running: Server) -> None:
    """As with every command line."""
    done = run("http://localhost:1", "--server", running.url, "--session", "option", "-c", "1")
    assert (done.stdout, done.returncode) == ("1\n", 0)


def test_files_go_in_and_results_come_out(running: Server, tmp_path: Path) -> None:
    """Byte for byte; and only what this call made or changed."""
    every_byte = bytes(range(256)) * 2000
    (tmp_path / "raw ü&.bin").write_bytes(every_byte)
    (tmp_path / "empty").touch()
    code = (
        "import os; print(sorted(os.listdir()))\n"
        "open('copy.bin', 'wb').write(open('raw ü&.bin', 'rb').read())\n"
        "os.makedirs('deep'); open('deep/\\x1b[2J', 'w').write('hi')\n1/0"
    )
    files = ("--file", "raw ü&.bin", "--file", "empty")
    done = run(running.url, "--session", "files", *files, "--out", "r", "-c", code, cwd=tmp_path)
    assert (done.stdout, done.returncode) == ("['empty', 'raw ü&.bin']\n", 1)
    said = r"plugcli: 2 files in r: copy.bin (500 KiB), 'deep/\x1b[2J' (2 bytes)"
    assert done.stderr.splitlines()[-1] == said
    assert (tmp_path / "r/copy.bin").read_bytes() == every_byte
    assert (tmp_path / "r/deep/\x1b[2J").read_text() == "hi"
    done = run(running.url, "--session", "files", "--out", "r2", "-c", "open('more', 'w')", cwd=tmp_path)
    assert [path.name for path in (tmp_path / "r2").iterdir()] == ["more"]
    done = run(running.url, "--session", "files", "--out", "r2", "-c", "print(1)", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")


def test_new_session_gets_the_files_and_says_its_id(running: Server, tmp_path: Path) -> None:
    """Else nobody could go on with it."""
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    code = "import os; sorted(os.listdir())"
    done = run(running.url, "--session", "new", "--file", "a", "--file", "b", "-c", code, cwd=tmp_path)
    assert done.stdout == "['a', 'b']\n"
    id_ = done.stderr.removeprefix("plugcli: the session is ").strip()
    assert run(running.url, "--session", id_, "-c", "os.path.exists('b')").stdout == "True\n"


def test_json_is_the_result_and_nothing_else(running: Server) -> None:
    """The same object as everywhere."""
    done = run(running.url, "--session", "json", "--json", "-c", "print('out'); 6 * 7")
    result = json.loads(done.stdout)
    assert (result["stdout"], result["result"], result["session"]["state"]) == ("out\n", "42", "new")
    assert sorted(result) == sorted(RESULT)
    assert done.stderr == ""


def test_pictures_are_named(running: Server) -> None:
    """A terminal shows none; their addresses do."""
    code = (
        "class Both:\n"
        "    def _repr_png_(self): return b'PNG'\n"
        "    def _repr_html_(self): return '<b>'\n"
        "    def __repr__(self): return 'both'\n"
        "Both()"
    )
    done = run(running.url, "--session", "pictures", "-c", code)
    assert done.stdout == "both\n"
    picture, rest = done.stderr.splitlines()
    assert picture.startswith(f"plugcli: image/png: {running.url}/files/")
    assert rest == "plugcli: not shown: text/html; --json includes it"


def test_output_is_whole_though_the_answer_is_cut(running: Server) -> None:
    """The stream has all that the sandbox kept: what only the answer leaves out is not missing."""
    done = run(running.url, "--session", "whole", "-c", "print('x' * 100_000)")
    assert (len(done.stdout), done.stderr) == (100_001, "")
    done = run(running.url, "--session", "whole", "-c", "print('x' * (1 << 20) + 'y' * 9)")
    assert (len(done.stdout), done.stderr) == (
        1 << 20,
        "plugcli: stdout exceeded the output limit: 10 more bytes were left out\n",
    )


def test_time_and_lost_state_are_told(running: Server) -> None:
    """In the words of the server: what was kept, and what has to be run again."""
    done = run(running.url, "--session", "time", "--timeout", "1", "-c", "x = 1\nwhile True: pass")
    assert done.returncode == 124
    assert (
        "plugcli: stopped after 1 s: the time limit of a run; the session's variables are kept" in done.stderr
    )
    assert run(running.url, "--session", "time", "-c", "x").stdout == "1\n"
    run(running.url, "--session", "time", "-c", "import os; os._exit(0)")
    done = run(running.url, "--session", "time", "-c", "1")
    assert done.returncode == 0
    assert "variables and imports are lost" in done.stderr


def test_output_comes_while_the_code_runs_and_interrupt_keeps_the_session(running: Server) -> None:
    """Ctrl-C stops the call on the server too, at once, and its variables are there afterwards."""
    code = "x = 5\nprint('first', flush=True)\nimport time; time.sleep(50)"
    with subprocess.Popen(
        [*EXEC, "--server", running.url, "--session", "stop", "-c", code],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"first\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr.read() == b""
    assert run(running.url, "--session", "stop", "--timeout", "20", "-c", "x").stdout == "5\n"


def test_reader_that_leaves_ends_the_call(running: Server) -> None:
    """As of a local run: `plugcli exec ... | head -1`."""
    code = "y = 5\nimport itertools\nfor i in itertools.count(): print('x' * 1000, flush=True)"
    with subprocess.Popen(
        [*EXEC, "--server", running.url, "--session", "pipe", "-c", code],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert (process.stderr.read(), process.wait(20)) == (b"", 141)
    assert run(running.url, "--session", "pipe", "-c", "y").stdout == "5\n"


def test_terminal_gets_no_commands(running: Server) -> None:
    """From the stream, from the value, and from what plugcli says of them."""
    code = "print('\\x1b[31mred\\x1b[0m \\x1b]52;c;aGk=\\x07')\nclass R:\n  def __repr__(self): return '\\x1b[2J'\nR()"
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*EXEC, "--server", running.url, "--session", "tty", "-c", code],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        assert process.wait(30) == 0
    said = os.read(ours, 65536)
    os.close(ours)
    assert b"\x1b[31mred\x1b[0m ^[]52;c;aGk=^G\r\n^[[2J\r\n" in said


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["script.py", "argument"], 2, "ARGS cannot be combined with --session"),
        (["--memory", "1GiB", "-c", "1"], 2, "--memory cannot be combined with --session"),
        (["--python", "python3", "-c", "1"], 2, "--python cannot be combined with --session"),
        (["--stdin", "-c", "1"], 2, "--stdin cannot be combined with --session"),
        (["--timeout", "nan", "-c", "1"], 2, "--timeout nan is out of range"),
        (["--timeout", "inf", "-c", "1"], 2, "--timeout inf is out of range"),
        (["--timeout", "61", "-c", "1"], 125, "(HTTP 422): timeout must be"),
        ([], 2, "there is no code to run"),
        (["missing.py"], 125, "missing.py does not exist"),
        (["latin.py"], 125, "latin.py is not UTF-8: byte 4"),
        (["--file", "missing", "-c", "1"], 125, "missing does not exist"),
        (["--file", "large", "-c", "1"], 125, "(HTTP 413): 'large' is larger than 1 MiB"),
        (["--file", "new\nline", "-c", "1"], 125, "(HTTP 422)"),
        (["large"], 125, "(HTTP 413): the body is larger than 16 MiB"),
        (["--token-file", "missing", "-c", "1"], 2, "the token file missing cannot be read"),
    ],
)
def test_bad_use_is_a_sentence(
    running: Server, arguments: list[str], status: int, words: str, tmp_path: Path
) -> None:
    """And leaves no folder behind."""
    (tmp_path / "script.py").write_text("1")
    (tmp_path / "latin.py").write_bytes(b"'''\xe4'''")
    (tmp_path / "large").write_text("#" * (17 << 20))
    (tmp_path / "new\nline").write_text("x")
    done = run(running.url, "--session", "bad", "--out", "r", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (status, ""), done.stderr
    assert words in done.stderr
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("name", ["", "x" * 10_000, "\x1b[2J", "a\nb", "\udcff"])
def test_hostile_session_name_is_refused(running: Server, name: str) -> None:
    """In the server's words, escaped."""
    done = run(running.url, "--session", name, "-c", "1")
    assert (done.returncode, done.stdout) == (125, "")
    assert "(HTTP 422): session" in done.stderr
    assert "\x1b" not in done.stderr


def test_token_opens_the_server(tmp_path: Path) -> None:
    """From the variable and from a file; without it, and with another, the sentence says what to do."""
    (tmp_path / "token").write_text(TOKEN + "\n")
    with serving(tmp_path, "--preload", "none", PLUGCLI_TOKEN=TOKEN) as locked:
        call = ("--session", "a", "--out")
        done = run(locked.url, *call, "r1", "-c", "open('x', 'w'); 1", cwd=tmp_path, PLUGCLI_TOKEN=TOKEN)
        assert (done.stdout, done.returncode, (tmp_path / "r1/x").exists()) == ("1\n", 0, True)
        (tmp_path / "data").write_text("x")
        (tmp_path / "other").write_text(TOKEN[::-1])
        files = ("--token-file", "token", "--file", "data")
        done = run(locked.url, *call, "r2", *files, "-c", "open('data').read()", cwd=tmp_path)
        assert (done.stdout, done.returncode) == ("'x'\n", 0)
        for options in ((), ("--token-file", "other")):
            done = run(locked.url, "--session", "a", *options, "-c", "1", cwd=tmp_path)
            assert (done.returncode, done.stdout) == (125, "")
            assert "(HTTP 401)" in done.stderr
            assert "PLUGCLI_TOKEN" in done.stderr
            assert "--token-file" in done.stderr
            assert TOKEN not in done.stderr


def test_servers_that_keep_no_sessions_are_sentences(tmp_path: Path) -> None:
    """One started with --stateless, and one that serves a plugin of another kind."""
    with serving(tmp_path, "--stateless", "--preload", "none") as stateless:
        done = run(stateless.url, "--session", "a", "-c", "1")
        assert (done.returncode, "--stateless" in done.stderr) == (125, True)
    with serving(tmp_path, write_plugin(tmp_path / "echo", ECHO)) as other:
        done = run(other.url, "--session", "a", "-c", "1")
        assert (done.returncode, "did not answer as plugcli serve does" in done.stderr) == (125, True)


def test_too_many_calls_are_told_to_wait(tmp_path: Path) -> None:
    """429, in words."""
    with serving(tmp_path, "--preload", "none", "--sessions", "1") as small:
        busy = [*EXEC, "--server", small.url, "--session", "a", "-c"]
        with subprocess.Popen(
            [*busy, "print('up', flush=True)\nimport time; time.sleep(50)"], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"up\n"
            done = run(small.url, "--session", "b", "-c", "1")
            process.send_signal(signal.SIGINT)
            process.wait(20)
        assert done.returncode == 125
        assert "(HTTP 429)" in done.stderr
        assert "hint: " in done.stderr


def test_server_that_dies_is_a_sentence(tmp_path: Path) -> None:
    """In the middle of a call; what was printed until then is there."""
    with serving(tmp_path, "--preload", "none") as mortal:
        code = "print('up', flush=True)\nimport time; time.sleep(50)"
        with subprocess.Popen(
            [*EXEC, "--server", mortal.url, "--session", "a", "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            mortal.process.kill()
            _, said = process.communicate(timeout=30)
    assert process.returncode == 125
    assert "did not answer as plugcli serve does: it" in said
    assert "Traceback" not in said


# --- with something else on that port ---


@contextmanager
def listening(answer: Callable[[socket.socket], object]) -> Iterator[str]:
    """A server that reads a request's head and then does what `answer` does; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    try:
                        head = b""
                        while b"\r\n\r\n" not in head and (data := connection.recv(65536)):
                            head += data
                        answer(connection)
                        connection.shutdown(socket.SHUT_WR)
                        while connection.recv(65536):
                            pass
                    except OSError:
                        pass  # the client has gone

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(20)
    assert not thread.is_alive()


def says(data: bytes) -> Callable[[socket.socket], object]:
    """An answer that is always the same."""
    return lambda connection: connection.sendall(data)


def event(name: str, content: object) -> bytes:
    """One event, as `serve` writes it."""
    return f"event: {name}\ndata: {json.dumps(content)}\n\n".encode()


def attempt(url: str, *, timeout: float | None = None, out: Path | None = None) -> int:
    """Run the client here, in this process."""
    return remote.run_remote(
        "s", None, code="1", timeout=timeout, url=url, out=None if out is None else str(out)
    )


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "it closed the connection"),
        (b"SSH-2.0-OpenSSH_9\r\n", "its reply is not HTTP"),
        (b"\x00\xff" * 1000, "its reply is not HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"x" * 100_000, "its reply is not HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 1000, "its reply is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", "its reply is not an event stream"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "HTTP 204"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", "redirects (HTTP 302)"),
        (b"HTTP/1.1 403 Forbidden\r\n\r\nno", "HTTP 403"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n<html>", "HTTP 404: it has no /execute"),
        (b"HTTP/1.1 500 Oops\r\n\r\n" + b"[" * 60_000, "HTTP 500"),
        (b'HTTP/1.1 500 Oops\r\n\r\n{"error": "\\u001b[2J", "hint": "h\\n"}', r"failed (HTTP 500): \x1b[2J"),
        (EVENTS, "its reply ended before the result"),
        (EVENTS + b"data: {}\n\n: x\n\n", "its reply ended before the result"),
        (EVENTS + b"event: result\ndata: {\n\n", "did not answer"),
        (EVENTS + b"event: result\ndata: " + b"[" * 100_000 + b"\n\n", "nests too deeply"),
        (EVENTS + b"event: \xff\ndata: {}\n\n", "did not answer"),
        (EVENTS + b"event: output\ndata: 7\n\n", "not a JSON object"),
        (EVENTS + event("output", {"stream": 1, "text": "x"}), "stream is not a string"),
        (EVENTS + event("output", {"stream": "stdout"}), "text is not a string"),
        (EVENTS + event("result", {}), "returncode is not a number from 0 to 255"),
        (EVENTS + event("result", RESULT | {"returncode": True}), "returncode is not a number"),
        (EVENTS + event("result", RESULT | {"returncode": 256}), "returncode is not a number"),
        (EVENTS + event("result", RESULT | {"session": None}), "session is not an object"),
        (EVENTS + event("result", RESULT | {"files": [{"name": "x"}]}), "bytes is not a number"),
        (EVENTS + event("result", RESULT | {"displays": [{"mime": "x"}]}), "text is not a string"),
        (EVENTS + event("error", {"error": "\x1b[2J", "hint": "h"}), r"failed: \x1b[2J"),
        (EVENTS + event("error", {}), "error is not a string"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "did not answer",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: -7\r\n\r\n",
            "its reply ended before the result",
        ),
    ],
)
def test_nonsense_is_a_sentence(answer: bytes, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever listens on that port: 125, what is wrong, what to do, nothing raw."""
    with listening(says(answer)) as url:
        assert attempt(url) == 125
    out, said = capsys.readouterr()
    assert out == ""
    assert words in said
    assert "hint: " in said
    assert "Traceback" not in said
    assert "\x1b" not in said


def test_nonsense_displays_and_notices_are_shown_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    """A sound result whose every text is hostile; unknown events and fields are passed over."""
    evil = "\x1b]52;c;aGk=\x07\n"
    result = RESULT | {
        "outcome": "died",
        "reason": evil,
        "displays": [{"mime": evil, "url": evil}, {"mime": evil, "text": evil}],
        "session": {"id": evil, "notice": evil},
        "more": evil,
    }
    stream = (
        event("later", {}) + event("output", {"stream": "thoughts", "text": evil}) + event("result", result)
    )
    with listening(says(EVENTS + b"id: 7\n\n" + stream)) as url:
        assert attempt(url) == 0
    out, said = capsys.readouterr()
    assert (out, said.count("\n")) == ("", 4)
    assert said.replace("\n", "").isprintable()


def test_files_elsewhere_are_not_fetched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A server that names another host's addresses, hostile names and files that are gone gets none of it done."""
    asked: list[str] = []

    def elsewhere(connection: socket.socket) -> None:
        asked.append("asked")

    with listening(elsewhere) as other:
        urls: list[Any] = [f"{other}/files/x/a", "file:///etc/passwd", "//[", None, "http://[::1", " "]
        names = ["../up", "/etc/up", "a/../../up", "a\0b", "x" * 300, "", "\ud800"]

        def answer(connection: socket.socket) -> None:
            here = f"http://{':'.join(map(str, connection.getsockname()))}"
            if not asked:
                asked.append("execute")
                files: list[dict[str, Any]] = [{"name": "far", "bytes": 1, "url": each} for each in urls]
                files += [{"name": "far", "bytes": 1, "url": f"{here}/execute"}]
                files += [{"name": name, "bytes": 1, "url": f"{here}/files/h/x"} for name in names]
                files += [{"name": "good", "bytes": 5, "url": f"{here}/files/h/x"}]
                connection.sendall(EVENTS + event("result", RESULT | {"files": files}))
            else:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes")

        with listening(answer) as url:
            assert attempt(url, out=tmp_path / "r") == 0
    assert asked == ["execute"]
    assert [path.relative_to(tmp_path) for path in tmp_path.rglob("*")] == [Path("r"), Path("r/good")]
    assert (tmp_path / "r/good").read_text() == "yes"
    said = capsys.readouterr().err
    assert said.count("not written: far: its address is not on") == 7
    assert "not written: 4 more" in said
    assert "1 file in " in said


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n" + b'{"error": "gone", "hint": ""}', 0, "not written: x: "),
        (b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", 125, "redirects"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", 125, "its reply ended early"),
        (b"HTTP/1.1 200 OK\r\n\r\nendless", 125, "does not declare the length"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\nx", 0, "not written: x (931.3 GiB)"),
        (b"", 125, "it closed the connection"),
    ],
)
def test_download_that_fails(
    answer: bytes, status: int, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is gone is a note; a server that is gone is 125, and no half of a file stays."""
    answers = iter([EVENTS, answer])

    def give(connection: socket.socket) -> None:
        here = f"http://{':'.join(map(str, connection.getsockname()))}"
        files = [{"name": "x", "bytes": 5, "url": f"{here}/files/h/x"}]
        given = next(answers)
        connection.sendall(given + event("result", RESULT | {"files": files}) if given == EVENTS else given)

    with listening(give) as url:
        assert attempt(url, out=tmp_path / "r") == status
    assert words in capsys.readouterr().err
    assert not (tmp_path / "r/x").exists()


@pytest.mark.parametrize(
    "again",
    [b"HTTP/1.1 100 Continue\r\n\r\n", b": keep-alive\n\n", b"data: {}\n\n", b"x"],
    ids=["continue", "comments", "events", "line"],
)
def test_answer_without_end_is_given_up(
    again: bytes, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However lively it is: a call ends at its time limit, and the server says so, or does not."""
    monkeypatch.setattr(remote, "MARGIN_SECONDS", 0.3)
    is_over = threading.Event()

    def endless(connection: socket.socket) -> None:
        connection.sendall(b"" if again.startswith(b"HTTP") else EVENTS)
        while not is_over.wait(0.001):
            connection.sendall(again)

    with listening(endless) as url:
        assert attempt(url, timeout=0.2) == 125
        is_over.set()
    said = capsys.readouterr().err
    assert "gave no result within 0.5 s" in said
    assert "--timeout" in said
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_silence_and_floods_are_given_up(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that says nothing is gone long before the call's time is over; one that floods is too much."""
    monkeypatch.setattr(client, "SILENT_SECONDS", 0.3)
    is_over = threading.Event()
    for first in (b"", EVENTS):
        with listening(lambda connection, first=first: (connection.sendall(first), is_over.wait(20))) as url:  # type: ignore[misc]
            assert attempt(url) == 125
            is_over.set()
        is_over.clear()
        assert "it does not respond" in capsys.readouterr().err
    monkeypatch.setattr(client, "REPLY_BYTES", 100_000)
    with listening(says(EVENTS + b"data: " + b"x" * 200_000)) as url:
        assert attempt(url) == 125
    assert "its reply is too long" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://localhost:1", "cannot reach a server at http://localhost:1: Connection refused"),
        ("localhost:5003", "is not an http or https URL"),
        ("ftp://localhost", "is not an http or https URL"),
        ("http://", "is not an http or https URL"),
        ("http://localhost:99999", "is not a valid URL"),
        ("http://[::1", "is not a valid URL"),
        ("http://me:secret@localhost:5003", "contains a user name"),
        ("http://localhost:5003/execute", "is not the address of a server"),
        ("http://localhost:5003/?x", "is not the address of a server"),
        ("http://local\nhost:5003", "is not the address of a server"),
        ("http://a..b:5003", "cannot reach a server"),
        (f"http://{'x' * 300}:5003", "cannot reach a server"),
    ],
)
def test_wrong_address_is_a_sentence(url: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And no password is shown."""
    assert attempt(url) == 125
    said = capsys.readouterr().err
    assert words in said
    assert "hint: " in said
    assert "secret" not in said


def test_https_to_a_plain_server_is_a_sentence(running: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """The wrong scheme is a common mistake."""
    assert attempt(running.url.replace("http:", "https:")) == 125
    assert "cannot reach a server" in capsys.readouterr().err


def test_queued_call_waits_for_the_one_before(running: Server) -> None:
    """Two terminals on one session: the second goes on when the first is done."""
    first = [*EXEC, "--server", running.url, "--session", "queue", "-c"]
    code = "import os, time\nprint('up', flush=True)\nwhile not os.path.exists('go'): time.sleep(0.01)\nx = 7"
    with subprocess.Popen([*first, code], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as one:
        assert one.stdout is not None
        assert one.stdout.readline() == b"up\n"
        with subprocess.Popen([*first, "x"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as two:
            assert running.call("POST", "/files?session=queue&name=go", b"x").status == 201
            assert two.communicate(timeout=30)[0] == b"7\n"
        assert one.wait(20) == 0
    wait_for(lambda: running.get("/files?session=queue").status == 200)
