"""`plugcli serve` as a chat host, a browser and an attacker's page meet it: real processes, real sockets."""

import contextlib
import json
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from plugcli.scaffold import scaffold, templates
from tests.e2e.serving import (
    CHAT,
    LOGO,
    MANIFEST,
    OPENAPI,
    Server,
    refused,
    serving,
    start,
    wait_for,
    write_plugin,
)

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One plugin that echoes, for the tests that change nothing."""
    tmp_path = tmp_path_factory.mktemp("serve")
    with serving(tmp_path, write_plugin(tmp_path / "mine")) as running:
        yield running


# --- starting ---


def test_start_says_what_where_and_what_to_paste(server: Server) -> None:
    """A host takes `localhost:PORT` and nothing else for a plugin on the user's machine."""
    folder = server.log_file.parent / "mine"
    assert server.banner == [
        "sandbox: not needed, because this plugin does not run code from a model",
        f"plugin: Mine ({folder})",
        f"listening: http://127.0.0.1:{server.port}",
        f"paste into the chat host: localhost:{server.port}",
    ]


def test_current_directory_is_served_and_said(tmp_path: Path) -> None:
    """Without FOLDER the author's own plugin comes first, and the first lines say which one it is."""
    folder = write_plugin(tmp_path / "mine")
    with serving(tmp_path, cwd=folder) as server:
        assert "plugin: Mine (in the current directory)" in server.banner
        assert server.get("/hello/ann").json()["path"] == "/hello/ann"


def test_ipv6_loopback_is_served(tmp_path: Path) -> None:
    """`localhost` is ::1 first on many systems."""
    with serving(tmp_path, write_plugin(tmp_path / "mine"), "--host", "::1", host="::1") as server:
        assert f"listening: http://[::1]:{server.port}" in server.banner
        answer = server.get("/.well-known/ai-plugin.json", Host=f"[::1]:{server.port}")
        assert answer.json()["logo_url"] == f"http://[::1]:{server.port}/logo.png"


def test_port_in_use_is_a_sentence(server: Server, tmp_path: Path) -> None:
    """And the program that holds it is not disturbed."""
    status, said = refused(server.log_file.parent / "mine", "--port", str(server.port), cwd=tmp_path)
    assert status == 3
    assert f"error: another program is already listening on 127.0.0.1:{server.port}" in said
    assert "--port" in said.partition("hint:")[2]
    assert server.get("/hello/ann").status == 200


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["--port", "70000"], 2, "65535"),
        (["--port", "http"], 2, "--port"),
        (["--host", "no.such.host.invalid"], 3, "no.such.host.invalid"),
        (["--host", "192.0.2.1"], 3, "192.0.2.1"),
        (["--allow-origin", "*"], 2, "every page on the web"),
        (["--allow-origin", "example.com"], 2, "not an origin"),
        (["--memory", "lots"], 2, "lots"),
        (["--timeout", "nan"], 2, "nan"),
        (["--timeout", "50", "--timeout-max", "40"], 2, "--timeout-max"),
        (["--answer-characters", "10"], 2, "2000"),
        (["--sessions", "0"], 2, "sessions"),
        (["--session-idle", "nan"], 2, "session idle seconds"),
        (["--session-life", "-1"], 2, "session life seconds"),
        (["--sessions-memory", "much"], 2, "much"),
        (["--sessions-memory", "1MiB"], 2, "all sessions together"),
        (["--file-size", "0"], 2, "file bytes"),
        (["--preload", "numpy pandas"], 2, "numpy pandas"),
        (["--token-file", "missing"], 2, "missing"),
        (["--token-file", "."], 2, "token file"),
        (["--host", "0.0.0.0"], 2, "needs a token"),
        (["--host", "::"], 2, "needs a token"),
    ],
)
def test_bad_option_is_a_sentence(tmp_path: Path, arguments: list[str], status: int, says: str) -> None:
    """Bad input gets what is wrong and what to do, and starts nothing."""
    ended, said = refused(write_plugin(tmp_path / "mine"), *arguments, cwd=tmp_path)
    assert ended == status
    assert says in said


def test_folder_that_is_not_there_is_usage(tmp_path: Path) -> None:
    """Exit 2 for what does not exist, 3 for what exists and is no plugin."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    assert refused("missing", cwd=tmp_path)[0] == 2
    assert refused("file", cwd=tmp_path)[0] == 2
    status, said = refused("empty", cwd=tmp_path)
    assert status == 3
    assert "not a plugin" in said
    assert "plugcli init empty" in said


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import os\n\nvalue = 1 +\n", "line 3: invalid syntax"),
        ("import no_such_package\n", "line 1: ModuleNotFoundError: No module named 'no_such_package'"),
        ("x = 1\n", "defines neither app nor create_app"),
        ("def app(environ, start_response): pass\n", "not an ASGI application"),
        ("import sys\nsys.exit('bye')\n", "line 2: SystemExit: bye"),
    ],
)
def test_plugin_that_cannot_run_is_a_sentence(tmp_path: Path, code: str, says: str) -> None:
    """The true cause and the author's line, at the start and not at the first call."""
    status, said = refused(write_plugin(tmp_path / "mine", code), cwd=tmp_path)
    assert status == 3
    assert says in said


def test_lifespan_of_the_plugin_runs(tmp_path: Path) -> None:
    """Database pools and the like are opened and closed there; its state reaches every request."""
    code = """
import contextlib
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

@contextlib.asynccontextmanager
async def lifespan(app):
    print("opened", flush=True)
    yield {"pool": "ready"}
    print("closed", flush=True)

app = Starlette(lifespan=lifespan, routes=[Route("/x", lambda request: JSONResponse(request.state.pool))])
"""
    with serving(tmp_path, write_plugin(tmp_path / "mine", code)) as server:
        assert server.banner[0] == "opened"
        assert server.get("/x").json() == "ready"
        assert server.stop() == 0
        assert server.rest_of_output() == "closed\n"


def test_failing_lifespan_is_a_sentence(tmp_path: Path) -> None:
    """A plugin whose start-up fails must not look as if it served."""
    code = """
import contextlib
from starlette.applications import Starlette

@contextlib.asynccontextmanager
async def lifespan(app):
    raise ConnectionError("no database at db.example")
    yield

app = Starlette(lifespan=lifespan)
"""
    folder = write_plugin(tmp_path / "mine", code)
    with (tmp_path / "log").open("w") as log:
        with start(folder, "--port", "0", cwd=tmp_path, stderr=log) as process:
            assert process.wait(60) == 3
            assert process.stdout is not None
            assert process.stdout.read() == ""
    said = (tmp_path / "log").read_text()
    assert "ConnectionError: no database at db.example" in said
    assert "error: the plugin's own start-up" in said


# --- documents ---


def test_manifest_stands_where_the_server_stands(server: Server) -> None:
    """Written for port 5003, served on another: addresses move, the author's words do not."""
    answer = server.get("/.well-known/ai-plugin.json")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == MANIFEST | {
        "api": {"type": "openapi", "url": f"{server.url}/openapi.yaml"},
        "logo_url": f"{server.url}/logo.png",
        "legal_info_url": f"{server.url}/legal",
    }


def test_openapi_is_served_as_yaml_and_as_json(server: Server) -> None:
    """Hosts differ in what they read; both say the same."""
    as_yaml, as_json = server.get("/openapi.yaml"), server.get("/openapi.json")
    expected = yaml.safe_load(OPENAPI)
    expected["servers"] = [{"url": server.url}]
    # In OpenAPI the keys of responses are text.
    responses = expected["paths"]["/hello/{name}"]["get"]
    responses["responses"] = {str(key): value for key, value in responses["responses"].items()}
    assert (as_yaml.headers["content-type"], as_json.headers["content-type"]) == (
        "application/yaml",
        "application/json",
    )
    assert yaml.safe_load(as_yaml.body) == expected
    assert as_json.json() == expected


def test_document_without_local_addresses_is_served_byte_for_byte(tmp_path: Path) -> None:
    """Comments, order and odd spellings are the author's."""
    folder = write_plugin(tmp_path / "mine")
    text = OPENAPI.replace("http://localhost:5003", "https://example.com")
    (folder / "openapi.yaml").write_text(text)
    with serving(tmp_path, folder) as server:
        assert server.get("/openapi.yaml").body.decode() == text


def test_edit_is_served_at_once(tmp_path: Path) -> None:
    """An author edits and refetches; a restart between is what they forget."""
    folder = write_plugin(tmp_path / "mine")
    with serving(tmp_path, folder) as server:
        assert server.get("/.well-known/ai-plugin.json").json()["name_for_model"] == "mine"
        manifest = MANIFEST | {"name_for_model": "other", "api": {"type": "openapi", "url": "/spec/api.json"}}
        (folder / ".well-known/ai-plugin.json").write_text(json.dumps(manifest))
        (folder / "spec").mkdir()
        (folder / "spec/api.json").write_text('{"openapi": "3.1.0", "x": 1}')
        served = server.get("/.well-known/ai-plugin.json").json()
        assert served["name_for_model"] == "other"
        assert served["api"]["url"] == f"{server.url}/spec/api.json"
        assert server.get("/spec/api.json").json() == {"openapi": "3.1.0", "x": 1}
        (folder / "spec/api.json").write_text('{"openapi": "3.1.0", "x": 2}')
        assert server.get("/spec/api.json").json()["x"] == 2


def test_broken_document_names_its_place(tmp_path: Path) -> None:
    """For a trailing comma the host says "CORS"; the server says which line, on start and to whoever asks."""
    folder = write_plugin(tmp_path / "mine")
    (folder / ".well-known/ai-plugin.json").write_text('{\n  "schema_version": "v1",\n}\n')
    with serving(tmp_path, folder) as server:
        assert any(line.startswith("warning:") and "ai-plugin.json:2:" in line for line in server.banner)
        answer = server.get("/.well-known/ai-plugin.json")
        assert answer.status == 500
        assert answer.json()["error"].startswith(".well-known/ai-plugin.json:2:")
        shutil.copy(write_plugin(tmp_path / "good") / ".well-known/ai-plugin.json", folder / ".well-known")
        assert server.get("/.well-known/ai-plugin.json").status == 200


def test_logo_and_legal_page_are_served(server: Server) -> None:
    """A host shows the logo from another origin, as a picture."""
    logo = server.get(
        "/logo.png", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors", Sec_Fetch_Dest="image"
    )
    assert (logo.status, logo.headers["content-type"], logo.body) == (200, "image/png", LOGO)
    assert logo.headers["cross-origin-resource-policy"] == "cross-origin"
    link = server.get(
        "/legal", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document"
    )
    assert (link.status, link.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert server.call("HEAD", "/logo.png").body == b""


def test_logo_and_legal_page_are_served_where_the_manifest_says(tmp_path: Path) -> None:
    """logo_url may name an SVG in a folder, legal_info_url a file of its own."""
    folder = write_plugin(
        tmp_path / "mine", logo_url="/art/my%20logo.svg", legal_info_url="http://127.0.0.1:5003/terms.html"
    )
    (folder / "art").mkdir()
    (folder / "art/my logo.svg").write_text("<svg/>")
    (folder / "terms.html").write_text("<p>terms")
    with serving(tmp_path, folder) as server:
        logo = server.get("/art/my%20logo.svg")
        assert (logo.headers["content-type"], logo.body) == ("image/svg+xml", b"<svg/>")
        assert server.get("/terms.html").body == b"<p>terms"


@pytest.mark.parametrize(
    "path", ["/plugin.py", "/../secret.png", "/..%2fsecret.png", "/link.png", "//etc/passwd"]
)
def test_nothing_else_of_the_folder_is_served(tmp_path: Path, path: str) -> None:
    """Whatever the manifest names, only its documents leave the folder, and nothing from outside of it."""
    (tmp_path / "secret.png").write_text("secret")
    folder = write_plugin(tmp_path / "mine", None, logo_url=f"http://localhost:5003{path}")
    (folder / "plugin.py").write_text(
        "# secret\nasync def app(scope, receive, send): raise NotImplementedError\n"
    )
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    with serving(tmp_path, folder) as server:
        answer = server.get(path)
        assert answer.status != 200
        assert b"secret" not in answer.body


def test_health_tells_version_and_sandbox(server: Server) -> None:
    """For scripts that wait for it, and for people who ask what holds the code."""
    health = server.get("/health").json()
    assert (health["status"], health["sandbox"]) == ("ok", {"needed": False})
    assert health["version"]


def test_folder_without_code_answers_501(tmp_path: Path) -> None:
    """The documents of a plugin can be tried in a host before there is any code."""
    with serving(tmp_path, write_plugin(tmp_path / "mine", None)) as server:
        assert "warning: there is no plugin.py, so calls are answered with 501" in server.banner
        assert server.get("/openapi.yaml").status == 200
        call = server.get("/hello/ann")
        assert call.status == 501
        assert "plugin.py" in call.json()["error"]
        assert server.get("/favicon.ico").status == 404


def test_document_that_the_plugin_makes_itself_is_public(tmp_path: Path) -> None:
    """FastAPI generates /openapi.json; a host reads it before it has any token."""
    folder = write_plugin(
        tmp_path / "mine", api={"type": "openapi", "url": "http://localhost:5003/made.json"}
    )
    (folder / "openapi.yaml").unlink()
    with serving(tmp_path, folder, PLUGCLI_TOKEN="q8Zr1-vK5_tW3xYb7Ld9") as server:
        assert server.get("/made.json").json()["path"] == "/made.json"
        assert server.get("/other.json").status == 401


# --- who may call ---


def test_preflight_of_the_host_is_allowed(server: Server) -> None:
    """Its calls are JSON with headers of its own, from a public page to a private address (Chrome asks)."""
    wanted = (
        "content-type, authorization, openai-conversation-id, openai-ephemeral-user-id, "
        "openai-subdivision-1-iso-code, openai-gpt-id"
    )
    answer = server.call(
        "OPTIONS",
        "/execute",
        headers={
            "Origin": CHAT,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": wanted,
            "Access-Control-Request-Private-Network": "true",
        },
    )
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == CHAT
    assert answer.headers["access-control-allow-private-network"] == "true"
    allowed = {each.strip().lower() for each in answer.headers["access-control-allow-headers"].split(",")}
    assert {each.strip() for each in wanted.split(",")} <= allowed
    assert "POST" in answer.headers["access-control-allow-methods"]


@pytest.mark.parametrize("origin", [CHAT, "https://chatgpt.com"])
def test_host_reads_answers_and_refusals(server: Server, origin: str) -> None:
    """Without CORS on a refusal too, the host could only say "CORS" for whatever went wrong."""
    for answer in (
        server.get("/.well-known/ai-plugin.json", Origin=origin),
        server.post("/hello/ann", {}, Origin=origin),
        server.call("POST", "/hello/ann", "x", {"Origin": origin, "Content-Type": "text/plain"}),
    ):
        assert answer.headers["access-control-allow-origin"] == origin
        assert "origin" in answer.headers["vary"].lower()


def test_more_origins_can_be_allowed(tmp_path: Path) -> None:
    """Other hosts, and the author's own pages."""
    folder = write_plugin(tmp_path / "mine")
    with serving(
        tmp_path, folder, "--allow-origin", "https://a.example", "--allow-origin", "http://b:1"
    ) as server:
        for origin in ("https://a.example", "http://b:1", CHAT):
            assert server.get("/x", Origin=origin).headers["access-control-allow-origin"] == origin
        assert server.get("/x", Origin="https://c.example").status == 403


@pytest.mark.row("G17")
@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", {"Origin": "https://evil.example", **JSON}, 403),
        ("POST", {"Origin": "null", **JSON}, 403),
        ("GET", {"Origin": "https://evil.example"}, 403),
        (
            "GET",
            {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
            403,
        ),
        (
            "GET",
            {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
            403,
        ),
        (
            "GET",
            {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
            403,
        ),
        ("POST", {"Sec-Fetch-Site": "cross-site", **JSON}, 403),
        ("POST", {"Host": "evil.example:5003", **JSON}, 421),
        ("POST", {"Host": "evil.example:5003", "Origin": "http://evil.example:5003", **JSON}, 421),
        ("GET", {"Host": "evil.example"}, 421),
        ("POST", {"Content-Type": "text/plain"}, 415),
        ("POST", {"Content-Type": "text/plain; application/json"}, 415),
        ("POST", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ("PUT", {"Content-Type": "multipart/form-data; boundary=x"}, 415),
        ("PATCH", {}, 415),
        ("DELETE", {"Content-Type": "text/plain"}, 415),
    ],
)
def test_page_elsewhere_runs_nothing(
    server: Server, method: str, headers: dict[str, str], status: int
) -> None:
    """Refused before the plugin, which counts its calls."""
    before = server.get("/count").json()["calls"]
    body = None if method == "GET" else b'{"code": "print(1)"}'
    answer = server.call(method, "/execute", body, headers)
    assert answer.status == status
    assert answer.json()["error"]
    assert "access-control-allow-origin" not in answer.headers
    assert server.get("/count").json()["calls"] == before + 1


@pytest.mark.row("G17")
def test_foreign_preflight_is_not_allowed(server: Server) -> None:
    """The browser then never sends the call."""
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = server.call("OPTIONS", "/execute", headers=headers)
    assert answer.status == 400
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "mime", ["application/json", "application/JSON; charset=utf-8", "application/problem+json"]
)
def test_json_is_taken(server: Server, mime: str) -> None:
    """In every spelling of it."""
    answer = server.call("POST", "/hello/ann", '{"a": 1}', {"Content-Type": mime})
    assert (answer.json()["method"], answer.json()["body"]) == ("POST", '{"a": 1}')


def test_call_without_body_needs_no_content_type(server: Server) -> None:
    """Some operations take no body."""
    assert server.call("POST", "/hello/ann").json()["body"] == ""
    assert server.call("DELETE", "/hello/ann").json()["method"] == "DELETE"


TOKEN = "q8Zr1-vK5_tW3xYb7Ld9"


def test_documents_are_public_and_calls_need_the_token(tmp_path: Path) -> None:
    """A host reads the manifest before its user can give it a token."""
    code = ECHO_ENVIRONMENT
    with serving(tmp_path, write_plugin(tmp_path / "mine", code), PLUGCLI_TOKEN=TOKEN) as server:
        for path in ("/.well-known/ai-plugin.json", "/openapi.yaml", "/openapi.json", "/logo.png", "/legal"):
            assert server.get(path).status == 200
        assert server.get("/health").json() == {"status": "ok"}
        assert "version" in server.get("/health", Authorization=f"Bearer {TOKEN}").json()
        refusal = server.post("/x", {})
        assert refusal.status == 401
        assert refusal.headers["www-authenticate"].startswith("Bearer")
        assert server.post("/x", {}, Authorization="Bearer wrong").status == 401
        assert server.get("/x", Authorization=f"Bearer {TOKEN}").body == b"no token in the environment"


ECHO_ENVIRONMENT = """
import os
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

def x(request):
    return PlainTextResponse(os.environ.get("PLUGCLI_TOKEN", "no token in the environment"))

app = Starlette(routes=[Route("/x", x, methods=["GET", "POST"])])
"""


def test_other_machines_may_call_with_the_token(tmp_path: Path) -> None:
    """Any address but loopback needs one; this machine's own other addresses stand for the network here."""
    (tmp_path / "token").write_text(TOKEN + "\n")
    folder = write_plugin(tmp_path / "mine")
    with serving(tmp_path, folder, "--host", "0.0.0.0", "--token-file", tmp_path / "token") as server:
        assert f"listening: http://0.0.0.0:{server.port}" in server.banner
        given = {"Authorization": f"Bearer {TOKEN}", "Host": f"192.168.7.7:{server.port}"}
        assert server.get("/x").status == 401
        assert server.get("/x", **given).status == 200
        manifest = server.get("/.well-known/ai-plugin.json", Host=f"192.168.7.7:{server.port}").json()
        assert manifest["logo_url"] == f"http://192.168.7.7:{server.port}/logo.png"
        assert server.get("/x", Authorization=f"Bearer {TOKEN}", Host="evil.example").status == 421


def test_weak_token_is_refused(tmp_path: Path) -> None:
    """Also for loopback: whoever sets one relies on it."""
    folder = write_plugin(tmp_path / "mine")
    status, said = refused(folder, cwd=tmp_path, PLUGCLI_TOKEN="hunter2")
    assert status == 2
    assert "too easy to guess" in said
    assert "hunter2" not in said
    assert refused(folder, "--host", "0.0.0.0", cwd=tmp_path, PLUGCLI_TOKEN="")[0] == 2


# --- bodies, crashes, log ---


def test_large_body_is_413_without_reading_it_all(server: Server) -> None:
    """The announced size is enough to refuse: a client that waits for leave never sends the body."""
    connection = server.connect()
    connection.putrequest("POST", "/hello/ann", skip_host=True)
    for name, value in {"Host": "localhost", "Content-Length": str(10**12), **JSON}.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == 413
    assert "16 MiB" in json.loads(response.read())["error"]
    connection.close()


def test_large_body_that_is_sent_anyway_is_413(server: Server) -> None:
    """A client that sends first and reads then must see the answer, not a reset connection."""
    assert server.call("POST", "/hello/ann", b'"' + b"x" * (17 * 2**20) + b'"', JSON).status == 413


def test_large_body_of_unknown_size_is_413(server: Server) -> None:
    """In chunks nothing is announced: counted as it comes."""
    connection = server.connect()
    chunks = (b"x" * 2**20 for _ in range(18))
    connection.request("POST", "/hello/ann", chunks, {"Host": "localhost", **JSON}, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_body_at_the_limit_arrives(server: Server) -> None:
    """10 MB of code is real; so the documented limit is really the limit."""
    body = b'"' + b"x" * (16 * 2**20 - 2) + b'"'
    assert len(server.call("POST", "/hello/ann", body, JSON).json()["body"]) == 16 * 2**20


@pytest.mark.parametrize(
    "crash",
    [
        "raise ValueError('secret detail')",
        "await send({'type': 'http.response.start', 'status': 500}); raise ValueError('secret detail')",
    ],
)
def test_crash_of_the_plugin_is_500_and_in_the_log(tmp_path: Path, crash: str) -> None:
    """The caller learns that it failed; the traceback is for the author alone."""
    code = f"async def app(scope, receive, send):\n    {crash}\n"
    with serving(tmp_path, write_plugin(tmp_path / "mine", code)) as server:
        answer = server.post("/hello/ann", {}, Origin=CHAT)
        assert answer.status == 500
        assert answer.json()["error"]
        assert answer.headers["access-control-allow-origin"] == CHAT
        assert b"secret detail" not in answer.body
        assert "ValueError: secret detail" in server.log()
        assert server.get("/openapi.yaml").status == 200


def test_debug_page_of_a_framework_stays_inside(tmp_path: Path) -> None:
    """Starlette's shows source lines to whoever asks."""
    code = """
from starlette.applications import Starlette
from starlette.routing import Route

def crash(request):
    raise ValueError("secret detail")

app = Starlette(debug=True, routes=[Route("/x", crash)])
"""
    with serving(tmp_path, write_plugin(tmp_path / "mine", code)) as server:
        answer = server.get("/x")
        assert answer.status == 500
        assert "plugin failed" in answer.json()["error"]
        assert b"secret detail" not in answer.body


def test_error_that_the_plugin_answers_itself_is_its_own(tmp_path: Path) -> None:
    """A 500 without a crash is the plugin's answer, not ours."""
    code = """
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

app = Starlette(routes=[Route("/x", lambda request: JSONResponse({"mine": True}, 500))])
"""
    with serving(tmp_path, write_plugin(tmp_path / "mine", code)) as server:
        answer = server.get("/x")
        assert (answer.status, answer.json()) == (500, {"mine": True})


def test_log_is_a_readable_line_a_call(tmp_path: Path) -> None:
    """Method, path, status, time; no query, which may hold secrets, and nothing a terminal would obey."""
    with serving(tmp_path, write_plugin(tmp_path / "mine")) as server:
        server.get("/hello/ann?key=secret")
        server.get("/hello/%1b%5b2J")
        server.get("/x", Origin="https://evil.example")
        server.stop()
        lines = [line.split(" ", 1)[1] for line in server.log().splitlines()]
    assert [line.rsplit(" ", 2)[0] for line in lines[:3]] == [
        "GET /hello/ann 200",
        "GET /hello/%1b%5b2J 200",
        "GET /x 403",
    ]
    assert lines[0].endswith(" ms")
    assert "secret" not in server.log()
    assert "\x1b" not in server.log()


def test_bytes_that_are_no_http_do_no_harm(server: Server) -> None:
    """A TLS hello, binary junk, an endless request line: no answer of ours, and the next call works."""
    for junk in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", bytes(range(256)) * 10, b"GET /" + b"x" * 100_000):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(junk)
            connection.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError):
                assert b" 200 " not in connection.recv(100)
    assert server.get("/openapi.yaml").status == 200


# --- stopping ---


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_cleanly(tmp_path: Path, number: int) -> None:
    """Exit 0, and the port is free again."""
    with serving(tmp_path, write_plugin(tmp_path / "mine")) as server:
        assert server.stop(number) == 0
        with socket.create_server(("127.0.0.1", server.port)):
            pass
        assert "Traceback" not in server.log()


SLOW = """
import asyncio

async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError
    print("called", flush=True)
    await asyncio.sleep({seconds})
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    await send({{"type": "http.response.body", "body": b"slow answer"}})
"""


def test_running_call_gets_its_answer_when_the_server_stops(tmp_path: Path) -> None:
    """A deploy or a Ctrl-C must not cut off an answer that a user waits for."""
    with serving(tmp_path, write_plugin(tmp_path / "mine", SLOW.format(seconds=1))) as server:
        connection = server.connect()
        connection.request("GET", "/x", headers={"Host": "localhost"})
        assert server.process.stdout is not None
        assert server.process.stdout.readline() == "called\n"
        server.process.terminate()
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"slow answer")
        connection.close()
        assert server.process.wait(20) == 0


def test_second_ctrl_c_ends_at_once(tmp_path: Path) -> None:
    """Whoever presses it twice does not want to wait."""
    with serving(tmp_path, write_plugin(tmp_path / "mine", SLOW.format(seconds=600))) as server:
        connection = server.connect()
        connection.request("GET", "/x", headers={"Host": "localhost"})
        assert server.process.stdout is not None
        assert server.process.stdout.readline() == "called\n"
        server.process.send_signal(signal.SIGINT)
        wait_for(lambda: "stopping" in server.log())
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(5) == -signal.SIGINT
        connection.close()


def test_call_that_cannot_be_ended_does_not_hold_the_server(tmp_path: Path) -> None:
    """A thread of the plugin that never returns: the end is bounded all the same, by a run's longest time."""
    code = """
import time
from starlette.applications import Starlette
from starlette.routing import Route

def forever(request):
    print("called", flush=True)
    time.sleep(3600)

app = Starlette(routes=[Route("/x", forever)])
"""
    folder = write_plugin(tmp_path / "mine", code)
    with serving(tmp_path, folder, "--timeout-max", "0.5") as server:
        connection = server.connect()
        connection.request("GET", "/x", headers={"Host": "localhost"})
        assert server.process.stdout is not None
        assert server.process.stdout.readline() == "called\n"
        assert server.stop() == 0
        assert "a call is still running" in server.log()
        connection.close()


def test_signal_during_the_start_ends_it(tmp_path: Path) -> None:
    """A plugin that waits for its database can be stopped like any other."""
    code = """
import asyncio
import contextlib
from starlette.applications import Starlette

@contextlib.asynccontextmanager
async def lifespan(app):
    print("opening", flush=True)
    await asyncio.Event().wait()
    yield

app = Starlette(lifespan=lifespan)
"""
    folder = write_plugin(tmp_path / "mine", code)
    with (
        (tmp_path / "log").open("w") as log,
        start(folder, "--port", "0", cwd=tmp_path, stderr=log) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == "opening\n"
        process.terminate()
        assert process.wait(20) == 0
    assert (tmp_path / "log").read_text() == ""


@pytest.mark.parametrize("template", sorted(templates()))
def test_every_template_is_served(tmp_path: Path, template: str) -> None:
    """What `init` writes works before the author has changed anything, on any port."""
    scaffold(templates()[template], {}, tmp_path / "mine")
    with serving(tmp_path, tmp_path / "mine") as server:
        manifest = server.get("/.well-known/ai-plugin.json").json()
        for url in (manifest["api"]["url"], manifest["logo_url"], manifest["legal_info_url"]):
            assert url.startswith(server.url)
            assert server.get(url.removeprefix(server.url)).status == 200
        openapi = server.get("/openapi.json").json()
        assert openapi["servers"] == [{"url": server.url}]
        for path in openapi["paths"]:
            answer = server.get(path.replace("{", "").replace("}", ""))
            assert answer.status in (200, 405) or answer.json()["error"]  # its own refusal
