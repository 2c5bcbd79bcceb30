"""The specification's faults: each named at its place, in documents that nobody thought of."""

import json
from typing import Any

import pytest

from plugcli.document import Document
from plugcli.openapi.specification import faults


def found(schema: Any, version: str = "3.0.3") -> dict[str, str]:
    """Faults of a document whose only schema is `schema`: pointer below it to message."""
    data = {
        "openapi": version,
        "info": {"title": "x", "version": "1"},
        "paths": {},
        "components": {"schemas": {"A": schema}},
    }
    document = Document.parse(json.dumps(data), "x")
    return {fault.where.removeprefix("/components/schemas/A"): fault.message for fault in faults(document)}


@pytest.mark.parametrize("key", ["200", "007", "", "a/b", "~1", "-1", "\u00e9", "\ud83d", "required"])
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_fault_below_any_key_is_found(key: str, version: str) -> None:
    """The library gives keys that look like numbers as numbers, and leaves out empty ones."""
    schema = {"type": "object", "properties": {key: {"type": "object", "properties": {"x": {"type": "int"}}}}}
    (where,) = found(schema, version)
    if key != "\ud83d":  # UTF-8 cannot write it: the nearest place
        escaped = key.replace("~", "~0").replace("/", "~1")
        assert f"/properties/{escaped}/properties/x/type" == where


def test_fault_beside_a_key_of_thousands_of_digits_is_found() -> None:
    """Python refuses to make a number of one, and the command must not end there."""
    schema = {"properties": {"9" * 5000: {}, "007": {"required": True}}}
    assert any(where.endswith("/properties/007/required") for where in found(schema))


def test_several_faults_are_found_in_one_run() -> None:
    """Users ask for all of them at once, and not for "is not valid under any of the given schemas"."""
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "string", "required": True},
            "b": {"type": "int"},
            "c": {"$ref": 7},
            "d": "text",
            "e": {"type": "string", "decription": "x"},
        },
        "required": [],
    }
    assert {
        "/properties/a/required": "required is true, and must be a list",
        "/properties/b/type": 'type is "int", and must be one of array, boolean, integer, number, object, string',
        "/properties/c/$ref": "$ref is 7, and must be text",
        "/properties/d": 'properties.d is "text", and must be an object',
        "/properties/e/decription": "OpenAPI 3.0 has no decription in properties.e",
        "/required": "required is empty",
    } == found(schema)


def test_sound_schemas_have_no_fault() -> None:
    """References with siblings, null types of 3.1 and boolean schemas are all allowed where they are."""
    assert {} == found({"$ref": "#/components/schemas/B", "description": "x"})
    assert {} == found({"type": "object", "additionalProperties": False, "nullable": True})
    assert {} == found({"additionalProperties": {"$ref": "#/components/schemas/A"}})
    assert {} == found({"type": ["string", "null"], "examples": ["x"], "not": False}, "3.1.0")
    assert {} == found({"exclusiveMinimum": 0, "dependencies": {"a": ["b"]}}, "3.1.0")


def test_each_version_has_its_own_words() -> None:
    """What 3.1 allows, 3.0 does not, and the other way round."""
    assert {"/type": 'type is ["string", "null"], and must be text'} == found({"type": ["string", "null"]})
    assert {"/exclusiveMinimum": "exclusiveMinimum is true, and must be a number"} == found(
        {"exclusiveMinimum": True}, "3.1.0"
    )
    assert {"/multipleOf": "multipleOf is 0, and must be more than 0"} == found({"multipleOf": 0})


@pytest.mark.parametrize(
    ("member", "value", "hint"),
    [
        ("minimum", "1e-3", "write 0.001 without quotes"),
        ("minimum", "1E3", "write 1000.0 without quotes"),
        ("minimum", "1e-30", "write 1.0e-30 without quotes"),
        ("minimum", " 7 ", "write 7 without quotes"),
        ("minimum", ".5", "write 0.5 without quotes"),
        ("minimum", "1_000", "write 1000 without quotes"),
        ("minimum", "many", ""),
        ("minimum", "9" * 400, ""),
        ("deprecated", "yes", "write true without quotes"),
        ("deprecated", "OFF", "write false without quotes"),
        ("title", False, "put quotes around it: without them it is true or false"),
        (
            "type",
            ["string", "null"],
            "a list of types needs openapi: 3.1.0; in 3.0 write type: string, and nullable: true",
        ),
        (
            "type",
            "null",
            "OpenAPI 3.0 has no type null: leave it out, and write nullable: true beside the other type",
        ),
    ],
)
def test_hint_can_be_followed(member: str, value: Any, hint: str) -> None:
    """Whoever does what it says must not get the same fault again, in JSON or in any version of YAML."""
    data = {"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": {}}
    document = Document.parse(json.dumps({**data, "components": {"schemas": {"A": {member: value}}}}), "x")
    (fault,) = faults(document)
    assert hint == fault.hint
    if fault.hint.startswith("write"):
        written = hint.split()[1]
        for text in (f'{{"a": {written}}}', f"a: {written}\n"):
            for version in ("1.1", "1.2"):
                read = Document.parse(text, "x").read_as(version).data["a"]
                assert [] == list(faults(_with(member, read)))


def _with(member: str, value: Any) -> Document:
    text = json.dumps(
        {
            "openapi": "3.0.3",
            "info": {"title": "x", "version": "1"},
            "paths": {},
            "components": {"schemas": {"A": {member: value}}},
        }
    )
    return Document.parse(text, "x")


def test_one_fault_of_3_1_is_told_once() -> None:
    """A branch that fails makes the members that it knows unevaluated: "OpenAPI 3.1 has no in in k" is not true."""
    data = {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "components": {
            "securitySchemes": {
                "k": {"type": "apiKey", "in": "header"},
                "l": {"type": "apiKey", "in": "header", "name": "X", "nmae": "Y"},
            },
            "parameters": {
                "p": {"name": "p", "in": "query", "shema": {}},
                "q": {"name": "q", "schema": {}},
                "r": {"name": "r", "in": "query", "schema": {}, "example": 1, "examples": {}},
            },
            "responses": {"My answer": {"description": "x"}},
        },
    }
    found = {
        each.where.removeprefix("/components/"): each.message
        for each in faults(Document.parse(json.dumps(data), "x"))
    }
    assert {
        "securitySchemes/k/name": "k lacks name",
        "securitySchemes/l/nmae": "OpenAPI 3.1 has no nmae in l",
        "parameters/p/schema": "p lacks schema",
        "parameters/p/shema": "OpenAPI 3.1 has no shema in p",
        "parameters/q/in": "q lacks in",
        "parameters/r": "r has members that exclude each other: example, examples",
        "responses/My answer": "My answer cannot be a name in responses",
    } == found


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("number", [".inf", "-.INF", ".nan"])
def test_number_that_json_does_not_have_is_a_number(number: str, version: str) -> None:
    """Microsoft's parser, run with `minimum: .inf`, calls the document valid."""
    start = f"openapi: {version}\ninfo: {{title: x, version: '1'}}\npaths: {{}}\ncomponents: {{schemas: {{A: "
    assert () == faults(Document.parse(f"{start}{{minimum: {number}}}}}}}\n", "x"))
    (fault,) = faults(Document.parse(f"{start}{{minLength: {number}}}}}}}\n", "x"))
    assert "/components/schemas/A/minLength" == fault.where
