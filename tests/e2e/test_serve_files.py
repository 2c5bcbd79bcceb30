"""Files of a conversation over HTTP: in, out, byte for byte; and what is refused, to whom, and in which words."""

import hashlib
import http.client
import json
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from jsonschema import Draft202012Validator

from plugcli.scaffold import render, templates
from tests.e2e.serving import CHAT, Answer, Server, Where, serving, wait_for, write_plugin

SCHEMAS = yaml.safe_load(render(templates()["python"], {})["openapi.yaml"])["components"]["schemas"]
EVIL = "https://evil.example"
TOKEN = "q8Zr1-vK5_tW3xYb7Ld9"
MIB = 1024 * 1024
MARK = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "cache-control": "private, no-store",
}


@pytest.fixture(scope="module", params=["here", "elsewhere"])
def where(request: pytest.FixtureRequest) -> Where:
    """Which Engine runs the code: what is true of a session is true of it wherever it is."""
    chosen: Where = request.param
    return chosen


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, where: Where) -> Iterator[Server]:
    """The built-in plugin, with limits that a test can reach."""
    limits = ("--file-size", "3MiB", "--workspace", "8MiB", "--preload", "none")
    with serving(tmp_path_factory.mktemp("files"), *limits, where=where) as running:
        yield running


def run(server: Server, code: str, session: str, **headers: str) -> dict[str, Any]:
    """The RunResult of a call that works."""
    answer = server.post("/execute", {"code": code, "session": session}, **headers)
    assert answer.status == 200, answer.body
    result: dict[str, Any] = answer.json()
    assert result["outcome"] == "ok", result
    return result


def put(server: Server, name: str, content: bytes, session: str, **headers: str) -> Answer:
    """Upload bytes alone."""
    return server.call("POST", f"/files?session={session}&name={quote(name)}", content, headers)


def stored(answer: Answer) -> list[dict[str, Any]]:
    """The files that an upload stored, as the OpenAPI document says."""
    assert answer.status == 201, answer.body
    content: dict[str, Any] = answer.json()
    schema = {**SCHEMAS["Stored"], "components": {"schemas": SCHEMAS}}
    assert [error.message for error in Draft202012Validator(schema).iter_errors(content)] == []
    files: list[dict[str, Any]] = content["files"]
    return files


def listed(server: Server, session: str) -> dict[str, int]:
    """The files of a session and their sizes, as the OpenAPI document says."""
    answer = server.get(f"/files?session={session}")
    assert answer.status == 200, answer.body
    schema = {**SCHEMAS["Listing"], "components": {"schemas": SCHEMAS}}
    assert [error.message for error in Draft202012Validator(schema).iter_errors(answer.json())] == []
    return {file["name"]: file["bytes"] for file in answer.json()["files"]}


def fetch(server: Server, url: str, method: str = "GET", **headers: str) -> Answer:
    """What stands at the address that an answer gave."""
    assert url.startswith(server.url), url
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return server.call(method, url.removeprefix(server.url), headers=named)


def form(*parts: tuple[str, bytes]) -> tuple[bytes, dict[str, str]]:
    """A multipart body of parts, each its disposition's parameters and its bytes, and the header for it."""
    body = b"".join(
        b"--XX\r\nContent-Disposition: form-data; " + said.encode() + b"\r\n\r\n" + content + b"\r\n"
        for said, content in parts
    )
    return body + b"--XX--\r\n", {"Content-Type": "multipart/form-data; boundary=XX"}


# --- in and out ---


def test_uploads_are_where_code_finds_them(server: Server) -> None:
    """As a form and as bytes alone; by the header, by the address and by a field of the form."""
    every_byte = bytes(range(256)) * 1000
    put(server, "raw.bin", every_byte, "in")
    body, headers = form(('name="session"', b"in"), ('name="file"; filename="form.bin"', every_byte))
    assert [file["name"] for file in stored(server.call("POST", "/files", body, headers))] == ["form.bin"]
    code = "import hashlib; [hashlib.sha256(open(n, 'rb').read()).hexdigest() for n in ('raw.bin', '/mnt/data/form.bin')]"
    assert run(server, code, "in")["result"] == str([hashlib.sha256(every_byte).hexdigest()] * 2)
    upload = server.call("POST", "/files?name=by-header", b"x", {"openai-conversation-id": "by-header"})
    answer = server.post("/execute", {"code": "open('by-header').read()"}, openai_conversation_id="by-header")
    assert answer.json()["result"] == "'x'"
    assert upload.json()["session"]["id"] == answer.json()["session"]["id"]


def test_form_brings_several_files(server: Server) -> None:
    """What has a file name is stored; other fields mean nothing here."""
    body, headers = form(
        ('name="a"; filename="one.txt"', b"1"),
        ('name="note"', b"hello"),
        ('name="a"; filename="two.txt"', b""),
    )
    files = stored(server.call("POST", "/files?session=several", body, headers))
    assert [(file["name"], file["bytes"], file["mime"]) for file in files] == [
        ("one.txt", 1, "text/plain"),
        ("two.txt", 0, "text/plain"),
    ]
    assert listed(server, "several") == {"one.txt": 1, "two.txt": 0}


def test_upload_without_a_session_starts_one(server: Server) -> None:
    """Its answer says how to go on."""
    answer = server.call("POST", "/files?name=x.txt", b"hello")
    session = answer.json()["session"]
    assert (answer.status, session["state"]) == (201, "new")
    assert run(server, "open('x.txt').read()", session["id"])["result"] == "'hello'"
    again = server.call("POST", "/files?name=x.txt", b"hello")
    assert again.json()["session"]["id"] != session["id"]


def test_what_a_run_made_or_changed_comes_out(server: Server) -> None:
    """Named in its answer with an address, and no other file is."""
    put(server, "given.csv", b"a,b\n", "out")
    put(server, "other.csv", b"a,b\n", "out")
    code = "open('given.csv', 'a').write('1,2\\n'); open('made.bin', 'wb').write(bytes(range(256)))"
    files = {file["name"]: file for file in run(server, code, "out")["files"]}
    assert sorted(files) == ["given.csv", "made.bin"]
    assert fetch(server, files["given.csv"]["url"]).body == b"a,b\n1,2\n"
    made = fetch(server, files["made.bin"]["url"])
    assert (made.status, made.body) == (200, bytes(range(256)))
    assert made.headers["content-type"] == "application/octet-stream"
    assert {name: made.headers[name] for name in MARK} == MARK


def test_large_file_goes_both_ways(server: Server) -> None:
    """In pieces, and whole: no piece is lost or doubled."""
    content = b"".join(n.to_bytes(4) for n in range(700_000))
    url = stored(put(server, "large.bin", content, "large"))[0]["url"]
    assert fetch(server, url).body == content
    connection = server.connect()
    pieces = (content[start : start + 10_007] for start in range(0, len(content), 10_007))
    connection.request(
        "POST", "/files?session=large&name=pieces.bin", pieces, {"Host": "localhost"}, encode_chunked=True
    )
    response = connection.getresponse()
    url = json.loads(response.read())["files"][0]["url"]
    connection.close()
    again = server.call("GET", re.sub("http://[^/]*", "", url))
    assert hashlib.sha256(again.body).digest() == hashlib.sha256(content).digest()


@pytest.mark.parametrize(
    ("asked", "status", "body", "content_range"),
    [
        ("bytes=0-4", 206, b"01234", "bytes 0-4/10"),
        ("bytes=5-", 206, b"56789", "bytes 5-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=10-", 416, None, "bytes */10"),
        ("bytes=x", 200, b"0123456789", None),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
    ],
)
def test_ranges(
    server: Server, asked: str, status: int, body: bytes | None, content_range: str | None
) -> None:
    """A download that broke off goes on where it was."""
    url = stored(put(server, "ten.txt", b"0123456789", "ranges"))[0]["url"]
    answer = fetch(server, url, Range=asked)
    assert (answer.status, answer.headers.get("content-range")) == (status, content_range)
    assert body is None or answer.body == body
    head = fetch(server, url, "HEAD", Range=asked)
    assert (head.status, head.body) == (status, b"")
    if body is not None:
        assert int(head.headers["content-length"]) == len(body)
        assert head.headers["accept-ranges"] == "bytes"


def test_deleted_file_is_gone(server: Server) -> None:
    """For the code, for the list, and at its address; a second DELETE says so."""
    url = stored(put(server, "gone.txt", b"x", "delete"))[0]["url"]
    assert fetch(server, url, "DELETE").status == 204
    for answer in (fetch(server, url), fetch(server, url, "DELETE")):
        assert answer.status == 404
        assert "gone.txt" in answer.json()["error"]
    assert listed(server, "delete") == {}
    assert run(server, "import os; os.listdir()", "delete")["result"] == "[]"
    put(server, "by-code.txt", b"x", "delete")
    run(server, "os.remove('by-code.txt')", "delete")
    assert listed(server, "delete") == {}


@pytest.mark.parametrize(
    "name",
    ["plot one.png", "ünï çødé.csv", "it's.txt", 'say "hi".txt', "a;b=c,d.txt", "%41+.txt", "漢字/深い.csv"],
)
def test_names_survive_both_ways(server: Server, name: str) -> None:
    """Spaces, umlauts, quotes: as bytes alone and in a form, in the list, in the address and in the header."""
    session = hashlib.md5(name.encode()).hexdigest()
    url = stored(put(server, name, b"alone", session))[0]["url"]
    escaped = name.replace('"', "%22")
    body, headers = form((f'name="file"; filename="{escaped}"', b"in a form"))
    files = stored(server.call("POST", f"/files?session={session}", body, headers))
    assert [(file["name"], file["url"]) for file in files] == [(name, url)]
    assert listed(server, session) == {name: 9}
    answer = fetch(server, url)
    assert answer.body == b"in a form"
    exact = re.search(r"filename\*=UTF-8''(.*)", answer.headers["content-disposition"])
    base = name.rpartition("/")[2]
    assert (
        exact[1] == quote(base, safe="")
        if exact
        else f'filename="{base}"' in answer.headers["content-disposition"]
    )
    assert run(server, f"open({name!r}).read()", session)["result"] == "'in a form'"


@pytest.mark.row("F15")
@pytest.mark.parametrize(
    "name",
    [
        b"new\nline.txt",
        b"\xc3.txt",
        b"-rf",
        b'"; filename="x',
        b"\xe2\x80\xaegnp.txt",
        b"x" * 255,
        b"a\r\nX-Evil: 1",
    ],
)
def test_names_that_code_chooses_are_listed_and_fetched(server: Server, name: bytes) -> None:
    """Valid in JSON, safe in a header, whole at the address: the code may call its files what it likes."""
    session = hashlib.md5(name).hexdigest()
    said = name.decode(errors="replace")
    files = run(server, f"open({name!r}, 'w').write('mine')", session)["files"]
    assert [file["name"] for file in files] == [said]
    assert files[0]["url"].endswith("/" + quote(name))
    answer = fetch(server, files[0]["url"])
    assert (answer.status, answer.body) == (200, b"mine")
    assert "x-evil" not in answer.headers
    assert answer.headers["content-disposition"].isprintable()
    assert [*listed(server, session)] == [said]
    assert fetch(server, files[0]["url"], "DELETE").status == 204


# --- refused ---


@pytest.mark.row("F7")
@pytest.mark.parametrize(
    "name",
    [
        "../../x",
        "/etc/x",
        "a/../../b",
        "a\x00b",
        "C:\\x",
        "",
        ".",
        "..",
        "a//b",
        "./x",
        "x" * 300,
        "a\nb",
        "dir/",
    ],
)
def test_hostile_upload_name_is_422(server: Server, name: str) -> None:
    """Refused with a sentence, and nothing is written anywhere."""
    answer = put(server, name, b"x", "hostile")
    assert (answer.status, set(answer.json())) == (422, {"error", "hint"}), answer.body
    assert all(answer.json().values())
    body, headers = form((f'name="file"; filename="{name}"', b"x"))
    if "\n" not in name and "\x00" not in name and "\\" not in name:  # no form can carry these as they are
        assert server.call("POST", "/files?session=hostile", body, headers).status == 422
    assert listed(server, "hostile") == {}


@pytest.mark.row("F16")
def test_upload_over_a_folder_is_409(server: Server) -> None:
    """And one below a file; neither changes what is there."""
    run(server, "import os; os.makedirs('folder/sub'); open('file', 'w').write('x')", "conflict")
    for name in ("folder", "folder/sub", "file/below"):
        answer = put(server, name, b"y", "conflict")
        assert (answer.status, set(answer.json())) == (409, {"error", "hint"}), answer.body
    assert listed(server, "conflict") == {"file": 1}
    assert stored(put(server, "folder/new/deep.txt", b"y", "conflict"))
    assert listed(server, "conflict") == {"file": 1, "folder/new/deep.txt": 1}


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "0"}, {"Content-Length": "000"}])
def test_upload_without_a_body_is_422_and_changes_nothing(server: Server, headers: dict[str, str]) -> None:
    """A client that sends arguments alone must not empty the file; who means an empty one says what it is."""
    session = f"no-body-{headers}".encode().hex()
    put(server, "kept.txt", b"kept", session)
    connection = server.connect()
    connection.putrequest("POST", f"/files?session={session}&name=kept.txt", skip_host=True)
    for name, value in {"Host": "localhost", **headers}.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, set(json.loads(answer.read()))) == (422, {"error", "hint"})
    connection.close()
    assert listed(server, session) == {"kept.txt": 4}
    typed = {"Content-Type": "application/octet-stream"}
    assert stored(put(server, "empty.txt", b"", session, **typed))[0]["bytes"] == 0


@pytest.mark.parametrize(
    ("name", "mime"),
    [
        ("data:text/html,x.csv", "text/csv"),
        ("data:text\r\nX-Evil: 1,x", "application/octet-stream"),
        ("data:image/svg+xml,x", "application/octet-stream"),
        ("a.csv.gz", "application/gzip"),
        ("a.HTML", "text/html"),
        ("a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("a.\u202egnp", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
def test_media_type_of_a_file_is_ours_to_say(server: Server, name: str, mime: str) -> None:
    """By the end of its name, from one table, the same in every answer; what the code writes into a name says nothing."""
    session = hashlib.md5(name.encode()).hexdigest()
    code = f"import os; os.makedirs(os.path.dirname({name!r}) or '.', exist_ok=True); open({name!r}, 'w').write('x')"
    (file,) = run(server, code, session)["files"]
    answer = fetch(server, file["url"])
    assert (file["mime"], answer.headers["content-type"].partition(";")[0]) == (mime, mime)
    assert server.get(f"/files?session={session}").json()["files"][0]["mime"] == mime
    assert "x-evil" not in answer.headers
    assert answer.headers["content-disposition"].startswith("inline" if mime == "text/csv" else "attachment")


def test_file_over_the_limit_is_413(server: Server) -> None:
    """Told which limit, whether the size is announced or found out; and no part of it stays."""
    content = b"x" * (3 * MIB + 1)
    body, headers = form(('name="file"; filename="x"', content))
    for answer in (
        put(server, "x", content, "too-large"),
        server.call("POST", "/files?session=too-large", body, headers),
    ):
        assert (answer.status, set(answer.json())) == (413, {"error", "hint"})
        assert "3 MiB" in answer.json()["error"]
    assert listed(server, "too-large") == {}
    assert stored(put(server, "x", content[:-1], "too-large"))


def test_announced_size_is_enough_to_refuse(server: Server) -> None:
    """A client that waits for leave never sends it."""
    connection = server.connect()
    connection.putrequest("POST", "/files?name=x", skip_host=True)
    for name, value in {"Host": "localhost", "Content-Length": str(10**12), "Expect": "100-continue"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == 413
    assert json.loads(response.read())["hint"]
    connection.close()


@pytest.mark.row("F17")
def test_full_workspace_is_413_and_names_itself(server: Server) -> None:
    """For the uploader; the code sees that nothing more fits."""
    answers = [put(server, f"{number}.bin", b"x" * (2 * MIB), "full") for number in range(6)]
    assert [answer.status for answer in answers][:3] == [201] * 3
    assert answers[-1].status == 413, answers[-1].body
    assert "8 MiB" in answers[-1].json()["error"]
    code = "open('mine', 'wb').write(b'x' * 4_000_000)"
    result = server.post("/execute", {"code": code, "session": "full"}).json()
    assert result["outcome"] == "error"
    assert "No space left on device" in result["stderr"]
    assert "8 MiB" in result["reason"]


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        ("/files", b"x", {}),
        ("/files?name=x&name=y", b"x", {}),
        ("/files?name=x&evil=1", b"x", {}),
        ("/files?name=x&session=", b"x", {}),
        ("/files?name=x&session=a%00b", b"x", {}),
        ("/files?name=x&session=" + "s" * 201, b"x", {}),
        ("/files?name=x", b"x", {"openai-conversation-id": "s" * 201}),
        ("/files?name=x", *form(('name="f"; filename="y"', b"x"))),
        ("/files", *form(('name="f"', b"no file"))),
        ("/files", *form(('name="session"', b"a\x00b"), ('name="f"; filename="y"', b"x"))),
        ("/files", *form(('name="session"', b"s" * 10_240), ('name="f"; filename="y"', b"x"))),
        ("/files?session=a", *form(('name="session"', b"b"), ('name="f"; filename="y"', b"x"))),
        ("/files", *form(('name="f"; filename="y"', b"x"), ('name="session"', b"late"))),
    ],
)
def test_upload_that_makes_no_sense_is_422(
    server: Server, path: str, body: bytes, headers: dict[str, str]
) -> None:
    """With what is wrong and what to do."""
    answer = server.call("POST", path, body, headers)
    assert (answer.status, set(answer.json())) == (422, {"error", "hint"}), answer.body
    assert all(answer.json().values())


@pytest.mark.parametrize(
    ("body", "mime"),
    [
        (b"junk", "multipart/form-data; boundary=XX"),
        (b"", "multipart/form-data; boundary=XX"),
        (form(('name="f"; filename="y"', b"x" * 9000))[0][:-300], "multipart/form-data; boundary=XX"),
        (b"x", "multipart/form-data"),
        (b"x", "multipart/form-data; boundary=" + "x" * 300),
    ],
)
def test_form_that_is_none_is_400(server: Server, body: bytes, mime: str) -> None:
    """Half a form leaves no half a file."""
    answer = server.call("POST", "/files?session=broken-form", body, {"Content-Type": mime})
    assert (answer.status, set(answer.json())) == (400, {"error", "hint"}), answer.body
    if server.get("/files?session=broken-form").status == 200:
        assert listed(server, "broken-form") == {}


def test_upload_that_breaks_off_leaves_nothing(server: Server) -> None:
    """Whole or not at all; and the session goes on."""
    put(server, "old.txt", b"old", "broken-off")
    for name in ("new.txt", "old.txt"):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            head = f"POST /files?session=broken-off&name={name} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999\r\n\r\n"
            connection.sendall(head.encode() + b"half")
        wait_for(lambda: server.log().count("POST /files gone") >= 1)
    wait_for(lambda: server.log().count("POST /files gone") >= 2)
    assert listed(server, "broken-off") == {"old.txt": 3}
    assert run(server, "import os; open('old.txt').read(), os.listdir()", "broken-off")["result"] == (
        "('old', ['old.txt'])"
    )


def test_two_uploads_of_one_name_leave_one_whole(server: Server) -> None:
    """The last one, never a mixture."""
    contents = [bytes([65 + number]) * (2 * MIB) for number in range(4)]
    run(server, "0", "race")
    answers: list[Answer] = []
    threads = [
        threading.Thread(target=lambda each=each: answers.append(put(server, "same.bin", each, "race")))
        for each in contents[:2]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers] == [201, 201]
    assert fetch(server, answers[0].json()["files"][0]["url"]).body in contents[:2]
    assert listed(server, "race") == {"same.bin": 2 * MIB}


def test_first_uploads_at_once_share_their_session(server: Server) -> None:
    """A page sends all its files at the same moment, and none of them has a session yet."""
    answers: list[Answer] = []
    threads = [
        threading.Thread(target=lambda name=name: answers.append(put(server, name, b"x", "at-once")))
        for name in ("a", "b", "c", "d")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers] == [201] * 4
    assert len({answer.json()["session"]["id"] for answer in answers}) == 1
    assert listed(server, "at-once") == dict.fromkeys("abcd", 1)


def test_unknown_session_has_no_files(server: Server) -> None:
    """A sentence for the model: which one, or none at all."""
    for path, headers, status in (
        ("/files?session=never-seen", {}, 404),
        ("/files", {"openai_conversation_id": "never-seen"}, 404),
        ("/files", {}, 404),
    ):
        answer = server.get(path, **headers)
        assert (answer.status, set(answer.json())) == (status, {"error", "hint"})
        assert all(answer.json().values())


# --- who may ---


def test_address_of_one_file_opens_no_other(server: Server) -> None:
    """Not the file beside it, not that of another session, not after a restart: 404 that says what it may be."""
    mine = stored(put(server, "mine.txt", b"mine", "link-a"))[0]["url"]
    beside = stored(put(server, "beside.txt", b"beside", "link-a"))[0]["url"]
    other = stored(put(server, "mine.txt", b"other", "link-b"))[0]["url"]
    capability = mine.split("/")[4]
    signature = capability.rpartition(".")[2]
    for url in (
        mine.replace("mine.txt", "beside.txt"),
        other.replace(other.split("/")[4].rpartition(".")[2], signature),
        mine.replace(signature, signature[:-1]),
        mine.replace(signature, "A" * 32),
        mine.replace(f".{signature}", ""),
        mine + "/",
        mine + "%00",
        mine.replace("/mine.txt", "/../mine.txt"),
        mine.replace("/mine.txt", "/%2e%2e/link-b/mine.txt"),
    ):
        for method in ("GET", "DELETE"):
            answer = fetch(server, url, method)
            assert answer.status == 404, url
            assert "expired" in answer.json()["error"]
    assert fetch(server, beside).body == b"beside"
    assert fetch(server, other).body == b"other"


@pytest.mark.row("F8")
@pytest.mark.row("F11")
def test_links_and_devices_are_no_files(server: Server) -> None:
    """A link that replaces a file whose address is known leads nowhere; a pipe holds nobody up."""
    url = stored(put(server, "file.txt", b"x", "links"))[0]["url"]
    for code in (
        "os.symlink('/etc/passwd', 'file.txt')",
        "os.symlink('other', 'file.txt')",
        "os.mkfifo('file.txt')",
    ):
        run(server, f"import os; open('other', 'w').write('y'); os.remove('file.txt'); {code}", "links")
        assert fetch(server, url).status == 404
        assert "file.txt" not in listed(server, "links")


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {"Origin": EVIL, "Content-Type": "multipart/form-data; boundary=XX"}),
        ("POST", {"Origin": "null"}),
        ("POST", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "empty"}),
        ("POST", {"Host": "evil.example"}),
        ("GET", {"Origin": EVIL}),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}),
    ],
)
def test_page_elsewhere_stores_and_lists_nothing(
    server: Server, method: str, headers: dict[str, str]
) -> None:
    """A form may be sent from anywhere without asking, so that its origin decides."""
    run(server, "0", "elsewhere")
    body = form(('name="f"; filename="evil"', b"x"))[0] if method == "POST" else None
    answer = server.call(method, "/files?session=elsewhere", body, headers)
    assert answer.status in (403, 421)
    assert answer.json()["error"]
    assert listed(server, "elsewhere") == {}


def test_file_may_be_shown_elsewhere_and_not_deleted_from_there(server: Server) -> None:
    """The host's page shows the picture with <img>, and a user opens the link; a script elsewhere reads nothing."""
    url = stored(put(server, "plot.png", b"png", "shown"))[0]["url"]
    image = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "image"}
    link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    for headers in (image, link):
        answer = fetch(server, url, **headers)
        assert (answer.status, answer.body) == (200, b"png")
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert fetch(server, url, "DELETE", **headers).status == 403
        assert fetch(server, url.replace("plot.png", "other.png"), **headers).status == 403
    script = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "script"}
    for headers in (script, {"Origin": EVIL}, {"Host": "evil.example"}):
        assert fetch(server, url, **headers).status in (403, 421)
    assert fetch(server, url, Origin=CHAT).headers["access-control-allow-origin"] == CHAT


def test_token_rules(tmp_path: Path, where: Where) -> None:
    """Uploads, lists and DELETE need the token; the address of a file is a right of its own, for reading it."""
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    with serving(tmp_path, "--preload", "none", PLUGCLI_TOKEN=TOKEN, where=where) as server:
        assert server.call("POST", "/files?name=x.txt&session=s", b"x").status == 401
        upload = server.call("POST", "/files?name=x.txt&session=s", b"x", bearer)
        url = stored(upload)[0]["url"]
        assert server.get("/files?session=s").status == 401
        assert server.get("/files?session=s", **bearer).status == 200
        assert fetch(server, url).body == b"x"
        assert fetch(server, url, "HEAD").status == 200
        assert fetch(server, url.replace("x.txt", "y.txt")).status == 401
        assert fetch(server, url, "DELETE").status == 401
        assert fetch(server, url, "DELETE", **bearer).status == 204
        signature = url.split("/")[4].rpartition(".")[2]
        assert signature not in server.log()
        assert "/x.txt 200" in server.log()


def test_uploads_pass_only_where_code_runs(tmp_path: Path, where: Where) -> None:
    """A plugin without the sandbox keeps the rule that bodies are JSON, at /files too."""
    with serving(tmp_path, write_plugin(tmp_path / "mine"), where=where) as server:
        body, headers = form(('name="f"; filename="x"', b"x"))
        assert server.call("POST", "/files", body, headers).status == 415
        assert server.call("POST", "/files?name=x", b"x", {"Content-Type": "text/csv"}).status == 415
        assert server.post("/files", {"a": 1}).status == 200


def test_files_outlive_their_session_for_a_while(tmp_path: Path, where: Where) -> None:
    """A link that a user clicks a minute late still works."""
    with serving(tmp_path, "--preload", "none", "--session-idle", "1", where=where) as server:
        url = stored(put(server, "late.txt", b"late", "late"))[0]["url"]
        wait_for(lambda: server.get("/health").json()["sessions"] == 0)
        assert fetch(server, url).body == b"late"


def test_stalled_uploads_hold_no_place_for_others(server: Server) -> None:
    """Eight that never end are all there is room for; the ninth is told to come back, and runs go on."""
    head = b"POST /files?name=x&session=stalled HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\nx"
    run(server, "0", "stalled")
    stalled = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(8)]
    try:
        for connection in stalled:
            connection.sendall(head)
        wait_for(lambda: put(server, "y", b"y", "stalled").status == 429)
        assert int(put(server, "y", b"y", "stalled").headers["retry-after"]) > 0
        assert run(server, "1", "stalled")["result"] == "1"
    finally:
        for connection in stalled:
            connection.close()
    wait_for(lambda: put(server, "y", b"y", "stalled").status == 201)


def test_http_client_without_a_body_is_told(server: Server) -> None:
    """It is answered, and does not hang; with a content type its empty body is an empty file."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    path, headers = "/files?session=empty&name=empty.txt", {"Host": "localhost"}
    connection.request("POST", path, headers=headers)
    refused = connection.getresponse()
    assert (refused.status, set(json.loads(refused.read()))) == (422, {"error", "hint"})
    connection.request("POST", path, headers={**headers, "Content-Type": "text/plain"})
    stored = connection.getresponse()
    assert (stored.status, json.loads(stored.read())["files"][0]["bytes"]) == (201, 0)
    connection.close()
