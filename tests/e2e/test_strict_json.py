"""All JSON that plugcli writes can be read by the strictest reader, whatever strangers put into it; and a terminal shows all of it."""

import json
import os
import pty
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.e2e.serving import PLUGCLI, Server, serving, write_plugin

# Says each of these wherever a session's code can say something: what it prints, its value, its displays, its files, its death.
CODE = r"""
import os, sys
os.write(1, b'\xed\xa0\x80 \xff \x00 \x1b'); os.write(2, b'\xfe')
for name in (b'\xc3.txt', b'\xff\xff.csv', b'\xed\xa0\x80', b'a\nb', b'\xe2\x80\xaegnp', b'data:x/\xff,y'):
    os.makedirs(os.path.dirname(name) or b'.', exist_ok=True); open(name, 'w').close()
class V:
    def __repr__(self): return '\ud800 \udfff \U0001f40d \0 \x1b \u202e'
    def _repr_mimebundle_(self, **_):
        said = {'\udc00': [float('nan'), 2**80, float('inf'), '\ud800']}
        return {'text/html': '\ud83d', 'application/json': said, 'a/\ud800': 'x', 'no': 'x',
                'a/b\r\nX: y': 'x', 'image/\x1b': b'x', 'image/png': b'x'}
"""
SHOW = CODE + "V()"
FAIL = CODE + "print(ascii(V()))\nraise ValueError('\\ud800 \\x1b[2J')"
FORGE = r"""
import json, os, stat, time
def say(frame):
    for descriptor in range(3, 1024):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode): os.write(descriptor, len(frame).to_bytes(4, 'little') + frame)
        except OSError: pass
say(FRAME); time.sleep(30)
"""
WHOLE: dict[str, Any] = {"call": 0, "status": 0, "interrupted": False, "result": None, "displays": []}
FORGED = {
    "name of half a character": json.dumps(WHOLE | {"displays": [{"mime": "image/png", "file": "\ud800"}]}).encode(),
    "name of a raw byte": json.dumps(WHOLE | {"displays": [{"mime": "image/png", "file": "\udcff"}]}).encode(),
    "media type of half a character": json.dumps(WHOLE | {"displays": [{"mime": "a/\ud800", "text": ""}]}).encode(),
    "media type with a header": json.dumps(WHOLE | {"displays": [{"mime": "a/b\r\nX: y", "file": "x"}]}).encode(),
    "text of half a character": json.dumps(WHOLE | {"displays": [{"mime": "a/b", "text": "\ud800"}]}).encode(),
    "result of half a character": json.dumps(WHOLE | {"result": "\ud800\udbff"}).encode(),
    "raw half of a character": json.dumps(WHOLE | {"result": "R"}).encode().replace(b"R", b"\xed\xa0\x80"),
    "number of 5000 digits": json.dumps(WHOLE).encode().replace(b'"status": 0', b'"status": ' + b"1" * 5000),
    "NaN": json.dumps(WHOLE | {"status": float("nan")}).encode(),
    "UTF-16": json.dumps(WHOLE).encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + json.dumps(WHOLE).encode(),
    "call 0.0": json.dumps(WHOLE | {"call": 0.0}).encode(),
    "call false": json.dumps(WHOLE | {"call": False}).encode(),
    "deep": b"[" * 200_000,
    "deep in a field": json.dumps(WHOLE).encode().replace(b"[]", b"[" * 100_000 + b"]" * 100_000),
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The built-in plugin."""
    with serving(tmp_path_factory.mktemp("strict"), "--preload", "none", "--timeout", "5") as running:
        yield running


def plugcli(*arguments: str | bytes, cwd: Path | None = None) -> "subprocess.CompletedProcess[bytes]":
    """Run plugcli; what it prints as bytes."""
    return subprocess.run([*PLUGCLI, *arguments], capture_output=True, timeout=60, check=False, cwd=cwd)


def strict(data: bytes) -> Any:
    """What the JSON in `data` says to a reader that takes no halves of characters, no NaN and nothing behind it."""
    value = orjson.loads(data)
    assert "\ud800" not in json.dumps(value, ensure_ascii=False)
    return value


@pytest.mark.parametrize("session", [None, "s"])
@pytest.mark.parametrize("code", [SHOW, FAIL, CODE + "os._exit(7)", CODE + "import time; time.sleep(60)"])
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_answer_to_a_call_is_strict(server: Server, session: str | None, code: str, accept: str) -> None:
    """As one object and as events."""
    body = {"code": code, "timeout": 1} | ({} if session is None else {"session": session})
    answer = server.post("/execute", body, Accept=accept)
    assert 200 == answer.status
    datas = [answer.body] if accept == "application/json" else re.findall(rb"(?m)^data: (.*)$", answer.body)
    result = [strict(data) for data in datas][-1]
    assert {"\ufffd.txt", "\ufffd\ufffd.csv"} <= {file["name"] for file in result["files"]} or session
    assert all(
        re.fullmatch(r"[\w.+-]+/[\w.+-]+", each["mime"]) for each in (*result["displays"], *result["files"])
    )


def test_list_of_files_is_strict_and_its_addresses_are_exact(server: Server) -> None:
    """A name that JSON cannot say is said as far as it can be; its address holds its bytes."""
    server.post("/execute", {"code": "open(b'\\xc3.txt', 'w').write('mine')", "session": "names"})
    (file,) = strict(server.get("/files?session=names").body)["files"]
    assert ("\ufffd.txt", True) == (file["name"], file["url"].endswith("/%C3.txt"))
    assert b"mine" == server.get(file["url"].removeprefix(server.url)).body


@pytest.mark.parametrize("frame", FORGED.values(), ids=FORGED.keys())
def test_forged_frame_ends_its_session_at_most(server: Server, frame: bytes) -> None:
    """Never a 5xx and never a traceback: the session may lie about its own results, and about nothing else."""
    code = FORGE.replace("FRAME", repr(frame))
    session = f"forged-{hash(frame)}"
    answer = server.post("/execute", {"code": code, "session": session})
    assert 200 == answer.status
    result = strict(answer.body)
    assert (result["outcome"], result["session"]["state"]) in (("died", "lost"), ("ok", "new"))
    after = strict(server.post("/execute", {"code": "6 * 7", "session": session}).body)
    assert "42" in (
        after["result"],
        strict(server.post("/execute", {"code": "6 * 7", "session": session}).body)["result"],
    )
    assert "Traceback" not in server.log()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/health"), ("GET", "/openapi.json"), ("GET", "/.well-known/ai-plugin.json"), ("GET", "/files"), ("GET", "/nothing"),
        ("GET", "/files?session=%ED%A0%80"), ("GET", "/files?session=%FF"), ("GET", "/files?%FF=1"), ("GET", "/files/a.b/%FF"),
        ("GET", "/%FF%1B"),
        ("POST", "/files?name=%FF%00"), ("POST", "/files?name=%ED%A0%80&session=x"), ("POST", "/execute"), ("PUT", "/files"),
    ],
)  # fmt: skip
def test_page_and_refusal_are_strict(server: Server, method: str, path: str) -> None:
    """They quote what the caller sent."""
    answer = server.call(method, path, b"x" if method != "GET" else None)
    assert answer.status < 500
    if answer.headers["content-type"] == "application/json":
        strict(answer.body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"\\ud800": 1}',
        b'{"code": "\\ud800", "session": "\\udfff"}',
        b'{"code": NaN}',
        b"\xff",
        b'{"a": "\\u0000\\u001b"}',
    ],
)
def test_refusal_of_a_body_is_strict(server: Server, body: bytes) -> None:
    """They quote fields."""
    answer = server.call("POST", "/execute", body, {"Content-Type": "application/json"})
    assert 400 <= answer.status < 500
    assert {"error", "hint"} == set(strict(answer.body))


def test_documents_of_a_strange_plugin_are_strict(tmp_path: Path) -> None:
    """JSON may spell half a character; what JSON cannot say at all is told, not sent."""
    folder = write_plugin(tmp_path / "mine")
    manifest = folder / ".well-known/ai-plugin.json"
    manifest.write_text(manifest.read_text().replace("Says hello.", "Says \\ud800 hello."))
    (folder / "openapi.yaml").unlink()
    document = '{"openapi": "3.1.0", "info": {"title": "\\ud800", "version": "1"}, "paths": {}, "x-%s": %s}'
    with serving(tmp_path, folder) as running:
        assert (
            "Says \ufffd hello."
            == strict(running.get("/.well-known/ai-plugin.json").body)["description_for_human"]
        )
        for name, number, status in (
            ("a", "1", 200),
            ("b", "1e400", 500),
            ("c", "1" + "0" * 400, 500),
            ("d", "18446744073709551616", 200),
        ):
            (folder / "openapi.json").write_text(document % (name, number))
            answer = running.get("/openapi.json")
            assert (name, status) == (name, answer.status)
            strict(answer.body)


def strange(folder: Path) -> Path:
    """A plugin whose name, keys and values are hostile."""
    folder = folder / os.fsdecode(b"n\xff\x1b\xe2\x80\xae")
    (folder / ".well-known").mkdir(parents=True)
    names = '"name_for_human": "\\ud800 \\u001b[2J", "name_for_model": "a\\udfff b"'
    text = f'{{"schema_version": "v1", "\\ud800\\u202e": 1, {names}, "api": {{"url": "\\ud800"}}}}'
    (folder / ".well-known/ai-plugin.json").write_text(text)
    paths = '{"/\\ud800\\u202e": {"get": {"operationId": "\\ud800", "parameters": [{"name": "\\udc00\\u001b", "in": "query"}]}}}'
    (folder / "openapi.json").write_text(
        f'{{"openapi": "3.1.0", "info": {{"title": "\\ud800"}}, "paths": {paths}}}'
    )
    return folder


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_report_on_a_strange_plugin_is_strict(tmp_path: Path, form: str) -> None:
    """Printed, and in a file; with a target whose name is no UTF-8."""
    folder = strange(tmp_path)
    target = os.fsencode(folder)
    done = plugcli(
        "validate", "--for", "all", "--format", form, "--output", f"{form}:{tmp_path / 'report'}", target
    )
    assert done.returncode in (0, 1), done.stderr
    assert strict(done.stdout)
    assert strict((tmp_path / "report").read_bytes())
    assert done.stdout.isascii()


@pytest.mark.parametrize(
    "arguments",
    [
        ("doctor", "--json"), ("rules", "--json"), ("schema", "manifest"), ("schema", "report"), ("exec", "--json", "-c", CODE),
        ("exec", "--json", "-c", "import sys; sys.exit('\\ud800')"),
    ],
)  # fmt: skip
def test_command_prints_strict_json(arguments: tuple[str, ...]) -> None:
    """Whatever the code did."""
    done = plugcli(*arguments)
    assert done.returncode in (0, 1), done.stderr
    assert strict(done.stdout)
    assert done.stdout.isascii()


def test_prompt_of_a_strange_plugin_is_strict(tmp_path: Path) -> None:
    """The model's text is the document's."""
    done = plugcli("prompt", "--json", os.fsencode(strange(tmp_path)))
    if done.returncode == 0:
        assert strict(done.stdout)
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(("extra", "size"), [((), 1), (("--session", "json"), 1)])
def test_exec_of_a_session_prints_strict_json_and_brings_exact_names(
    server: Server, tmp_path: Path, extra: tuple[str, ...], size: int
) -> None:
    """--json says the name as far as JSON can; --out has the file under the name that the code gave it."""
    place = ("--server", server.url) if extra else ()
    done = plugcli(
        "exec",
        *extra,
        *place,
        "--json",
        "--out",
        "out",
        "-c",
        "open(b'\\xc3.txt', 'w').write('x')",
        cwd=tmp_path,
    )
    assert 0 == done.returncode, done.stderr
    assert ["\ufffd.txt"] == [file["name"] for file in strict(done.stdout)["files"]]
    assert [b"\xc3.txt"] == os.listdir(os.fsencode(tmp_path / "out"))  # noqa: PTH208 (bytes)


def on_terminal(*arguments: str | bytes) -> str:
    """What plugcli shows on a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*PLUGCLI, *arguments], stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    screen = b""
    try:
        while piece := os.read(ours, 65536):
            screen += piece
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    process.wait(60)
    return screen.decode("utf-8", "surrogateescape")


HIDDEN = re.compile(
    "[\x00-\x06\x0b-\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\udc80-\udc9f\U000e0000-\U000e007f]|\x1b(?!\\[[0-9;]*m)"
)


@pytest.mark.parametrize(
    "arguments",
    [
        ("exec", "-c", CODE + "print('\\u202ea\\u2066\\u200b\\u2028\\U000e0041\\x9b\\x7f')"),
        ("exec", "-c", FAIL.replace("\\ud800 ", "\\u202e\\u2069")),
        ("exec", "--out", "OUT", "-c", CODE),
        ("exec", "/no\u202e\u200b/such\x1b[2J\n.py"),
    ],
    ids=["output", "traceback", "files", "name"],
)  # fmt: skip
def test_terminal_shows_what_exec_says(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """Nothing reorders, nothing is hidden, nothing is obeyed: output, tracebacks, names of files and messages."""
    control = "\u202e\u200b"
    assert HIDDEN.search(control)
    screen = on_terminal(*(each.replace("OUT", str(tmp_path / "out")) for each in arguments))
    assert [] == HIDDEN.findall(screen), ascii(screen)


def test_terminal_shows_what_validate_says(tmp_path: Path) -> None:
    """Names, keys, values and the file's own lines."""
    screen = on_terminal("validate", "--for", "all", "--show-prompt", os.fsencode(strange(tmp_path)))
    assert [] == HIDDEN.findall(screen), ascii(screen)
    assert "\\u202e" in screen


def test_log_and_first_lines_are_harmless(tmp_path: Path) -> None:
    """A crash's message is the plugin's and may be a caller's; names of folders may be anything."""
    words = r"'\x1b[2J\u202e\u200b\ud800\n00:00:00 GET /forged 200 0 ms ' + scope.get('path', '')"
    crash = f"async def app(scope, receive, send):\n    raise ValueError({words})"
    folder = write_plugin(tmp_path / "n\u202e\x1b[2J", crash, name_for_human="A\u202e\x1b[2J\u200b")
    with serving(tmp_path, folder) as running:
        assert 500 == running.get("/%1b%E2%80%AE").status
        assert [] == HIDDEN.findall(running.log().replace("\n", ""))
        assert [] == HIDDEN.findall("".join(running.banner))
        assert "ValueError" in running.log()
        assert not re.search(r"(?m)^00:00:00 GET /forged", running.log())
