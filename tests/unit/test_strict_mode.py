"""What a tool has all in all, in documents too large to keep as files."""

import json
from typing import Any

import pytest

from plugcli.hosts import named_hosts
from plugcli.plugin import plugin_from_files
from plugcli.validate import validate


def findings(todos: dict[str, Any], operations: int = 1) -> list[str]:
    """What strict mode minds where each operation is sent an object of `todos`."""
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": {"todo": todos}}}}}
    answers = {"200": {"description": "Done"}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Todo list", "version": "1"},
        "servers": [{"url": "https://todo.plugcli.dev"}],
        "paths": {
            f"/todos/{number}": {
                "post": {"operationId": f"add{number}", "requestBody": body, "responses": answers}
            }
            for number in range(operations)
        },
    }
    plugin = plugin_from_files({"openapi.json": json.dumps(document).encode()}, "todo")
    report = validate(plugin, named_hosts(["openai-tools"]))
    return [each.message for each in report.findings if each.rule == "strict-mode"]


def with_properties(number: int, length: int = 4) -> dict[str, Any]:
    """An object with `number` properties, whose names have `length` characters."""
    names = (str(index).zfill(length) for index in range(number))
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}}


@pytest.mark.parametrize(
    ("todos", "expected"),
    [
        (with_properties(4998), []),
        (
            with_properties(5000),
            ["POST /todos/0 has 5,001 properties, more than 5,000: it cannot be strict"],
        ),
        (with_properties(100, 1199), []),
        (
            with_properties(100, 1200),
            [
                "POST /todos/0 has 120,004 characters of names and values, more than 120,000: it cannot be strict"
            ],
        ),
    ],
)
def test_size_of_a_tool_is_that_of_all_its_schemas(todos: dict[str, Any], expected: list[str]) -> None:
    """The limits are about the whole input: its own arguments count as well as what stands in them."""
    assert expected == findings(todos)


def test_sizes_of_several_tools_are_not_added_up() -> None:
    """Each tool has its own schema: a large document of small tools can be strict."""
    assert [] == findings(with_properties(3000), operations=3)
