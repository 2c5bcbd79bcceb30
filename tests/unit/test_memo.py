"""What is computed from a document is computed once for each document, however many there are, and freed with it."""

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from plugcli.document import Document, remembered
from plugcli.hosts import Tools, all_hosts
from plugcli.ignore import ignore_comments
from plugcli.openapi import tool_schema
from plugcli.openapi.operation import operations
from plugcli.openapi.payload import payloads
from plugcli.openapi.recursion import recursive_schemas
from plugcli.openapi.signature import signatures
from plugcli.openapi.specification import faults
from plugcli.openapi.tool import tools
from plugcli.plugin import Plugin, plugin_from_files
from plugcli.validate import validate

HOW = Tools()
OPENAPI = b"""
openapi: 3.1.0
info: {title: Todo, version: "1"}
paths:
  /todos/{id}:  # plugcli: ignore[path-parameter] a gateway fills it in
    post:
      operationId: addTodo
      deprecated: 1
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Todo"}}}}
      responses: {"200": {description: Done}}
components: {schemas: {Todo: {type: object, properties: {parts: {type: array, items: {$ref: "#/components/schemas/Todo"}}}}}}
"""


def plugin(name: str = "todo") -> Plugin:
    """A plugin of one document, which gives each function something to find."""
    return plugin_from_files({"openapi.yaml": OPENAPI}, name)


@pytest.mark.parametrize(
    "compute",
    [
        operations,
        signatures,
        payloads,
        recursive_schemas,
        faults,
        ignore_comments,
        lambda document: tools(document, HOW),
        lambda document: tool_schema.parts(document, HOW),
    ],
)
def test_three_documents_in_turn_are_each_read_once(compute: Callable[[Document], Any]) -> None:
    """A server with three plugins would otherwise read a document again at every call: 24 ms for 2,000 operations."""
    documents = [Document.parse(OPENAPI, str(number)) for number in range(3)]
    first = [compute(each) for each in documents]
    assert all(first)
    assert all(a is b for a, b in zip(first, map(compute, documents), strict=True))


def test_document_is_freed_when_its_owner_lets_go() -> None:
    """A server that loads a plugin again and again would otherwise keep all of them: 4 MB for Stripe's."""
    judged = plugin()
    assert judged.openapi is not None
    kept = weakref.ref(judged.openapi), weakref.ref(judged)
    validate(judged, all_hosts())
    del judged
    gc.collect()
    assert (None, None) == (kept[0](), kept[1]())


def test_each_argument_has_its_own_value_and_none_is_a_value() -> None:
    """Tools are made by several recipes of one document, and a reference that leads nowhere is looked up once."""
    asked: list[int] = []

    @remembered
    def look_up(_document: Document, number: int) -> int | None:
        asked.append(number)
        return number or None

    document = Document.parse(OPENAPI, "todo")
    assert [1, 2, None, 1, None] == [look_up(document, number) for number in (1, 2, 0, 1, 0)]
    assert [1, 2, 0] == asked
