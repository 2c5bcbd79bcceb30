"""What the model reads of a plugin: the rules that the captured prompts show, one by one."""

import json
from typing import Any

import pytest

from plugcli.document import Document
from plugcli.prompt import MOST_CHARACTERS, Prompt, PromptHost, Size, prompt
from plugcli.prompt.typescript import MOST_PROPERTIES

MANIFEST = {"name_for_model": "todo", "description_for_model": "Plugin for managing a list."}


def made(
    operation: dict[str, Any],
    host: PromptHost = "chatgpt",
    manifest: dict[str, Any] | None = MANIFEST,
    schemas: dict[str, Any] | None = None,
    **root: Any,
) -> Prompt:
    """The prompt of a plugin with one operation, POST /todos."""
    data = {
        "openapi": "3.0.1",
        "paths": {"/todos": {"post": operation}},
        "components": {"schemas": schemas or {}},
    }
    openapi = Document.parse(json.dumps({**data, **root}), "openapi.json")
    return prompt(openapi, Document.parse(json.dumps(manifest), "ai-plugin.json") if manifest else None, host)


def body(properties: dict[str, Any], required: list[str] | None = None, **more: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": required or [], **more}
    return {"operationId": "add", "requestBody": {"content": {"application/json": {"schema": schema}}}}


def types(schema: dict[str, Any], host: PromptHost = "chatgpt", **schemas: Any) -> str:
    """The type that a property of this schema gets."""
    text = made(body({"x": schema}), host, schemas=schemas).operations[0].text
    return text.removeprefix("type add = (_: {\nx?: ").removesuffix(",\n}) => any;\n")


def test_description_of_several_lines_is_a_comment_on_each() -> None:
    """T1: a line without // would be read as a part of the types."""
    text = made(body({}), manifest={**MANIFEST, "description_for_model": "One.\r\n\nThree.\n"}).text
    assert text.startswith("// One.\n// \n// Three.\nnamespace todo {\n\n")


def test_description_is_shown_before_the_summary() -> None:
    """T3: an author who shortens the wrong one of the two saves nothing."""
    both = {"operationId": "add", "summary": "Short", "description": "Long"}
    assert "// Long\ntype add = () => any;\n" == made(both).operations[0].text
    assert "// Short\n" in made({**both, "description": ""}).operations[0].text


def test_path_query_and_body_are_one_list() -> None:
    """T4: the model does not know what is in the path and what in the body."""
    operation = body({"todo": {"type": "string", "description": "What to do"}}, ["todo"])
    operation["parameters"] = [
        {
            "name": "user",
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
            "description": "Whose",
        },
        {"name": "page", "in": "query", "schema": {"type": "integer"}},
    ]
    expected = "type add = (_: {\n// Whose\nuser: string,\npage?: number,\n// What to do\ntodo: string,\n}) => any;\n"
    assert expected == made(operation).operations[0].text


def test_operation_without_inputs_takes_none() -> None:
    """T5: and an empty object as its body is no input either."""
    assert "type add = () => any;\n" == made(body({})).operations[0].text


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "string"),
        ({"type": "integer"}, "number"),
        ({"type": "number", "enum": [1, 2]}, "number"),
        ({"type": "boolean"}, "boolean"),
        ({"type": ["string", "null"]}, "string"),
        ({"type": ["string", "integer"]}, "any"),
        ({"type": "string", "enum": ["a", 'b"c']}, '"a" | "b\\"c"'),
        ({"type": "array", "items": {"type": "array", "items": {"type": "string"}}}, "string[][]"),
        ({"type": "array", "items": {"type": "string", "enum": ["HOTEL", "VR"]}}, '"HOTEL" | "VR"[]'),
        ({"type": "array"}, "any[]"),
        ({"type": "object"}, "object"),
        ({"oneOf": [{"type": "string"}]}, "any"),
        ({"$ref": "#/components/schemas/Gone"}, "any"),
        ({"$ref": "https://elsewhere.dev/schema.json"}, "any"),
        ({}, "any"),
    ],
)
def test_type_of_a_schema(schema: dict[str, Any], expected: str) -> None:
    """T6, and the array of an enum as the capture of Expedia's plugin has it."""
    assert expected == types(schema)


def test_actions_put_an_enum_in_parentheses() -> None:
    """So do the captures of GPT Actions from June 2024 on."""
    schema = {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}
    assert '("a" | "b")[]' in made(body({"x": schema}), "gpt-actions").text


def test_nested_object_has_no_comments_and_two_spaces_at_any_depth() -> None:
    """T7: an author who describes nested properties should see that the model does not read it."""
    place = {"type": "object", "properties": {"city": {"type": "string", "description": "Never seen"}}}
    schema = {
        "type": "array",
        "items": {"type": "object", "properties": {"at": place, "n": {"type": "integer"}}},
    }
    assert "{\n  at: {\n  city: string,\n},\n  n: number,\n}[]" == types(schema)


def test_answer_is_any_for_plugins_and_typed_for_actions() -> None:
    """T8: an object alone; a list stays `any`."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"id": {"type": "string", "description": "Never seen"}},
    }
    for wrapped, actions in ((schema, "{\n  id: string,\n}"), ({"type": "array", "items": schema}, "any")):
        answer = {"200": {"description": "Never seen", "content": {"application/json": {"schema": wrapped}}}}
        operation = {"operationId": "add", "responses": answer}
        assert "type add = () => any;\n" == made(operation).operations[0].text
        assert f"type add = () => {actions};\n" == made(operation, "gpt-actions").operations[0].text


def test_actions_have_the_name_of_their_host() -> None:
    """T10: dots and dashes become _; the manifest is not read."""
    found = made(body({}), "gpt-actions", servers=[{"url": "https://tailwind-play.m1guelpf.me/v1"}])
    assert found.text.startswith(
        "This typescript tool allows you to call external API endpoints on tailwind-play.m1guelpf.me over the internet.\n"
        "namespace tailwind_play_m1guelpf_me__jit_plugin {\n\n"
    )
    assert ["the manifest"] == [each.what for each in found.left_out]


def test_references_are_resolved_and_general_texts_left_out() -> None:
    """T11: what stands in `info` and in responses is written for nobody."""
    reference = {"$ref": "#/components/schemas/Todo"}
    operation = {
        "operationId": "add",
        "requestBody": {"content": {"application/json": {"schema": reference}}},
    }
    schemas = {"Todo": {"type": "object", "properties": {"id": {"$ref": "#/components/schemas/Id"}}}}
    schemas["Id"] = {"type": "string", "description": "Its id"}
    found = made(operation, schemas=schemas, info={"title": "T", "description": "Never seen", "version": "1"})
    assert "type add = (_: {\n// Its id\nid?: string,\n}) => any;\n" == found.operations[0].text
    assert "Never seen" not in found.text


@pytest.mark.parametrize(
    ("operation", "what"),
    [
        ({"summary": "x"}, "POST /todos: it has no operationId"),
        (
            {"operationId": "add", "parameters": [{"$ref": "#/components/parameters/user"}]},
            "POST /todos: a parameter is a $ref, which the host does not follow",
        ),
        (
            {"operationId": "add", "parameters": [{"name": "id", "in": "query"}] * 2},
            "POST /todos: two arguments have the name id",
        ),
        (
            {**body({"id": {}}), "parameters": [{"name": "id", "in": "path"}]},
            "POST /todos: two arguments have the name id",
        ),
    ],
)
def test_operation_that_the_host_skips_is_left_out_and_named(operation: dict[str, Any], what: str) -> None:
    """What the model cannot call is the most important thing to know of the prompt."""
    found = made(operation)
    assert () == found.operations
    assert [what] == [f"{each.what}: {each.why}" for each in found.left_out]


def test_input_that_the_host_ignores_is_left_out_and_named() -> None:
    """A header, and a body that is a list or a form."""
    operation = body({"todo": {"type": "string"}}, type="array")
    operation["parameters"] = [{"name": "X-Key", "in": "header", "schema": {"type": "string"}}]
    found = made(operation)
    assert "type add = () => any;\n" == found.operations[0].text
    assert ["the parameter X-Key of POST /todos", "the request body of POST /todos"] == [
        each.what for each in found.left_out
    ]


def test_recursive_schema_ends_in_a_mark() -> None:
    """A tree of comments has no end; the text has one, and says where it made it."""
    node = {
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$ref": "#/components/schemas/N"}}},
    }
    found = made(body({"x": {"$ref": "#/components/schemas/N"}}), schemas={"N": node})
    assert "x?: {\n  children: any /* N again */[],\n},\n" in found.text
    assert ["the inside of N in POST /todos"] == [each.what for each in found.left_out]


def test_expansion_is_bounded() -> None:
    """40 schemas that each hold the next one twice are 2 to the 40th properties when written out."""
    schemas = {
        f"S{n}": {
            "type": "object",
            "properties": {each: {"$ref": f"#/components/schemas/S{n + 1}"} for each in "ab"},
        }
        for n in range(40)
    }
    found = made(
        body({"x": {"$ref": "#/components/schemas/S0"}}), schemas={**schemas, "S40": {"type": "string"}}
    )
    assert len(found.text) < 100 * MOST_PROPERTIES
    assert "any /* cut here */" in found.text
    assert ["more of POST /todos"] == [each.what for each in found.left_out]


def test_size_counts_what_is_not_ascii_as_a_token() -> None:
    """An estimate, but never nothing for a Chinese description."""
    assert [Size(0, 0), Size(1, 1), Size(8, 2), Size(6, 3)] == [
        Size.of(each) for each in ("", "a", "a" * 8, "abcd待办")
    ]


@pytest.mark.slow
def test_whole_prompt_is_bounded_and_says_so() -> None:
    """A thousand operations with a long body that they share are more than the memory holds."""
    schema = {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(10_000)}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S"}}}}
    paths = {f"/{n}": {"post": {"operationId": f"o{n}", "requestBody": body}} for n in range(200)}
    found = made({}, schemas={"S": schema}, paths=paths)
    assert MOST_CHARACTERS < len(found.text) < 1.1 * MOST_CHARACTERS
    first = f"POST /{len(found.operations)} and what follows"
    assert [first] == [each.what for each in found.left_out]


def test_long_names_and_choices_count_for_several() -> None:
    """A megabyte that a thousand properties refer to is a gigabyte, however few choices it is."""
    for schema in ({"enum": ["x" * 100_000]}, {"type": "object", "properties": {"x" * 100_000: {}}}):
        found = made(
            body({f"p{n}": {"$ref": "#/components/schemas/S"} for n in range(9)}), schemas={"S": schema}
        )
        assert len(found.text) < 150_000
        assert ["more of POST /todos"] == [each.what for each in found.left_out]
