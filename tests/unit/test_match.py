"""Requests and the operations that they are for: templates of every form, base paths of servers, queries, and real documents."""

import json
import re
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import pytest

from plugcli.document import Document
from plugcli.openapi.match import operation_at, operations_at
from plugcli.openapi.operation import operations
from plugcli.openapi.servers import servers_of
from plugcli.plugin import plugin_from_files
from tests.corpus import FOLDER, documents, plugins

needs_corpus = pytest.mark.skipif(not FOLDER.exists(), reason="no ../shared/corpus beside this repository")


def document(*paths: str, urls: tuple[str, ...] = ("http://localhost:5003",)) -> Document:
    """A document with a GET at each of `paths`, and with servers at `urls`."""
    return parsed(servers=[{"url": url} for url in urls], paths={path: {"get": {}} for path in paths})


def parsed(**members: Any) -> Document:
    """A document with `members`."""
    return Document.parse(json.dumps(members), "openapi.json", is_json=True)


def path_at(openapi: Document, path: str, query: str = "") -> str | None:
    """The template that GET `path` is for."""
    found = operation_at(openapi, "GET", path, query)
    return found.path if found else None


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("/", "/"),
        ("/todos", "/todos"),
        ("/todos/{id}", "/todos/ann"),
        ("/todos/{user-id}", "/todos/ann"),
        ("/todos/{x:y}", "/todos/ann"),
        ("/todos/{user.id}/{a b}", "/todos/ann/1"),
        ("/{id}/todos/{id}", "/ann/todos/1"),
        ("/todos/{}", "/todos/ann"),
        ("/maps/{query}.{ext}", "/maps/berlin.json"),
        ("/maps/{query}.{ext}", "/maps/a.b.json"),
        ("/compare/{base}...{head}", "/compare/v1...v2"),
        ("/maps/{x}{y}", "/maps/ab"),
        ("/maps/at({x},{y})", "/maps/at(1,2)"),
        ("/a.b+c/(d)", "/a.b+c/(d)"),
        ("/caf%C3%A9/{id}", "/caf%c3%a9/1"),
        ("/café/{id}", "/caf%C3%A9/1"),
        ("/two words", "/two%20words"),
        ("/todos/{id}", "/todos/a%2Fb"),
        ("/todos/{id}", "/todos/%00%0A"),
        ("/todos/{id", "/todos/%7Bid"),
        ("todos", "/todos"),
        ("/todos#Action=list", "/todos"),
    ],
)
def test_path_of_the_template_is_found(template: str, path: str) -> None:
    """What OpenAPI calls a parameter is one, whatever its name; a slash in its value is sent as %2F."""
    assert template == path_at(document(template), path)


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("/todos", "/"),
        ("/todos", "/todos/"),
        ("/todos", "/Todos"),
        ("/todos", "/anything/todos"),
        ("/todos", "*"),
        ("/todos", ""),
        ("/todos/{id}", "/todos/"),
        ("/todos/{id}", "/todos"),
        ("/todos/{id}", "/todos/a/b"),
        ("/todos/{id}", "/anything/todos/ann"),
        ("/a.b", "/aXb"),
        ("/maps/{query}.{ext}", "/maps/berlin"),
        ("/maps/{query}.{ext}", "/maps/.json"),
        ("/maps/{query}.{ext}", "/maps/berlin."),
        ("/maps/{x}{y}", "/maps/a"),
        ("/maps/aa{x}aa", "/maps/aaa"),
        ("/maps/{x}-{y}-{z}", "/maps/a--b"),
        ("/maps/{x}/b", "/maps/%2Fb"),
    ],
)
def test_other_path_is_not_found(template: str, path: str) -> None:
    """A 501 says that the plugin has the route: not for a path that it will never have."""
    assert path_at(document(template), path) is None


@pytest.mark.parametrize(
    ("urls", "path", "is_found"),
    [
        (("http://localhost:5003/base",), "/base/todos/ann", True),
        (("http://localhost:5003/base/",), "/base/todos/ann", True),
        (("http://localhost:5003/a/b?x=1#y",), "/a/b/todos/ann", True),
        (("https://plugcli.dev/one", "/two"), "/one/todos/ann", True),
        (("https://plugcli.dev/one", "/two"), "/two/todos/ann", True),
        (("./two",), "/two/todos/ann", True),
        (("http://localhost:5003/my%20base",), "/my%20base/todos/ann", True),
        (("http://localhost:{port}/{base}",), "/whatever/todos/ann", True),
        (("http://localhost:5003/base",), "/todos/ann", True),
        ((), "/todos/ann", True),
        (("https://[plugcli",), "/todos/ann", True),
        (("http://localhost:5003/base",), "/base/base/todos/ann", False),
        (("http://localhost:5003/base",), "/bas/todos/ann", False),
        (("http://localhost:5003/base",), "/anything/todos/ann", False),
        (("http://localhost:5003/a/b",), "/b/todos/ann", False),
        (("https://[plugcli/base",), "/base/todos/ann", False),
    ],
)
def test_path_begins_with_the_base_path_of_a_server_or_with_none(
    urls: tuple[str, ...], path: str, is_found: bool
) -> None:
    """A host sends it to the server's address; a proxy in front of ours may remove the base."""
    openapi = document("/todos/{id}", urls=urls)
    assert is_found == (path_at(openapi, path) is not None)


def test_variables_of_a_server_have_their_defaults() -> None:
    """A host fills them in before it calls."""
    server = {"url": "/{version}", "variables": {"version": {"default": "api/v2"}}}
    openapi = parsed(paths={"/todos": {"servers": [server], "get": {}}})
    assert "/todos" == path_at(openapi, "/api/v2/todos")
    assert path_at(openapi, "/v1/todos") is None


def test_operation_has_its_own_base_path() -> None:
    """Its servers replace those of the document (OpenAPI, Operation Object)."""
    item = {"get": {"servers": [{"url": "/own"}]}, "post": {}}
    openapi = parsed(servers=[{"url": "/base"}], paths={"/todos": item})
    assert ["get"] == [each.method for each in operations_at(openapi, "/own/todos")]
    assert ["post"] == [each.method for each in operations_at(openapi, "/base/todos")]
    assert ["get", "post"] == [each.method for each in operations_at(openapi, "/todos")]


@pytest.mark.parametrize(
    ("templates", "path", "expected"),
    [
        (("/todos/{id}", "/todos/mine"), "/todos/mine", "/todos/mine"),
        (("/todos/{id}", "/todos/mine"), "/todos/m%69ne", "/todos/mine"),
        (("/todos/{id}", "/todos/mine"), "/todos/mines", "/todos/{id}"),
        (("/{a}/mine", "/todos/{b}"), "/todos/mine", "/todos/{b}"),
        (("/{a}/{b}", "/{a}/mine"), "/todos/mine", "/{a}/mine"),
        (("/maps/{query}", "/maps/{query}.json"), "/maps/berlin.json", "/maps/{query}.json"),
        (("/maps/{query}", "/maps/{query}.{ext}"), "/maps/berlin.json", "/maps/{query}.{ext}"),
        (("/maps/{query}.{ext}", "/maps/a.b"), "/maps/a.b", "/maps/a.b"),
    ],
)
def test_fixed_text_wins_over_a_parameter(templates: tuple[str, ...], path: str, expected: str) -> None:
    """The standard says so (Paths Object), and the order in the document does not matter."""
    assert expected == path_at(document(*templates), path)
    assert expected == path_at(document(*reversed(templates)), path)


def test_first_of_two_that_are_the_same_is_found() -> None:
    """The standard forbids them, and real documents have them: the answer must not change from request to request."""
    assert "/todos/{b}" == path_at(document("/todos/{b}", "/todos/{a}"), "/todos/ann")


def test_address_of_a_server_wins_over_a_path_without_its_base() -> None:
    """Hosts ask at the server's address, so that is what the request means."""
    for paths in (("/v1/todos", "/{id}"), ("/{id}", "/v1/todos")):
        openapi = document(*paths, urls=("/v1",))
        assert "/{id}" == path_at(openapi, "/v1/todos")
        assert "/v1/todos" == path_at(openapi, "/v1/v1/todos")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("funcs=A", "/services?funcs=A"),
        ("funcs=B", "/services?funcs={other}"),
        ("mobile=0&x=1&funcs=B", "/services?funcs=B&mobile=0"),
        ("mobile=0&funcs=A", "/services?funcs=A"),
        ("%66uncs=%41", "/services?funcs=A"),
        ("funcs=two+words", "/services?funcs={other}"),
        ("funcs=", "/services?funcs={other}"),
        ("beta", "/services?beta"),
        ("funcs", "/services?funcs={other}"),
        ("func=A", "/services"),
        ("", "/services"),
    ],
)
def test_query_of_a_template_is_compared(query: str, expected: str) -> None:
    """Real plugins tell their operations apart by it alone. More may be in the query: the parameters of the operation."""
    openapi = document(
        "/services",
        "/services?funcs={other}",
        "/services?funcs=A",
        "/services?funcs=B&mobile=0",
        "/services?beta",
    )
    assert expected == path_at(openapi, "/services", query)


def test_template_with_a_query_needs_it() -> None:
    """The path alone is another address."""
    openapi = document("/info?q={location}&page=1")
    assert "/info?q={location}&page=1" == path_at(openapi, "/info", "page=1&q=berlin")
    assert path_at(openapi, "/info", "page=1") is None
    assert path_at(openapi, "/info", "q=berlin&page=2") is None
    assert path_at(openapi, "/info") is None


def test_method_is_compared() -> None:
    """A method that only the less exact template has is that template's."""
    openapi = parsed(paths={"/todos/{id}": {"get": {}, "delete": {}}, "/todos/mine": {"get": {}}})

    def path(method: str) -> str | None:
        found = operation_at(openapi, method, "/todos/mine")
        return found.path if found else None

    assert ("/todos/mine", "/todos/{id}", None) == (path("GET"), path("DELETE"), path("POST"))
    titles = [each.title for each in operations_at(openapi, "/todos/mine")]
    assert ["GET /todos/mine", "GET /todos/{id}", "DELETE /todos/{id}"] == titles


@pytest.mark.parametrize(
    "members", [{}, {"paths": None}, {"paths": {"/a": 1, "/b": {"get": 1}}, "servers": {"url": "/v1"}}]
)
def test_malformed_document_has_no_operation(members: dict[str, Any]) -> None:
    """A server has to answer with it all the same."""
    openapi = parsed(**members)
    assert () == operations_at(openapi, "/a")
    assert () == operations_at(openapi, "/b")


def test_many_parameters_in_a_segment_take_no_time() -> None:
    """A regular expression would try every way to divide the segment: longer than anybody waits, and a caller chooses the path."""
    openapi = document("/" + "{id}a" * 30 + "b", "/" + "{id}" * 30 + "b")
    start = perf_counter()
    assert path_at(openapi, "/" + "a" * 10_000) is None
    assert path_at(openapi, "/" + "a" * 10_000 + "b") is not None
    assert perf_counter() - start < 5


def test_operation_is_that_of_the_document() -> None:
    """Whoever asks for it goes on with it: to its parameters, servers and answers."""
    openapi = document("/todos/{id}")
    assert operations(openapi)[0] is operation_at(openapi, "GET", "/todos/ann")


def found_again(openapi: Document) -> int:
    """Ask for each operation at every address that it has, with and without its base path. Return how many there are."""
    for each in operations(openapi):
        bases = [urlsplit(server.absolute_url("/")).path.rstrip("/") for server in servers_of(openapi, each)]
        for base in (*bases, ""):
            filled = re.sub(r"\{[^{}]*\}", "q7%2Fz", f"{base}/{each.path.removeprefix('/')}")
            path, _, query = filled.partition("?")
            assert each is operation_at(openapi, each.method.upper(), path, query), (each.title, base)
    return len(operations(openapi))


def found_again_in(name: str, files: dict[str, bytes]) -> int:
    """The same for a plugin of the corpus. 0 if it has no OpenAPI document."""
    openapi = plugin_from_files(files, name).openapi
    return found_again(openapi) if openapi else 0


# Their operations differ in the query alone, have several parameters in a segment, or a path without a slash.
_ODD = ("www.freetv-app.com", "__TomTom", "__nominus_com")


@needs_corpus
def test_operations_of_some_real_documents_are_found_again() -> None:
    """Strangers write what no test thinks of."""
    some = [
        (name, files)
        for number, (name, _, files) in enumerate(plugins())
        if number < 30 or name.endswith(_ODD)
    ]
    counts = {name: found_again_in(name, files) for name, files in some}
    assert 40 < sum(counts.values())
    assert len(_ODD) == sum(count > 0 and name.endswith(_ODD) for name, count in counts.items())


@needs_corpus
@pytest.mark.slow
def test_operations_of_all_real_documents_are_found_again() -> None:
    """3,000 operations of real plugins and of the largest APIs: each is told from all others of its document."""
    count = sum(found_again_in(name, files) for name, _, files in plugins())
    count += sum(found_again(Document.parse(content, name)) for name, content in documents())
    assert count > 3_000
