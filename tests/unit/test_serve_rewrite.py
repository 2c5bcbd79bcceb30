"""Addresses in documents, moved to where the server stands."""

from copy import deepcopy
from typing import Any

import pytest

from plugcli.serve.rewrite import local_path, moved, moved_manifest, moved_openapi

HERE = "http://localhost:8080"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:5003/openapi.yaml", f"{HERE}/openapi.yaml"),
        ("https://LOCALHOST/openapi.yaml", f"{HERE}/openapi.yaml"),
        ("http://127.0.0.1:8000", HERE),
        ("http://[::1]:5003/api?x=1#y", f"{HERE}/api?x=1#y"),
        ("http://0.0.0.0:5003/", f"{HERE}/"),
        ("http://localhost:{port}/{base}", f"{HERE}/{{base}}"),
        ("//localhost:5003/a", f"{HERE}/a"),
        ("/openapi.json", f"{HERE}/openapi.json"),
        ("/", HERE),
        (".", HERE),
        ("./v1", f"{HERE}/v1"),
        ("../v1", f"{HERE}/v1"),
    ],
)
def test_address_of_this_machine_moves(url: str, expected: str) -> None:
    """A plugin written for port 5003 works on every port, behind a forwarded one too."""
    assert moved(url, HERE) == expected


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/openapi.yaml",
        "http://localhost.example.com/",
        "http://localhost@example.com/",
        "data:image/png;base64,AAAA",
        "openapi.yaml",
        "localhost:5003/openapi.yaml",
        "",
        "//example.com/x",
        "ftp://localhost/x",
        "http://127.0.0.10/",
        None,
        5003,
        ["/"],
    ],
)
def test_other_address_stays(url: object) -> None:
    """What is elsewhere, or what no host would take, must reach the host as the author wrote it."""
    assert moved(url, HERE) is url


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://localhost:5003/docs/openapi.yaml?x=1", "/docs/openapi.yaml"),
        ("/logo.svg", "/logo.svg"),
        ("./logo.svg", "/logo.svg"),
        ("http://localhost:5003", "/"),
        ("https://example.com/logo.png", None),
        ("data:image/png;base64,AAAA", None),
        (None, None),
    ],
)
def test_local_path_is_found(url: object, path: str | None) -> None:
    """The paths that a manifest names are the ones to serve its documents at."""
    assert local_path(url) == path


def test_manifest_without_local_addresses_is_the_same_object() -> None:
    """Then the author's own text is sent, byte for byte."""
    manifest = {
        "api": {"type": "openapi", "url": "https://example.com/o.yaml"},
        "logo_url": "https://e.com/l.png",
    }
    assert moved_manifest(manifest, HERE) is manifest


def test_manifest_keeps_everything_but_addresses() -> None:
    """Descriptions may mention localhost, and are the author's words."""
    manifest = {
        "description_for_model": "See http://localhost:5003/x",
        "api": {
            "type": "openapi",
            "url": "http://localhost:5003/openapi.yaml",
            "is_user_authenticated": False,
        },
        "logo_url": "/logo.png",
        "legal_info_url": "http://localhost:5003/legal",
        "auth": {"type": "oauth", "client_url": "http://localhost:5003/oauth"},
    }
    before = deepcopy(manifest)
    after = moved_manifest(manifest, HERE)
    assert manifest == before
    assert list(after) == list(before)
    assert after == before | {
        "api": {"type": "openapi", "url": f"{HERE}/openapi.yaml", "is_user_authenticated": False},
        "logo_url": f"{HERE}/logo.png",
        "legal_info_url": f"{HERE}/legal",
    }


def test_servers_move_on_every_level() -> None:
    """A path's or an operation's server overrides the document's."""
    server = [{"url": "http://localhost:5003/v1", "description": "mine"}, {"url": "https://example.com"}]
    document = {"servers": server, "paths": {"/a": {"servers": server, "get": {"servers": server, "x": 1}}}}
    new = [{"url": f"{HERE}/v1", "description": "mine"}, {"url": "https://example.com"}]
    assert moved_openapi(document, HERE) == {
        "servers": new,
        "paths": {"/a": {"servers": new, "get": {"servers": new, "x": 1}}},
    }


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"servers": None},
        {"servers": "http://localhost:5003"},
        {
            "servers": [None, "x", {"url": 5}, {}],
            "paths": {"/a": None, "/b": {"get": [], "post": {"servers": {}}}},
        },
        {"paths": ["/a"]},
        {"servers": [{"url": "http://localhost:8080"}]},
    ],
)
def test_odd_or_settled_document_is_the_same_object(document: Any) -> None:
    """A broken document reaches the host as it is, so that validate and the host see the same thing."""
    assert moved_openapi(document, HERE) is document
