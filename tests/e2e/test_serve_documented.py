"""Real answers of the built-in plugin against the document that it serves: each operation, each kind of status."""

import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugcli.scaffold import scaffold, templates
from plugcli.serve.server import CONNECTIONS_MAX
from tests.e2e.documented import Documented
from tests.e2e.serving import CHAT, Answer, Server, serving, wait_for, write_plugin

TOKEN = "q8Zr1-vK5_tW3xYb7Ld9"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=XX"}
MIB = 1024 * 1024
FILE = "/files/{link}/{name}"
FORM_WITH_FILE = (
    b'--XX\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na,b\n\r\n--XX--\r\n'
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    limits = ("--timeout-max", "7.5", "--preload", "none", "--file-size", "1MiB", "--workspace", "4MiB")
    with serving(tmp_path_factory.mktemp("documented"), *limits) as running:
        yield running


def call(code: str, **fields: object) -> bytes:
    return json.dumps({"code": code, **fields}).encode()


@pytest.mark.parametrize(
    ("method", "path", "status", "body", "headers"),
    [
        ("POST", "/execute", 200, call("print(1)"), JSON),
        ("POST", "/execute", 200, call("1/0", session="documented"), JSON),
        ("POST", "/execute", 200, call("while True: pass", timeout=0.5), JSON),
        ("POST", "/execute", 200, call("print(1)"), {**JSON, "Accept": "text/event-stream"}),
        ("POST", "/execute", 400, b"{", JSON),
        ("POST", "/execute", 403, call("1"), {**JSON, "Origin": "https://evil.example"}),
        ("POST", "/execute", 413, call("x" * 17 * MIB), JSON),
        ("POST", "/execute", 415, call("1"), {"Content-Type": "text/plain"}),
        ("POST", "/execute", 421, call("1"), {**JSON, "Host": "evil.example"}),
        ("POST", "/execute", 422, call("1", timeout=7.6), JSON),
        ("GET", "/files?session=documented", 200, None, {}),
        ("GET", "/files", 404, None, {}),
        ("GET", "/files?session=never", 404, None, {}),
        ("GET", "/files?session=", 422, None, {}),
        ("GET", "/files", 403, None, {"Origin": "https://evil.example"}),
        ("POST", "/files?session=documented", 201, FORM_WITH_FILE, FORM),
        ("POST", "/files", 400, b"--XX\r\n", FORM),
        ("POST", "/files", 413, FORM_WITH_FILE.replace(b"a,b", b"x" * 2 * MIB), FORM),
        ("POST", "/files", 422, FORM_WITH_FILE.replace(b'; filename="a.csv"', b""), FORM),
        ("POST", "/files", 422, FORM_WITH_FILE.replace(b"a.csv", b"../a"), FORM),
        ("POST", "/files", 421, FORM_WITH_FILE, {**FORM, "Host": "evil.example"}),
    ],
)
def test_answer_is_one_of_the_document(
    server: Server, method: str, path: str, status: int, body: bytes | None, headers: dict[str, str]
) -> None:
    """A client made from the document reads every answer, and a refusal as well as a result."""
    answer = server.call(method, path, body, headers)
    assert status == answer.status, answer.body
    Documented.of(server).check(method, path.partition("?")[0], answer)


def test_answers_about_a_file_are_those_of_the_document(server: Server) -> None:
    """Whole, in part, out of range, another type, gone: all that a client may get for a url of ours."""
    document = Documented.of(server)

    def ask(method: str, url: str, status: int, **headers: str) -> Answer:
        answer = server.call(method, url.removeprefix(server.url), headers=headers)
        assert status == answer.status, answer.body
        document.check(method, FILE, answer)
        return answer

    code = "for name in ('a.csv', 'b.png', 'c', 'd.json'): open(name, 'w').write('[1]')"
    result = server.post("/execute", {"code": code, "session": "files"}).json()
    urls = {file["name"]: file["url"] for file in result["files"]}
    mimes = {name: ask("GET", url, 200).headers["content-type"] for name, url in urls.items()}
    assert mimes == {
        "a.csv": "text/csv; charset=utf-8",
        "b.png": "image/png",
        "c": "application/octet-stream",
        "d.json": "application/json",
    }
    assert ask("GET", urls["a.csv"], 206, Range="bytes=1-1").headers["content-range"] == "bytes 1-1/3"
    assert ask("GET", urls["a.csv"], 416, Range="bytes=9-").headers["content-range"] == "bytes */3"
    ask("GET", urls["c"] + "x", 404)
    ask("DELETE", urls["a.csv"], 204)
    ask("DELETE", urls["a.csv"], 404)
    ask("GET", urls["b.png"], 403, Origin="https://evil.example")


def test_refusals_for_want_of_a_token_are_those_of_the_document(tmp_path: Path) -> None:
    """401 is an answer of each operation too."""
    with serving(tmp_path, "--preload", "none", PLUGCLI_TOKEN=TOKEN) as server:
        document = Documented.of(server)
        for method, path in (("POST", "/execute"), ("GET", "/files"), ("POST", "/files"), ("DELETE", FILE)):
            answer = server.call(method, path.replace("{", "").replace("}", ""), b"{}", JSON)
            assert answer.status == 401
            document.check(method, path, answer)


def test_served_bounds_are_those_of_the_server(server: Server) -> None:
    """`--timeout-max` is what a model may ask for; it reads that in the document."""
    fields = Documented.of(server).document["components"]["schemas"]["RunRequest"]["properties"]
    assert fields["timeout"]["maximum"] == 7.5
    assert "maximum: 7.5" in server.get("/openapi.yaml").body.decode()
    assert server.post("/execute", {"code": "1", "timeout": 7.5}).status == 200
    assert server.post("/execute", {"code": "1", "timeout": 7.51}).status == 422


def test_stateless_document_offers_no_sessions(tmp_path: Path) -> None:
    """What is always refused is not offered."""
    with serving(tmp_path, "--preload", "none", "--stateless") as server:
        document = Documented.of(server).document
        assert [*document["paths"]] == ["/execute"]
        assert sorted(document["components"]["schemas"]["RunRequest"]["properties"]) == ["code", "timeout"]


def test_too_many_connections_are_refused_in_the_same_form(tmp_path: Path) -> None:
    """503 with the time to come back, for a page of the host too; and with fewer connections it answers again."""
    with serving(tmp_path, write_plugin(tmp_path / "mine")) as server, contextlib.ExitStack() as idle:
        document = Documented.of(server)
        for _ in range(CONNECTIONS_MAX):
            connection = idle.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            connection.sendall(b"GET ")
        wait_for(lambda: server.get("/health").status == 503)
        answer = server.get("/hello/ann", Origin=CHAT)
        assert answer.status == 503
        assert answer.headers["access-control-allow-origin"] == CHAT
        assert int(answer.headers["retry-after"]) > 0
        assert set(answer.json()) == {"error", "hint"}
        idle.close()
        wait_for(lambda: server.get("/health").status == 200)
        assert Documented.of(server) == document


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/execute", "POST"),
        ("/files", "GET, HEAD, POST"),
        ("/files/a.b/c", "DELETE, GET, HEAD"),
        ("/openapi.yaml", "GET, HEAD"),
        ("/.well-known/ai-plugin.json", "GET, HEAD"),
        ("/health", "GET, HEAD"),
        ("/logo.png", "GET, HEAD"),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_405_names_the_methods_that_are_there(server: Server, method: str, path: str, methods: str) -> None:
    """RFC 9110, 15.5.6; in the one form of all refusals."""
    answer = server.call(method, path)
    assert (answer.status, answer.headers["allow"]) == (405, methods)
    assert set(answer.json()) == {"error", "hint"}


@pytest.mark.parametrize("method", ["PUT", "TRACE", "OPTIONS"])
@pytest.mark.parametrize("mime", ["text/plain", "multipart/form-data; boundary=XX", "application/json"])
def test_405_comes_before_the_type_of_the_body(
    server: Server, tmp_path: Path, method: str, mime: str
) -> None:
    """Another body would not help: with code of any kind, the refusal is about the method."""
    scaffold(templates()["todo"], {}, tmp_path / "todo")
    with serving(tmp_path, tmp_path / "todo") as todo:
        for asked, path, allow in (
            (todo, "/todos/ann", "DELETE, GET, HEAD, POST"),
            (server, "/execute", "POST"),
            (server, "/files", "GET, HEAD, POST"),
        ):
            answer = asked.call(method, path, b"{}", {"Content-Type": mime})
            assert (answer.status, answer.headers["allow"]) == (405, allow)
            assert set(answer.json()) == {"error", "hint"}
        assert todo.call("POST", "/todos/ann", b"{}", {"Content-Type": "text/plain"}).status == 415


def test_path_that_is_not_there_is_refused_in_the_same_form(server: Server) -> None:
    """The model reads `error` and `hint`, whoever refuses."""
    for path in ("/nothing", "/execute/x", "/files/a"):
        answer = server.get(path)
        assert (answer.status, set(answer.json())) == (404, {"error", "hint"})


def test_plugin_without_code_knows_its_methods(tmp_path: Path) -> None:
    """501 is for what the document has; a method that it does not have will never be there."""
    with serving(tmp_path, write_plugin(tmp_path / "mine", None)) as server:
        assert server.get("/hello/ann").status == 501
        answer = server.call("DELETE", "/hello/ann")
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
        answer = server.call("POST", "/openapi.yaml")
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_plugin_without_code_is_at_the_base_path_of_its_servers(tmp_path: Path) -> None:
    """A host asks there. A path that only ends like one of the API's is 404, not 501: no code will ever answer it."""
    folder = write_plugin(tmp_path / "mine", None)
    openapi = folder / "openapi.yaml"
    openapi.write_text(
        openapi.read_text().replace("url: http://localhost:5003", "url: http://localhost:5003/base")
    )
    with serving(tmp_path, folder) as server:
        asked = (
            "/base/hello/ann",
            "/hello/ann",
            "/hello/a%2Fb",
            "/anything/hello/ann",
            "/base/base/hello/ann",
        )
        assert [501, 501, 501, 404, 404] == [server.get(path).status for path in asked]
        answer = server.call("DELETE", "/base/hello/ann")
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_plugin_without_code_tells_operations_apart_by_their_query(tmp_path: Path) -> None:
    """Documents of real plugins have `/services?funcs=A` as a path."""
    folder = write_plugin(tmp_path / "mine", None)
    openapi = folder / "openapi.yaml"
    openapi.write_text(openapi.read_text().replace("/hello/{name}:", "/services?funcs=A:"))
    with serving(tmp_path, folder) as server:
        asked = ("/services?funcs=A", "/services?mobile=0&funcs=A", "/services?funcs=B", "/services")
        assert [501, 501, 404, 404] == [server.get(path).status for path in asked]
