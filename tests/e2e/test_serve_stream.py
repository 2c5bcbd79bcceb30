"""`POST /execute` as server-sent events: output while the code runs, and the result at the end."""

import http.client
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.serving import CHAT, Server, serving, wait_for

EVENTS = "text/event-stream"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The built-in plugin."""
    with serving(tmp_path_factory.mktemp("stream"), "--preload", "none") as running:
        yield running


class Stream:
    """One streamed call."""

    def __init__(self, server: Server, code: str, accept: str = EVENTS, **fields: Any) -> None:
        self.connection = server.connect(timeout=30)
        headers = {"Host": "localhost", "Content-Type": "application/json", "Accept": accept, "Origin": CHAT}
        self.connection.request("POST", "/execute", json.dumps({"code": code, **fields}), headers)
        self.response: http.client.HTTPResponse = self.connection.getresponse()

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Its events, each when it comes: the name and the data; a comment under the name ``."""
        name = ""
        for line in self.response:
            text = line.decode().rstrip("\n")
            if text.startswith("event: "):
                name = text.removeprefix("event: ")
            elif text.startswith("data: "):
                yield name, json.loads(text.removeprefix("data: "))
            elif text.startswith(":"):
                yield "", text
        self.connection.close()


@pytest.mark.parametrize("session", [None, "streamed"])
def test_output_comes_while_the_code_runs(server: Server, session: str | None) -> None:
    """The code waits for a file that is put there only once its first words were read: no clock is involved."""
    fields = {} if session is None else {"session": session}
    wait = "while not os.path.exists('go'): time.sleep(0.01)" if session else "time.sleep(1)"
    code = f"import os, sys, time\nprint('first', flush=True)\n{wait}\nprint('last', file=sys.stderr)"
    started = time.monotonic()
    events = iter(stream := Stream(server, code, **fields))
    assert stream.response.status == 200
    assert stream.response.headers["content-type"].startswith(EVENTS)
    assert stream.response.headers["access-control-allow-origin"] == CHAT
    assert next(events) == ("output", {"stream": "stdout", "text": "first\n"})
    if session:
        assert server.call("POST", f"/files?session={session}&name=go", b"x").status == 201
    else:
        assert time.monotonic() - started < 1
    assert next(events) == ("output", {"stream": "stderr", "text": "last\n"})
    name, result = next(events)
    assert (name, result["stdout"], result["stderr"], result["outcome"]) == (
        "result",
        "first\n",
        "last\n",
        "ok",
    )
    assert list(events) == []


def test_silence_is_kept_alive(server: Server) -> None:
    """Clients give a connection up after five seconds without a byte."""
    events = [name for name, _ in Stream(server, "import time; time.sleep(3.5); print(1)")]
    assert events == ["", "output", "result"]


def test_characters_are_whole(server: Server) -> None:
    """One that is written in two halves comes as one; bytes that are no text as U+FFFD; nothing breaks a line."""
    code = (
        "import os, time\nos.write(1, b'a\\xe6\\xbc')\ntime.sleep(0.3)\nos.write(1, b'\\xa2b\\r\\ndata: x\\n\\n')\n"
        "os.write(2, b'\\xff')\nos.write(1, b'\\xe6')"
    )
    events = list(Stream(server, code))
    texts = {"stdout": "", "stderr": ""}
    for _, data in [event for event in events[:-1] if event[0]]:
        texts[data["stream"]] += data["text"]
    assert texts == {"stdout": "a漢b\r\ndata: x\n\n\ufffd", "stderr": "\ufffd"}
    result = events[-1][1]
    assert (result["stdout"], result["stderr"]) == (texts["stdout"], texts["stderr"])


def test_flood_is_bounded_and_the_result_fits(server: Server) -> None:
    """All that is kept of the output is streamed; the result is as short as ever."""
    events = list(Stream(server, "for n in range(400_000): print('x', n)"))
    streamed = sum(len(data["text"]) for name, data in events if name == "output")
    assert streamed == 1024 * 1024
    name, result = events[-1]
    assert name == "result"
    assert len(json.dumps(result, ensure_ascii=False, separators=(",", ":"))) < 100_000
    assert result["truncated"]["stdout"] > 0


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"timeout": 99}, 422), ({"session": ""}, 422), ({"session": 1}, 422), ({"x": 1}, 422)],
)
def test_refusals_stay_plain(server: Server, fields: dict[str, Any], status: int) -> None:
    """A status tells it before any event could."""
    stream = Stream(server, "print(1)", **fields)
    assert (stream.response.status, stream.response.headers["content-type"]) == (status, "application/json")
    assert set(json.loads(stream.response.read())) == {"error", "hint"}
    stream.connection.close()


@pytest.mark.parametrize(
    ("accept", "is_streamed"),
    [
        (EVENTS, True),
        ("Text/Event-Stream;q=0.9, */*;q=0.1", True),
        ("*/*", False),
        ("application/json", False),
        ("application/json, text/event-stream", False),
        ("x-text/event-streams", False),
    ],
)
def test_events_are_for_those_who_ask(server: Server, accept: str, is_streamed: bool) -> None:
    """Who takes JSON gets JSON."""
    stream = Stream(server, "print(1)", accept)
    assert stream.response.headers["content-type"].startswith(EVENTS if is_streamed else "application/json")
    assert "42" not in stream.response.read().decode()
    stream.connection.close()


def test_time_out_is_streamed_like_any_end(server: Server) -> None:
    """What was said until then came; the result says why no more does."""
    events = list(Stream(server, "print('begun', flush=True)\nwhile True: pass", timeout=1))
    assert events[0] == ("output", {"stream": "stdout", "text": "begun\n"})
    assert (events[-1][0], events[-1][1]["outcome"]) == ("result", "timeout")


@pytest.mark.row("A18")
def test_reader_who_leaves_interrupts_the_call(server: Server) -> None:
    """And the session keeps what it had."""
    assert server.post("/execute", {"code": "0", "session": "left"}).status == 200
    stream = Stream(
        server, "n = 1\nprint('begun', flush=True)\nimport time; time.sleep(50)", timeout=60, session="left"
    )
    assert next(iter(stream))[0] == "output"
    stream.response.close()
    stream.connection.close()
    started = time.monotonic()
    result = server.post("/execute", {"code": "n", "session": "left"}).json()
    assert time.monotonic() - started < 20
    assert (result["result"], result["session"]["state"]) == ("1", "kept")


def test_connection_is_kept_after_a_stream(server: Server) -> None:
    """The next call on it is answered as usual."""
    stream = Stream(server, "print(1)")
    assert [name for name, _ in iter_once(stream)] == ["output", "result"]
    headers = {"Host": "localhost", "Content-Type": "application/json"}
    stream.connection.request("POST", "/execute", '{"code": "print(2)"}', headers)
    response = stream.connection.getresponse()
    assert json.loads(response.read())["stdout"] == "2\n"
    stream.connection.close()
    wait_for(lambda: "POST /execute 200" in server.log())


def iter_once(stream: Stream) -> list[tuple[str, Any]]:
    """The events, with the connection left open."""
    text = stream.response.read().decode()
    events = [each.split("\n") for each in text.split("\n\n") if each]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in events]
