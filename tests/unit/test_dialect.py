"""Dialects: formats that share a file name, and files that stand in each other's place."""

import json
import time

import pytest

from plugcli.dialect import is_openapi, manifest_dialect, openapi_dialect


@pytest.mark.parametrize(
    ("data", "dialect"),
    [
        ({"name_for_model": "todo"}, "plugin"),
        ({"api": {}, "openapi": "a member too many"}, "plugin"),
        ({"api": {}, "functions": []}, "plugin"),
        ({"api": {}, "examples": {"url": "x"}}, "baidu"),
        ({"api": {}, "examples": ["x"]}, "plugin"),
        ({"schema_version": "v2.1", "namespace": "x", "runtimes": []}, "m365-copilot"),
        ({"name_for_human": "x", "functions": [], "description_for_human": "y"}, "m365-copilot"),
        ({"$schema": "https://aka.ms/json-schemas/copilot/plugin/v2.1/schema.json"}, "m365-copilot"),
        (
            {"$schema": "https://agent-plugins.org/schemas/1.0.0/plugin.schema.json", "name": "x"},
            "agent-plugin",
        ),
        ({"openapi": "3.1.0", "paths": {}}, "openapi"),
        ({"swagger": "2.0"}, "openapi"),
        ({"x-mb": {}}, "other"),
        ({}, "other"),
    ],
)
def test_manifest_is_told_from_what_has_its_name(data: dict[str, object], dialect: str) -> None:
    """91 repositories keep a manifest of Microsoft 365 Copilot in a file called ai-plugin.json."""
    assert dialect == manifest_dialect(data)


@pytest.mark.parametrize(
    ("data", "dialect"),
    [
        ({"openapi": "3.1.0"}, "openapi"),
        ({"swagger": "2.0", "paths": {}}, "swagger"),
        ({"penapi": "3.0.1", "paths": {}}, "version-missing"),
        ({"name_for_model": "todo"}, "manifest"),
        ({"message": "Forbidden"}, "other"),
        ({"paths": []}, "other"),
    ],
)
def test_openapi_document_is_told_from_other_answers(data: dict[str, object], dialect: str) -> None:
    """19 of 461 downloads of an approved plugin's document are JSON, and no OpenAPI."""
    assert dialect == openapi_dialect(data)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("ai-plugin.json", b'{"openapi": "3.1.0"}', False),
        ("openapi.json", b'{"name_for_model": "x"}', True),
        ("swagger.yaml", b"", True),
        ("spec.json", b'{"info": {}, "openapi": "3.1.0"}', True),
        ("spec.json", b'{\n  "swagger": "2.0",', True),
        ("todo.json", b'{"schema_version": "v1", "api": {"type": "openapi", "url": "x"}}', False),
        ("todo.json", b"{", False),
        ("todo.yaml", b"a: b: c", True),
        ("api.txt", b"openapi: 3.1.0\nname_for: x", True),
        ("manifest", b"{name_for_model: x}", False),
        ("my-openapi-v2.json", b"<html>", True),
    ],
)
def test_file_is_judged_as_what_it_was_meant_to_be(name: str, data: bytes, expected: bool) -> None:
    """Also one that does not parse: the first thing said of it must not be that it is the wrong kind."""
    assert expected == is_openapi(name, data)


def test_kind_of_a_strange_file_is_told_in_time() -> None:
    """A stranger's answer of many megabytes must not take the square of its length."""
    start = time.process_time()
    for data in (
        b"\n" * 10_000_000,
        b" " * 10_000_000,
        b"{" * 10_000_000,
        json.dumps(["{"] * 99_999).encode(),
    ):
        assert not is_openapi("x.json", data)
    assert time.process_time() - start < 5
