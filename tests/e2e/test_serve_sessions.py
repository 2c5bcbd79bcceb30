"""Conversations over HTTP: which calls share a session, what one session means to another, and how each ends."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from plugcli.scaffold import render, templates
from tests.e2e.serving import CHAT, Answer, Server, Where, serving, wait_for

SCHEMAS = yaml.safe_load(render(templates()["python"], {})["openapi.yaml"])["components"]["schemas"]


@pytest.fixture(scope="module", params=["here", "elsewhere"])
def where(request: pytest.FixtureRequest) -> Where:
    """Which Engine runs the code: what is true of a session is true of it wherever it is."""
    chosen: Where = request.param
    return chosen


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, where: Where) -> Iterator[Server]:
    """The built-in plugin."""
    with serving(tmp_path_factory.mktemp("sessions"), "--preload", "none", where=where) as running:
        yield running


def ask(server: Server, code: str, conversation: str | None = None, **fields: object) -> Answer:
    """Post a call, in a conversation or in none."""
    headers = {} if conversation is None else {"openai-conversation-id": conversation}
    return server.post("/execute", {"code": code, **fields}, **headers)


def run(server: Server, code: str, conversation: str | None = None, **fields: object) -> dict[str, Any]:
    """The RunResult of a call, which fits the OpenAPI document whatever became of it."""
    answer = ask(server, code, conversation, **fields)
    assert answer.status == 200, answer.body
    result: dict[str, Any] = answer.json()
    schema = {**SCHEMAS["RunResult"], "components": {"schemas": SCHEMAS}}
    assert [error.message for error in Draft202012Validator(schema).iter_errors(result)] == []
    return result


def send(server: Server, code: str, conversation: str, **fields: object) -> socket.socket:
    """Ask for a run and do not wait for its answer."""
    body = json.dumps({"code": code, **fields}).encode()
    head = (
        "POST /execute HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"openai-conversation-id: {conversation}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    connection.sendall(head.encode() + body)
    return connection


def received(connection: socket.socket) -> Answer:
    """The answer on `connection`, once it is there."""
    with http.client.HTTPResponse(connection) as response:
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())


def test_code_runs_where_these_tests_say(server: Server, where: Where) -> None:
    """Else they would pass elsewhere without having been there."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    started = [Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0") for child in children]
    assert (where == "elsewhere") == any(b"far" in command for command in started)


@pytest.mark.row("I2")
@pytest.mark.parametrize(
    ("conversation", "session"), [("by-header", None), (None, "by-body"), ("by-both", "mine")]
)
def test_calls_build_on_each_other(server: Server, conversation: str | None, session: str | None) -> None:
    """Variables, imports, the working directory and files; the last value is shown, and errors cost nothing."""
    fields = {} if session is None else {"session": session}
    first = run(server, "import os, math\nn = 6\nos.mkdir('sub'); os.chdir('sub')", conversation, **fields)
    assert (first["outcome"], first["session"]["state"]) == ("ok", "new")
    assert run(server, "1 / 0", conversation, **fields)["outcome"] == "error"
    second = run(server, "n * 7, math.floor(1.5), os.getcwd()", conversation, **fields)
    assert second["result"] == "(42, 1, '/mnt/data/sub')"
    assert second["session"] == first["session"] | {
        "state": "kept",
        "seconds_left": second["session"]["seconds_left"],
    }
    assert 1100 < second["session"]["seconds_left"] <= 1200


@pytest.mark.row("I1")
def test_conversations_do_not_share(server: Server) -> None:
    """Neither variables nor files, nor the id by which one could be reached."""
    mine = run(server, "secret = 1; open('secret', 'w').close()", "one")
    other = run(server, "import os; print('secret' in dir(), os.listdir())", "another")
    assert other["stdout"] == "False []\n"
    assert mine["session"]["id"] != other["session"]["id"]
    assert len(mine["session"]["id"]) >= 22  # 128 bits, at 6 a character


def test_same_name_in_two_conversations_is_two_sessions(server: Server) -> None:
    """Models all call it `data`."""
    run(server, "who = 'a'", "name-a", session="data")
    run(server, "who = 'b'", "name-b", session="data")
    run(server, "who = 'nobody'", session="data")
    run(server, "who = 'the conversation itself'", "name-a")
    whose = [
        run(server, "print(who)", where, session="data")["stdout"] for where in ("name-a", "name-b", None)
    ]
    assert whose == ["a\n", "b\n", "nobody\n"]
    assert run(server, "print(who)", "name-a")["stdout"] == "the conversation itself\n"


def test_id_reaches_its_session_from_anywhere(server: Server) -> None:
    """Whoever was given it may use it: another conversation, or a caller without one."""
    id_ = run(server, "n = 1", "of-the-id")["session"]["id"]
    assert run(server, "n", session=id_)["result"] == "1"
    assert run(server, "n", "elsewhere", session=id_)["result"] == "1"


@pytest.mark.row("I1")
def test_id_that_nobody_has_leads_nowhere(server: Server) -> None:
    """One character off is a name like any other: a session that begins there."""
    id_ = run(server, "n = 1", "guessed")["session"]["id"]
    guessed = run(server, "'n' in dir()", session=id_[:-1] + ("A" if id_[-1] != "A" else "B"))
    assert (guessed["result"], guessed["session"]["state"]) == ("False", "new")
    assert guessed["session"]["id"] != id_


def test_new_starts_one_that_its_id_continues(server: Server) -> None:
    """Also inside a conversation, whose own session is left as it is."""
    run(server, "n = 1", "with-new")
    ids = set()
    for conversation in (None, None, "with-new"):
        fresh = run(server, "n = 2", conversation, session="new")
        assert fresh["session"]["state"] == "new"
        ids.add(fresh["session"]["id"])
        assert run(server, "n", session=fresh["session"]["id"])["result"] == "2"
    assert len(ids) == 3
    assert run(server, "n", "with-new")["result"] == "1"


def test_neither_is_fresh_as_ever(server: Server) -> None:
    """The original plugin's shape is untouched by all this."""
    result = run(server, "x = 1; x")
    assert (result["session"], result["result"], result["displays"]) == (None, None, [])
    assert run(server, "print('x' in dir())")["stdout"] == "False\n"


@pytest.mark.parametrize(
    "name", ["", "x" * 201, "x" * 10_240, "a\x00b", "a\nb", "\x1b[2J", "\u202e", "\ud800", None, 1, ["a"], {}]
)
def test_session_that_is_no_name_is_422(server: Server, name: object) -> None:
    """And the page of a host can read why."""
    answer = server.post("/execute", {"code": "print(1)", "session": name}, Origin=CHAT)
    assert (answer.status, set(answer.json())) == (422, {"error", "hint"})
    assert "session" in answer.json()["error"]
    assert answer.headers["access-control-allow-origin"] == CHAT


@pytest.mark.parametrize("header", ["x" * 201, "x" * 10_240, "", "\xff\xfe", "caf\xe9"])
def test_conversation_that_is_no_name_is_422(server: Server, header: str) -> None:
    """A caller chooses it as freely as the name."""
    answer = ask(server, "print(1)", header)
    assert (answer.status, set(answer.json())) == (422, {"error", "hint"})
    assert "openai-conversation-id" in answer.json()["error"]


def test_call_over_its_time_keeps_the_variables(server: Server) -> None:
    """It is interrupted, and the answer says what became of the session."""
    result = run(server, "n = 1\nwhile True: n += 1", "timed-out", timeout=1)
    assert (result["outcome"], result["returncode"]) == ("timeout", 124)
    after = run(server, "n > 1", "timed-out")
    assert (after["result"], after["session"]["state"]) == ("True", "kept")


@pytest.mark.row("I18")
def test_lost_state_is_said(server: Server) -> None:
    """The model must know that it has to import again; what it is told it reads."""
    run(server, "n = 1", "lost")
    assert run(server, "import os; os._exit(3)", "lost")["session"]["state"] == "lost"
    after = run(server, "'n' in dir()", "lost")
    assert (after["result"], after["session"]["state"]) == ("False", "lost")
    assert after["session"]["notice"]
    again = run(server, "1", "lost")["session"]
    assert (again["state"], again["notice"]) == ("kept", "")


@pytest.mark.row("A18")
def test_caller_who_leaves_interrupts_the_call(server: Server) -> None:
    """An abandoned run must not block the conversation, nor cost it its variables."""
    run(server, "n = 1", "left")
    leaving = send(server, "n = 2\nimport time; time.sleep(50)", "left", timeout=60)
    wait_for(lambda: has_begun(server, "left"))
    leaving.close()
    start = time.monotonic()
    after = run(server, "n", "left")
    assert time.monotonic() - start < 20
    assert (after["result"], after["session"]["state"]) == ("2", "kept")
    wait_for(lambda: "POST /execute gone" in server.log())


def has_begun(server: Server, conversation: str) -> bool:
    """Whether a call of the conversation runs: it then has a place in the queue, and a second one gets none in time."""
    probe = send(server, "0", conversation)
    probe.settimeout(0.3)
    try:
        return not probe.recv(1)
    except TimeoutError:
        return True
    finally:
        probe.close()


@pytest.mark.row("I15")
def test_calls_of_one_session_queue_and_others_do_not_wait(server: Server) -> None:
    """Two browser tabs of one conversation, and everybody else."""
    run(server, "0", "queue")
    run(server, "0", "free")
    first = send(server, "import time; time.sleep(2); n = 1", "queue")
    second = send(server, "n += 1; n", "queue")
    run(server, "1", "free")
    first.setblocking(False)
    with pytest.raises(BlockingIOError):  # still running, while the other conversation has its answer
        first.recv(1)
    first.setblocking(True)
    assert received(first).json()["outcome"] == "ok"
    assert received(second).json()["result"] == "2"
    first.close()
    second.close()


def test_queue_that_is_too_long_is_429(server: Server) -> None:
    """Told to come back, at once, instead of waiting without end."""
    run(server, "0", "crowd")
    crowd = [send(server, "import time; time.sleep(20)", "crowd", timeout=30) for _ in range(20)]
    try:
        answer = received(crowd[-1])
        assert answer.status == 429
        assert int(answer.headers["retry-after"]) > 0
        assert set(answer.json()) == {"error", "hint"}
    finally:
        for each in crowd:
            each.close()
    wait_for(lambda: ask(server, "1", "crowd").status == 200)


@pytest.mark.row("I16")
def test_no_room_for_a_session_is_429(tmp_path: Path, where: Where) -> None:
    """At the maximum the oldest idle one makes room; where none is idle the caller waits, not the running one."""
    with serving(tmp_path, "--preload", "none", "--sessions", "1", where=where) as server:
        run(server, "n = 1", "first")
        assert run(server, "n = 2", "second")["session"]["state"] == "new"
        assert run(server, "'n' in dir()", "first")["session"]["state"] == "lost"
        busy = send(server, "open('begun', 'w').close(); import time; time.sleep(20)", "first", timeout=30)
        wait_for(lambda: b'"begun"' in server.get("/files", openai_conversation_id="first").body)
        assert ask(server, "1", "third").status == 429
        answer = ask(server, "1", "third")
        assert int(answer.headers["retry-after"]) > 0
        assert set(answer.json()) == {"error", "hint"}
        upload = server.call("POST", "/files?name=x", b"x", {"openai-conversation-id": "fourth"})
        assert upload.status == 429
        assert int(upload.headers["retry-after"]) > 0
        assert run(server, "print(1)")["stdout"] == "1\n"
        busy.close()


@pytest.mark.row("A17")
@pytest.mark.row("I17")
def test_idle_session_expires(tmp_path: Path, where: Where) -> None:
    """The option counts from the last use; whoever comes back is told, and finds its files for a while."""
    with serving(tmp_path, "--preload", "none", "--session-idle", "1.5", where=where) as server:
        first = run(server, "n = 1; open('kept.txt', 'w').write('x')", "idle")
        assert first["session"]["seconds_left"] <= 2
        assert server.get("/health").json()["sessions"] == 1
        wait_for(lambda: server.get("/health").json()["sessions"] == 0)
        assert server.get("/files", openai_conversation_id="idle").status == 404
        after = run(server, "'n' in dir(), open('kept.txt').read()", "idle")
        assert (after["result"], after["session"]["state"]) == ("(False, 'x')", "lost")
        assert "1.5 s" in after["session"]["notice"]


def test_stateless_server_keeps_nothing(tmp_path: Path, where: Where) -> None:
    """The header comes with every call of a host and means nothing then; a `session` cannot be granted."""
    with serving(tmp_path, "--stateless", where=where) as server:
        assert any("--stateless" in line for line in server.banner)
        run(server, "x = 1", "a")
        result = run(server, "print('x' in dir())", "a")
        assert (result["stdout"], result["session"]) == ("False\n", None)
        for answer in (
            ask(server, "1", session="a"),
            ask(server, "1", session="new"),
            server.call("POST", "/files?name=x&session=a", b"x"),
            server.call("POST", "/files?name=x", b"x", {"openai-conversation-id": "a"}),
            server.get("/files", openai_conversation_id="a"),
        ):
            assert answer.status == 422, answer.body
            assert "--stateless" in answer.json()["error"]


def test_connection_serves_many_calls(server: Server) -> None:
    """A host keeps its connection; results of one call are not another's."""
    connection = server.connect()
    headers = {"Host": "localhost", "Content-Type": "application/json"}
    for number in range(30):
        for conversation in ("many-a", "many-b", None):
            mine = headers | ({} if conversation is None else {"openai-conversation-id": conversation})
            connection.request("POST", "/execute", json.dumps({"code": f"print({number})"}), mine)
            response = connection.getresponse()
            result = json.loads(response.read())
            assert (response.status, result["stdout"]) == (200, f"{number}\n")
            assert (result["session"] is None) == (conversation is None)
    connection.close()


def test_long_last_value_and_displays_fit(server: Server) -> None:
    """The host cuts at 100,000 characters without a word."""
    code = """
class Page:
    def _repr_mimebundle_(self, **_):
        return {mime: "<p>" * 20_000 for mime in ("text/html", "text/markdown")}
Page()
"""
    for text in ("list(range(100_000))", code, "'x' * 3_000_000"):
        answer = ask(server, text, "long")
        assert answer.status == 200
        assert len(answer.body.decode()) < 100_000
        assert "left out ...]" in answer.body.decode()


def test_crash_is_not_an_answer_for_a_call_that_is_refused(server: Server) -> None:
    """Bad calls of a conversation do not start a session."""
    assert ask(server, "1", "refused", timeout=99).status == 422
    assert server.get("/files", openai_conversation_id="refused").status == 404
