"""Payloads: which schemas an operation is sent and answers, and that no document is too strange for those who ask."""

import copy
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from plugcli.document import Document, pointer
from plugcli.hosts import all_hosts
from plugcli.openapi.payload import parts, payloads
from plugcli.plugin import plugin_from_files
from plugcli.validate import validate

OPENAPI = """
openapi: 3.0.3
info: {title: Todo, version: "1"}
servers: [{url: "https://todo.plugcli.dev"}]
security: [{key: []}]
paths:
  /todos:
    servers: [{url: "https://todo.plugcli.dev/v1"}]
    parameters: [{$ref: "#/components/parameters/day"}]
    post:
      operationId: addTodo
      security: [{key: [], login: [todos]}, {}]
      requestBody: {$ref: "#/components/requestBodies/todo"}
      responses:
        "200": {description: All., content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Todo"}}}}}
        "204": {description: Done., content: {}}
components:
  parameters: {day: {name: day, in: query, schema: {oneOf: [{type: string}, {type: integer}]}}}
  requestBodies: {todo: {content: {application/json: {schema: {$ref: "#/components/schemas/Todo"}}, text/plain: {}}}}
  schemas: {Todo: {type: object, properties: {parts: {type: array, items: {$ref: "#/components/schemas/Todo"}}}}}
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Key}
    login: {type: oauth2, flows: {authorizationCode: {authorizationUrl: "https://x", tokenUrl: "https://x", scopes: {}}}}
"""
SOUND: dict[str, Any] = yaml.safe_load(OPENAPI)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just({"$ref": "#/paths"}),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any, *path: Any) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, each in inner for place in [(*path, key), *places(each, *path, key)]]


def test_payloads_are_found_through_references() -> None:
    """A schema that a reference hides is sent all the same."""
    document = Document.parse(OPENAPI, "openapi.yaml")
    assert [
        ("parameter", "/components/parameters/day/schema", "day"),
        ("body", "/components/schemas/Todo", ""),
        ("response", "/paths/~1todos/post/responses/200/content/application~1json/schema", ""),
    ] == [(each.kind, each.where, each.name) for each in payloads(document)]


def test_parts_of_a_schema_that_contains_itself_end() -> None:
    """Each place is visited once, be there ever so many ways to it."""
    document = Document.parse(OPENAPI, "openapi.yaml")
    seen: set[int] = set()
    found = [pointer.join(*path) for each in payloads(document) for path, _ in parts(document, each, seen)]
    assert len(set(found)) == len(found)
    assert {"/components/schemas/Todo", "/components/schemas/Todo/properties/parts"} < set(found)


@pytest.mark.slow
@given(st.sampled_from(sorted(places(SOUND), key=str)), ANYTHING)
def test_anything_in_any_place_is_judged_by_every_host(path: tuple[Any, ...], value: object) -> None:
    """A rule that trusts the form of a document ends in a traceback on somebody's."""
    data = copy.deepcopy(SOUND)
    around: Any = data
    for part in path[:-1]:
        around = around[part]
    around[path[-1]] = value
    files = {"openapi.yaml": yaml.safe_dump(data, allow_unicode=True).encode()}
    report = validate(plugin_from_files(files, "mine"), all_hosts())
    assert all(each.line >= 1 and each.column >= 1 for each in report.findings)
