"""The todo template's code answers exactly as its OpenAPI document says, whatever it is asked."""

import asyncio
import importlib.util
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import jsonschema_rs
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from plugcli.scaffold import render, scaffold, templates

DOCUMENT: dict[str, Any] = yaml.safe_load(render(templates()["todo"], {})["openapi.yaml"])
OPERATIONS = DOCUMENT["paths"]["/todos/{username}"]


class Client:
    """Calls an ASGI application in this process, one request at a time."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def request(self, method: str, path: str, **parts: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost:5003") as client:
                return await client.request(method, path, **parts)

        return asyncio.run(send())

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)

    def post(self, path: str, **parts: Any) -> httpx.Response:
        return self.request("POST", path, **parts)

    def delete(self, path: str, **parts: Any) -> httpx.Response:
        return self.request("DELETE", path, **parts)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Client:
    """The rendered plugin.py, imported from the folder where it was written."""
    folder = tmp_path_factory.mktemp("todo")
    scaffold(templates()["todo"], {}, folder)
    return Client(module_at(folder / "plugin.py").app)


def module_at(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("rendered_todo", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def assert_documented(answer: httpx.Response) -> None:
    """Fail unless the document has this status for this operation, and the body fits its schema."""
    responses = OPERATIONS[answer.request.method.lower()]["responses"]
    status = str(answer.status_code)
    response = responses.get(status) or responses[f"{status[0]}XX"]
    content = response["content"]["application/json"]
    assert answer.headers["content-type"] == "application/json"
    schema = {**content["schema"], "components": DOCUMENT["components"]}
    assert [error.message for error in Draft202012Validator(schema).iter_errors(answer.json())] == []
    assert len(answer.text) < 100_000


def is_valid(schema: Any, value: object) -> bool:
    """Whether `value` fits, by a validator that reads patterns as the standard does: `$` is the very end."""
    return jsonschema_rs.validator_for({**schema, "components": DOCUMENT["components"]}).is_valid(value)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None)
@given(body=ANYTHING | st.fixed_dictionaries({"todo": ANYTHING}) | st.fixed_dictionaries({"todo": st.text()}))
def test_any_json_body_is_answered_as_documented(client: Client, body: object) -> None:
    """A model may send anything. The answer is never a 500, and never one that the document does not have."""
    answer = client.post(
        "/todos/fuzz", content=json.dumps(body), headers={"content-type": "application/json"}
    )
    assert_documented(answer)
    if answer.status_code == 200:
        assert isinstance(body, dict)
        assert answer.json()["todos"][-1] == body["todo"]
        assert_documented(client.delete("/todos/fuzz", params={"todo_idx": 0}))


# Where the two could differ: ends and beginnings of lines, controls, spaces, lengths, and planes above the first.
EDGES = st.text(st.sampled_from("ab \n\r\t\x00\x1f\x7f\x80\x9f\xa0\u2028\u3000\ufeff\U0001f600"), max_size=3)


@settings(deadline=None)
@given(todo=EDGES | st.builds(str.__mul__, EDGES, st.integers(60, 210)) | st.text())
def test_todos_that_are_taken_are_those_of_the_schema(client: Client, todo: str) -> None:
    """A host checks a call by the schema. What the schema accepts must work, and the other way round."""
    answer = client.post("/todos/schema", json={"todo": todo})
    assert (answer.status_code == 200) == is_valid(
        DOCUMENT["components"]["schemas"]["NewTodo"], {"todo": todo}
    )
    if answer.status_code == 200:
        client.delete("/todos/schema", params={"todo_idx": 0})


@pytest.mark.parametrize("index", [*range(-2, 120), 999_999_999, 10**9, 2**63, 83370164717, 10**40])
def test_numbers_that_are_taken_are_those_of_the_schema(client: Client, index: int) -> None:
    """A number without a todo is answered with 404. A number that no list can have is not in the schema, and gets 422."""
    parameters = {each["name"]: each["schema"] for each in OPERATIONS["delete"]["parameters"]}
    status = client.delete("/todos/nobody", params={"todo_idx": index}).status_code
    assert status == (404 if is_valid(parameters["todo_idx"], index) else 422)


@settings(deadline=None)
@given(
    username=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=70)
    | st.text("a/\n", min_size=1)
)
def test_usernames_that_are_taken_are_those_of_the_schema(client: Client, username: str) -> None:
    """A slash ends the username, escaped or not. The schema and the answer agree on that."""
    if username in (".", ".."):  # clients treat these as steps in the path
        return
    [schema] = [each["schema"] for each in OPERATIONS["get"]["parameters"]]
    answer = client.get(f"/todos/{quote(username, safe='')}")
    assert (answer.status_code == 200) == is_valid(schema, username)
    assert_documented(answer)


@settings(deadline=None)
@given(body=st.binary())
def test_any_bytes_are_answered_as_documented(client: Client, body: bytes) -> None:
    """A body that claims to be JSON may be something else."""
    assert_documented(client.post("/todos/fuzz", content=body, headers={"content-type": "application/json"}))


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"todo": "milk"}', "text/plain", 415),
        (b'{"todo": "milk"}', "application/json; charset=utf-8", 200),
        (b"[" * 9_000, "application/json", 400),
        (b'{"todo": "' + b"x" * 20_000 + b'"}', "application/json", 413),
        (b'{"todo": "\\ud800"}', "application/json", 422),
        (b'{"todo": "milk", "todo_idx": 1}', "application/json", 422),
        (b"", "application/json", 400),
    ],
)
def test_body_that_is_not_what_it_should_be_is_refused(
    client: Client, body: bytes, content_type: str, status: int
) -> None:
    """Each kind of wrong body has its own status, so that a caller knows what to correct."""
    answer = client.post("/todos/bodies", content=body, headers={"content-type": content_type})
    assert answer.status_code == status
    assert_documented(answer)


@settings(deadline=None)
@given(
    index=st.integers().map(str)
    | st.text()
    | st.sampled_from(["", "\N{FULLWIDTH DIGIT ZERO}", "1_0", "+0", " 0", "9" * 5000])
)
def test_any_number_to_remove_is_answered_as_documented(client: Client, index: str) -> None:
    """Whether it is negative, huge, in another script or not a number: the answer is one sentence, and the list stays."""
    client.post("/todos/numbers", json={"todo": "stays"})
    try:
        answer = client.delete("/todos/numbers", params={"todo_idx": index})
    except UnicodeEncodeError:  # a URL cannot contain half of a surrogate pair
        return
    assert_documented(answer)
    if answer.status_code != 200:
        assert "stays" in client.get("/todos/numbers").json()["todos"]


def test_number_given_twice_is_refused(client: Client) -> None:
    """It could only be guessed which of the two was meant, and a wrong guess deletes the wrong todo."""
    client.post("/todos/twice", json={"todo": "stays"})
    answer = client.delete("/todos/twice?todo_idx=0&todo_idx=1")
    assert answer.status_code == 422
    assert client.get("/todos/twice").json() == {"todos": ["stays"]}


@pytest.mark.parametrize("username", ["x" * 64, "ann smith", "天気", "%00", "a%252Fb", "__class__"])
def test_strange_usernames_have_lists_of_their_own(client: Client, username: str) -> None:
    """A username is whatever the user says it is."""
    before = client.get(f"/todos/{username}")
    assert_documented(before)
    assert before.json() == {"todos": []}
    client.post(f"/todos/{username}", json={"todo": username})
    assert client.get(f"/todos/{username}").json() == {"todos": [username]}


def test_username_that_is_too_long_is_refused(client: Client) -> None:
    """Names are kept in memory, so their length has a limit, which the document states."""
    answer = client.get("/todos/" + "x" * 65)
    assert answer.status_code == 422
    assert_documented(answer)


def test_full_list_takes_no_more(client: Client) -> None:
    """A model in a loop must not fill the server's memory, or cause an answer that the host cuts."""
    for _ in range(100):
        assert client.post("/todos/full", json={"todo": '"' * 200}).status_code == 200
    answer = client.post("/todos/full", json={"todo": "one more"})
    assert answer.status_code == 409
    assert_documented(answer)
    whole = client.get("/todos/full")
    assert len(whole.json()["todos"]) == 100
    assert_documented(whole)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/todos/ann", 405),
        ("GET", "/todos/a%2Fb", 404),
        ("GET", "/nothing", 404),
        ("GET", "/todos/ann/", 404),
        ("GET", "/todos/", 404),
    ],
)
def test_what_the_document_does_not_have_is_refused_as_json(
    client: Client, method: str, path: str, status: int
) -> None:
    """Whatever goes wrong, the model gets a sentence in the one form that it knows."""
    answer = client.request(method, path)
    assert answer.status_code == status
    assert sorted(answer.json()) == ["error", "hint"]


def test_number_of_lists_has_a_bound(tmp_path: Path) -> None:
    """Usernames can be invented without end, but memory is limited."""
    scaffold(templates()["todo"], {}, tmp_path)
    module = module_at(tmp_path / "plugin.py")
    module.lists.update({f"user{number}": ["x"] for number in range(module.USERS)})
    client = Client(module.app)
    refused = client.post("/todos/one-more", json={"todo": "milk"})
    assert refused.status_code == 409
    assert_documented(refused)
    assert client.post("/todos/user0", json={"todo": "milk"}).status_code == 200
    client.delete("/todos/user1", params={"todo_idx": 0})
    assert client.post("/todos/one-more", json={"todo": "milk"}).status_code == 200
