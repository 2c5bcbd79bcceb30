"""A hint is typed as it stands, so it has the syntax of its file."""

import json

import pytest

from plugcli.hint import in_json
from plugcli.hosts import all_hosts
from plugcli.plugin import plugin_from_files
from plugcli.validate import validate


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        ("write openapi: 3.0.4", 'write "openapi": "3.0.4"'),
        ("a list of types needs openapi: 3.1.0.", 'a list of types needs "openapi": "3.1.0".'),
        ("for example version: 1.0", 'for example "version": "1.0"'),
        ("for example operationId: getTodos", 'for example "operationId": "getTodos"'),
        (
            "for example servers: [{url: https://your.domain}]",
            'for example "servers": [{"url": "https://your.domain"}]',
        ),
        ('write type: [string, "null"] here', 'write "type": ["string", "null"] here'),
        (
            "leave it out, and write nullable: true beside it",
            'leave it out, and write "nullable": true beside it',
        ),
        (
            "for example responses: {'200': {description: It}}",
            'for example "responses": {"200": {"description": "It"}}',
        ),
        ("beside properties: required: [name, ...]", 'beside properties: "required": ["name", ...]'),
        ("add schemas: {} to components", 'add "schemas": {} to components'),
        (
            "servers belongs at the top level: remove its indentation",
            "servers belongs at the top level: move it out of there",
        ),
    ],
)
def test_yaml_in_a_hint_becomes_json(hint: str, expected: str) -> None:
    """`openapi: 3.0.4` in a JSON file is a syntax error, and `"openapi": 3.0` another version."""
    assert expected == in_json(hint)


@pytest.mark.parametrize(
    "hint",
    [
        "write /todos/{user}",
        "describe the same authentication in both: use http or apiKey",
        "say what it is and give one example; put a list of values into enum",
        "text and day in place of todo: {text, day}",
        '"auth": {"type": "none"}',
        "did you mean #/components/schemas/Todo?",
        "",
    ],
)
def test_words_stay_words(hint: str) -> None:
    """Most colons and braces in a sentence are no YAML."""
    assert hint == in_json(hint)


@pytest.mark.parametrize(
    "text", ["write {a: [", "[" * 400, "write type: " + "{" * 300, "of " * 1000, "add in: " + "a." * 5000]
)
def test_nonsense_is_left_in_peace(text: str) -> None:
    """A hint may quote a stranger's document."""
    assert in_json(text)


def test_document_in_json_gets_hints_in_json() -> None:
    """Each hint is in the syntax of its own file: the manifest is JSON whatever the document is."""
    openapi = {"openapi": "3.1.0", "info": {"title": "a", "version": "1"}, "paths": {"/a": {"get": {}}}}
    files = {"openapi.json": json.dumps(openapi).encode()}
    hints = {each.hint for each in validate(plugin_from_files(files, "a"), all_hosts()).findings}
    assert 'for example "operationId": "getA"' in hints
    assert 'for example "servers": [{"url": "https://your.domain"}]' in hints
    assert [] == [hint for hint in hints if "operationId: " in hint or "servers: [" in hint]
