"""Servers of a document: which of them an operation has, and where they are."""

import json
from typing import Any

import pytest

from plugcli.document import Document
from plugcli.openapi.operation import operations
from plugcli.openapi.servers import servers, servers_of

FOUND_AT = "https://todo.plugcli.dev/docs/openapi.yaml"


def document(**members: Any) -> Document:
    """An OpenAPI document with `members`."""
    return Document.parse(json.dumps(members), "openapi.json", is_json=True)


def at(url: str) -> dict[str, Any]:
    """A Server Object."""
    return {"url": url}


@pytest.mark.parametrize(
    ("own", "of_path", "expected"),
    [
        ([at("/own")], [at("/path")], ["/own"]),
        ([], [at("/path")], ["/path"]),
        (None, [at("/path"), at("/second")], ["/path", "/second"]),
        (None, None, ["/document"]),
        ("nonsense", {"0": at("/no")}, ["/document"]),
    ],
)
def test_nearest_servers_are_those_of_an_operation(own: Any, of_path: Any, expected: list[str]) -> None:
    """An operation or a path may stand elsewhere than the rest of the API (OpenAPI, Path Item Object)."""
    openapi = document(
        servers=[at("/document")], paths={"/a~b": {"servers": of_path, "get": {"servers": own}}}
    )
    (operation,) = operations(openapi)
    assert expected == [each.url for each in servers_of(openapi, operation)]


def test_document_without_servers_has_none() -> None:
    """Of the operations of real plugins 30 % have none: the caller knows where the document was found."""
    openapi = document(paths={"/": {"get": {}}})
    assert () == servers_of(openapi, operations(openapi)[0])


def test_what_is_no_server_is_left_out_and_the_others_keep_their_place() -> None:
    """Findings point into the author's text."""
    found = servers(document(servers=[None, {"url": 1}, at("/api")]))
    assert [(2, "/servers/2", "/api")] == [(each.index, each.where, each.url) for each in found]


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (at("https://api.plugcli.dev/v1"), "https://api.plugcli.dev/v1"),
        (at("/v1"), "https://todo.plugcli.dev/v1"),
        (at("v1"), "https://todo.plugcli.dev/docs/v1"),
        (at("//api.plugcli.dev"), "https://api.plugcli.dev"),
        (
            at("https://{team}.plugcli.dev/{version}")
            | {"variables": {"team": {"default": "a"}, "version": {"default": "v2", "enum": ["v1", "v2"]}}},
            "https://a.plugcli.dev/v2",
        ),
        (at("/{team}/{}") | {"variables": {"team": {"default": 1}}}, "https://todo.plugcli.dev/{team}/{}"),
        (at("/{team}") | {"variables": "nonsense"}, "https://todo.plugcli.dev/{team}"),
    ],
)
def test_address_is_filled_in_and_relative_to_the_document(server: dict[str, Any], expected: str) -> None:
    """Calls go there: the standard takes a relative address from where the document is."""
    (found,) = servers(document(servers=[server]))
    assert expected == found.absolute_url(FOUND_AT)


def test_address_that_is_none_is_refused() -> None:
    """A real document has such a server, and nothing may be sent anywhere for it."""
    (found,) = servers(document(servers=[at("https://[plugcli")]))
    with pytest.raises(ValueError, match="IPv6"):
        found.absolute_url(FOUND_AT)
