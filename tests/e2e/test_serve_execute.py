"""`POST /execute` against the real sandbox: the original plugin's behaviours, and what it left open.

P1 to P9 are the original's behaviours (its description tells the model about them); the rows in marks are those
of the abuse catalogue.
"""

import http.client
import json
import os
import re
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.serving import CHAT, Answer, Server, serving, wait_for, write_plugin

CODE = """
from plugcli.builtin.python.execute import routes
from starlette.applications import Starlette

def create_app(sandbox):
    return Starlette(routes=routes(sandbox))
"""
FIELDS = {
    *("stdout", "stderr", "returncode", "outcome", "reason", "result", "displays", "files"),
    *("truncated", "duration_ms", "session"),
}
HALF_OF_MEMORY = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A plugin that runs code."""
    tmp_path = tmp_path_factory.mktemp("execute")
    with serving(tmp_path, write_plugin(tmp_path / "mine", CODE)) as running:
        yield running


def execute(server: Server, code: str, **fields: object) -> dict[str, Any]:
    """Run `code`; the RunResult, whatever became of it."""
    answer = server.post("/execute", {"code": code, **fields})
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "application/json"
    assert len(answer.body.decode()) < 100_000
    result: dict[str, Any] = answer.json()
    assert set(result) == FIELDS
    return result


def test_start_and_health_name_the_layers(server: Server) -> None:
    """The user sees what holds the code before any runs."""
    level, _, names = server.banner[0].removeprefix("sandbox: level ").partition(": ")
    assert "seccomp" in names.split(", ")
    sandbox = server.get("/health").json()["sandbox"]
    assert (sandbox["needed"], sandbox["holds"], sandbox["level"]) == (True, True, level)
    on = [layer["name"] for layer in sandbox["layers"] if layer["on"]]
    assert on == [name.removesuffix(" (measured)") for name in names.split(", ")]


def test_start_says_what_code_finds(tmp_path: Path) -> None:
    """Whether calls build on each other, what is imported already, and what imports will fail."""
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/pyvenv.cfg").write_text(f"home = {sys.base_prefix}/bin\n")
    (tmp_path / "venv/bin/python").symlink_to(Path(sys.executable).resolve())
    folder = write_plugin(tmp_path / "mine", CODE)
    with serving(tmp_path, folder, "--sessions", "3", "--session-idle", "60") as server:
        assert server.banner[1:3] == [
            "sessions: 3 at most, each ends after 60 s without use or 14400 s",
            "preloaded: numpy, pandas, matplotlib",
        ]
        assert not any(line.startswith("missing") for line in server.banner)
    with serving(tmp_path, folder, "--python", tmp_path / "venv") as server:
        assert server.banner[2] == "preloaded: nothing"
        assert server.banner[3].startswith("missing: ")
        assert "numpy" in server.banner[3]
        assert str(tmp_path / "venv") in server.banner[3]
    with serving(tmp_path, folder, "--preload", "none") as server:
        assert not any(line.startswith("preloaded") for line in server.banner)


def test_output_comes_back(server: Server) -> None:
    """P1."""
    result = execute(server, "print(6*7)")
    assert (result["stdout"], result["stderr"], result["returncode"]) == ("42\n", "", 0)
    assert (result["outcome"], result["reason"], result["session"]) == ("ok", "", None)


def test_error_comes_back_with_200(server: Server) -> None:
    """P2: the model reads the traceback and tries again."""
    result = execute(server, "def f():\n    return 1/0\n\nf()")
    assert (result["returncode"], result["outcome"]) == (1, "error")
    assert result["stderr"].startswith("Traceback (most recent call last)")
    assert result["stderr"].endswith("ZeroDivisionError: division by zero\n")
    assert "line 2, in f" in result["stderr"]


def test_text_survives(server: Server) -> None:
    """P3: newlines, quotes, tabs, non-ASCII."""
    result = execute(server, "if True:\n\tprint('''a\n\"b\" \\\\ 'c' äöü 漢字 \U0001f600''')\n")
    assert result["stdout"] == "a\n\"b\" \\ 'c' äöü 漢字 \U0001f600\n"


def test_call_is_fresh(server: Server) -> None:
    """P4: neither variables nor files of an earlier call."""
    execute(server, "x = 1; open('left.txt', 'w').write('x'); open('/tmp/left.txt', 'w').write('x')")
    result = execute(
        server, "import os; print('x' in dir(), os.listdir('.'), os.path.exists('/tmp/left.txt'))"
    )
    assert result["stdout"] == "False [] False\n"


def test_value_that_is_not_printed_does_not_come_back(server: Server) -> None:
    """P5: the description tells the model to print."""
    assert execute(server, "6*7")["stdout"] == ""


def test_fibonacci_of_the_original_example(server: Server) -> None:
    """P7: the sum of the square roots of all Fibonacci numbers below 400."""
    code = """
a, b, total = 0, 1, 0.0
while a < 400:
    total += a ** 0.5
    a, b = b, a + b
print(total)
"""
    assert execute(server, code)["stdout"] == "87.7608433180267\n"


@pytest.mark.parametrize(
    ("code", "returncode", "outcome"),
    [
        ("import sys; sys.exit(3)", 3, "error"),
        ("import os; os._exit(4)", 4, "error"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 137, "died"),
        ("import os; os.abort()", 134, "died"),
        ("print(input())", 1, "error"),
        ("import os; os.close(1); os.close(2)", None, None),
    ],
)
def test_any_end_is_a_well_formed_answer(server: Server, code: str, returncode: int, outcome: str) -> None:
    """P9: exit, a signal, reading an empty standard input; and the next call works."""
    result = execute(server, code)
    if returncode is not None:
        assert (result["returncode"], result["outcome"]) == (returncode, outcome)
        assert result["reason"]
    assert execute(server, "print(1)")["stdout"] == "1\n"


@pytest.mark.row("E8")
@pytest.mark.parametrize(
    ("status", "returncode"), [("0", 0), ("None", 0), ("'msg'", 1), ("300", 44), ("-1", 255), ("True", 1)]
)
def test_exit_status_is_that_of_python(server: Server, status: str, returncode: int) -> None:
    """What a shell would see of the same script."""
    assert execute(server, f"import sys; sys.exit({status})")["returncode"] == returncode


def test_endless_loop_is_timed_out(server: Server) -> None:
    """P8, P9: the original ran for ever."""
    result = execute(server, "print('begun', flush=True)\nwhile True: pass", timeout=1)
    assert (result["stdout"], result["returncode"], result["outcome"]) == ("begun\n", 124, "timeout")
    assert "1 s" in result["reason"]


@pytest.mark.row("D1")
def test_flood_is_cut_in_the_middle_and_said(server: Server) -> None:
    """P9: the host cuts at 100,000 characters without a word; the start and the end are what counts."""
    code = (
        "import sys\nprint('START')\nfor n in range(300_000): print('x', n)\nprint('oops', file=sys.stderr)"
    )
    result = execute(server, code)
    assert result["stdout"].startswith("START\nx 0\n")
    assert " bytes left out ...]" in result["stdout"]
    assert result["stderr"] == "oops\n"
    assert result["stdout"].endswith(" more bytes left out ...]\n")
    printed = len("START\n") + sum(len(f"x {n}\n") for n in range(300_000))
    kept = "".join(
        part for part in re.split(r"\n\[\.\.\. \d+ (?:more )?bytes left out \.\.\.\]\n", result["stdout"])
    )
    assert result["truncated"] == {"stdout": printed - len(kept), "stderr": 0, "files": 0}


def test_answer_length_is_an_option(tmp_path: Path) -> None:
    """Other hosts cut elsewhere."""
    folder = write_plugin(tmp_path / "mine", CODE)
    with serving(tmp_path, folder, "--answer-characters", "3000") as server:
        answer = server.post("/execute", {"code": "print('ä' * 10_000)"})
        assert 2_000 < len(answer.body.decode()) < 3_000


@pytest.mark.row("D5")
def test_bytes_that_are_no_text_are_answered(server: Server) -> None:
    """Also control characters: the answer is UTF-8 and JSON whatever the code writes."""
    code = "import os; os.write(1, bytes(range(256))); os.write(2, b'\\xed\\xa0\\x80\\x00')"
    result = execute(server, code)
    assert result["stdout"].startswith("\x00\x01\x02")
    assert "\ufffd" in result["stdout"]
    assert result["returncode"] == 0


@pytest.mark.row("E1")
@pytest.mark.row("E2")
@pytest.mark.parametrize(
    "code", ["print(1)\x00print(2)", "print('\ud800')", "\ud83d", "\ufeffprint(1)\r\n", ""]
)
def test_odd_text_is_the_programs_own_error(server: Server, code: str) -> None:
    """A NUL, half a surrogate pair, a byte order mark, nothing: 200 with what CPython says."""
    answer = server.call("POST", "/execute", json.dumps({"code": code}), {"Content-Type": "application/json"})
    assert answer.status == 200
    answer.body.decode("utf-8")
    result = answer.json()
    assert (result["returncode"] == 0) == (code.strip("\ufeff\r\n") in ("print(1)", ""))


@pytest.mark.row("E3")
def test_ten_megabytes_of_code_run(server: Server) -> None:
    """Data inside the program is how models pass it."""
    code = "data = '" + "x" * 10_000_000 + "'\nprint(len(data))"
    assert execute(server, code)["stdout"] == "10000000\n"


@pytest.mark.row("E7")
@pytest.mark.row("G16")
@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("print(1)", 400),
        ('{"code": "print(1)"', 400),
        ("[]", 422),
        ("{}", 422),
        ('{"code": null}', 422),
        ('{"code": 1}', 422),
        ('{"code": "x", "session": ""}', 422),
        ('{"code": "x", "files": ["http://127.0.0.1/"]}', 422),
        ('{"code": "x", "timeout": 61}', 422),
        ('{"code": "x", "timeout": NaN}', 422),
        ('{"code": "x", "timeout": true}', 422),
    ],
)
def test_bad_request_is_a_sentence_with_a_hint(server: Server, body: str, status: int) -> None:
    """P8: the original answered 500 to a body without code."""
    answer = server.call("POST", "/execute", body, {"Content-Type": "application/json", "Origin": CHAT})
    assert answer.status == status
    problem = answer.json()
    assert set(problem) == {"error", "hint"}
    assert all(problem.values())
    assert answer.headers["access-control-allow-origin"] == CHAT


@pytest.mark.row("A14")
@pytest.mark.parametrize(
    "timeout", ["0", "-1", "-0.0", "NaN", "Infinity", "1e99", "60.1", '"5"', "[1]", "true"]
)
def test_time_limit_that_makes_no_sense_is_refused(server: Server, timeout: str) -> None:
    """Nothing runs under a deadline that never comes, or that was over before."""
    body = f'{{"code": "print(1)", "timeout": {timeout}}}'
    answer = server.call("POST", "/execute", body, {"Content-Type": "application/json"})
    assert (answer.status, set(answer.json())) == (422, {"error", "hint"})


def test_another_method_is_405(server: Server) -> None:
    """GET must never run code: links are followed."""
    assert server.get("/execute").status == 405


def test_limits_are_options(tmp_path: Path) -> None:
    """The user's machine, the user's numbers; and the callers' bound follows."""
    folder = write_plugin(tmp_path / "mine", CODE)
    with serving(tmp_path, folder, "--timeout", "0.5", "--timeout-max", "1", "--memory", "100MiB") as server:
        assert execute(server, "while True: pass")["outcome"] == "timeout"
        assert server.post("/execute", {"code": "x", "timeout": 2}).status == 422
        assert execute(server, "x = b'x' * 300_000_000")["outcome"] == "out_of_memory"


@pytest.mark.row("A18")
def test_code_ends_when_its_caller_leaves(tmp_path: Path) -> None:
    """It must not run on for nobody: here it would hold the only place for a minute."""
    folder = write_plugin(tmp_path / "mine", CODE)
    with serving(tmp_path, folder, "--memory", str(HALF_OF_MEMORY * 9 // 10), "--timeout", "60") as server:
        leave = send(server, "import time; time.sleep(55)")
        wait_for(lambda: len(descendants(server.process.pid)) > 2)
        leave.close()
        start = time.monotonic()
        assert execute(server, "print('here')")["stdout"] == "here\n"
        assert time.monotonic() - start < 20
        wait_for(lambda: "POST /execute gone" in server.log())


def test_too_many_calls_are_503(tmp_path: Path) -> None:
    """Told to come back, at once, instead of waiting without end."""
    folder = write_plugin(tmp_path / "mine", CODE)
    with serving(tmp_path, folder, "--memory", str(HALF_OF_MEMORY * 9 // 10), "--timeout", "50") as server:
        waiting = [send(server, "import time; time.sleep(45)") for _ in range(140)]
        try:
            answer = received(waiting[-1])
            assert answer.status == 503
            assert int(answer.headers["retry-after"]) > 0
            assert set(answer.json()) == {"error", "hint"}
        finally:
            for each in waiting:
                each.close()
        wait_for(lambda: server.post("/execute", {"code": "print(1)"}).status == 200)


def test_running_code_gets_its_answer_when_the_server_stops(tmp_path: Path) -> None:
    """Its answer or its time-out, then exit 0, and nothing is left of any jail."""
    folder = write_plugin(tmp_path / "mine", CODE)
    with serving(tmp_path, folder) as server:
        answered = send(server, "import time; time.sleep(1); print('answered')")
        timed_out = send(server, "while True: pass", timeout=2)
        assert execute(server, "print(1)")["stdout"] == "1\n"  # so that those before it have begun
        children = descendants(server.process.pid)
        assert server.stop() == 0
        assert received(answered).json()["stdout"] == "answered\n"
        assert received(timed_out).json()["outcome"] == "timeout"
        answered.close()
        timed_out.close()
        wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))
        assert "Traceback" not in server.log()


def test_nothing_is_left_of_a_served_call(server: Server) -> None:
    """No file of the code stays on the machine, as the original's temporary files did (P8)."""
    assert execute(server, "open('/tmp/left-by-execute', 'w').write('x')")["outcome"] == "ok"
    assert not list(Path("/tmp").glob("left-by-execute"))


def test_built_in_plugin_runs_code(tmp_path: Path) -> None:
    """The main job: no folder, no arguments, and a host can run Python."""
    with serving(tmp_path) as server:
        assert any("built in" in line for line in server.banner)
        manifest = server.get("/.well-known/ai-plugin.json").json()
        assert manifest["api"]["url"] == f"{server.url}/openapi.yaml"
        assert "/execute" in server.get("/openapi.json").json()["paths"]
        for path in ("/logo.png", "/legal", "/openapi.yaml"):
            assert server.get(path).status == 200
        assert execute(server, "print(6*7)")["stdout"] == "42\n"


def send(server: Server, code: str, **fields: object) -> socket.socket:
    """Ask for a run and do not wait for its answer."""
    body = json.dumps({"code": code, **fields}).encode()
    head = (
        f"POST /execute HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.sendall(head.encode() + body)
    return connection


def received(connection: socket.socket) -> Answer:
    """The answer on `connection`, once it is there."""
    connection.settimeout(30)
    with http.client.HTTPResponse(connection) as response:
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())


def descendants(pid: int) -> set[int]:
    """The processes below `pid`, jails included."""
    found: set[int] = set()
    parents = [pid]
    while parents:
        parent = parents.pop()
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                pids = [int(each) for each in children.read_text().split()]
            except OSError:
                continue
            parents += pids
            found |= set(pids)
    return found
