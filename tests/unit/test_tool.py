"""Tools: what becomes of operations where a model is given functions, on documents small enough to be seen whole."""

import json
import re
from random import Random
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugcli.document import Document
from plugcli.hosts import Tools, all_hosts
from plugcli.openapi.tool import Tool, tools
from plugcli.openapi.tool_schema import parts

HOW = Tools(unnamed="{method}_{path}", unnamed_drops="[^A-Za-z_]")


def document(**members: Any) -> Document:
    """An OpenAPI document with `members`."""
    return Document.parse(json.dumps({"openapi": "3.1.0", **members}), "openapi.json", is_json=True)


def tool(operation: dict[str, Any], *, path: str = "/todos", **members: Any) -> Tool:
    """The tool that is made of one operation."""
    return tools(document(paths={path: {"post": operation}}, **members), HOW)[0]


def body(schema: Any, media_type: str = "application/json") -> dict[str, Any]:
    """A Request Body Object."""
    return {"content": {media_type: {"schema": schema}}}


def test_parameters_and_body_become_the_properties_of_one_object() -> None:
    """A model fills in one object: it has no notion of paths, queries and bodies."""
    made = tool(
        {
            "operationId": "addTodo",
            "parameters": [
                {"name": "user", "in": "path", "description": "Whose.", "schema": {"type": "string"}},
                {"name": "quiet", "in": "query", "schema": {"type": "boolean"}},
            ],
            "requestBody": body(
                {"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}}
            ),
        },
        path="/todos/{user}",
    )
    assert {
        "type": "object",
        "properties": {
            "user": {"type": "string", "description": "Whose."},
            "quiet": {"type": "boolean"},
            "title": {"type": "string"},
        },
        "required": ["user", "title"],
    } == made.input_schema


def test_tool_without_arguments_takes_none() -> None:
    """The specification of MCP recommends this form: else models invent arguments."""
    assert {"type": "object", "properties": {}, "additionalProperties": False} == tool({}).input_schema


def test_argument_in_the_body_keeps_its_name() -> None:
    """Two arguments of one name would be one in an object; the other gets its place as an ending, as FastMCP does it."""
    made = tool(
        {
            "parameters": [{"name": "id", "in": "path", "schema": {"type": "integer"}}],
            "requestBody": body({"properties": {"id": {"type": "string"}}}),
        },
        path="/{id}",
    )
    assert {"id__path": {"type": "integer"}, "id": {"type": "string"}} == made.input_schema["properties"]


THREE: dict[str, Any] = {
    "parameters": [
        {"name": "id", "in": "path", "schema": {"type": "integer"}},
        {"name": "id__path", "in": "query", "required": True, "schema": {"type": "boolean"}},
    ],
    "requestBody": body({"properties": {"id": {"type": "string"}}}),
}


def test_renamed_argument_takes_the_name_of_no_other() -> None:
    """Path id, query id__path, body id: of three arguments one was lost, and the schema was invalid."""
    schema = tool(THREE, path="/{id}").input_schema
    assert {
        "id__path_2": {"type": "integer"},
        "id__path": {"type": "boolean"},
        "id": {"type": "string"},
    } == schema["properties"]
    assert {"id__path_2", "id__path"} == set(schema["required"])
    jsonschema_rs.meta.validate(schema)


def test_shown_name_leads_to_the_argument_and_back() -> None:
    """What a model fills in must reach the place that the document means."""
    made = tool(THREE, path="/{id}")
    found = {name: (each.name, each.location) for name, each in made.by_name.items()}
    assert {"id__path_2": ("id", "path"), "id__path": ("id__path", "query"), "id": ("id", "body")} == found
    assert list(made.by_name) == [made.shown_name(each) for each in made.arguments]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("$top", "_top"),
        ("filter[name]", "filter_name_"),
        ("X-Api-Key", "X_Api_Key"),
        ("3d", "_3d"),
        ("", "_"),
        ("naïve", "na_ve"),
        ("a" * 70, "a" * 64),
    ],
)
def test_name_that_a_models_api_refuses_is_changed(name: str, shown: str) -> None:
    """One such name makes Anthropic's API refuse every tool of the request."""
    made = tool({"parameters": [{"name": name, "in": "query"}]})
    assert [shown] == list(made.input_schema["properties"])


def test_name_is_cut_after_renaming_and_keeps_its_ending() -> None:
    """Cut before, it would be too long; cut behind, it would lose what tells it from the other."""
    name = "a" * 64
    made = tool(
        {"parameters": [{"name": name, "in": "query"}], "requestBody": body({"properties": {name: {}}})}
    )
    assert ["a" * 57 + "__query", name] == list(made.by_name)


NAMES = st.sampled_from(
    ["id", "id__path", "id__query", "id__path_2", "id_", "id!", "id?", "", "_", "a" * 64, "a" * 65, "a" * 66]
) | st.text(max_size=3)
PARAMETERS = st.lists(st.tuples(NAMES, st.sampled_from(["path", "query", "header", "cookie"])), max_size=8)


@given(PARAMETERS, PARAMETERS, st.lists(NAMES, min_size=1, max_size=6), st.randoms())
def test_arguments_keep_unique_names_in_any_order(
    own: list[tuple[str, str]], shared: list[tuple[str, str]], names: list[str], random: Random
) -> None:
    """A lost argument can never be sent, and a name that changes with the order of the text breaks what was built on it."""

    def made() -> Tool:
        for each in (own, shared, names):
            random.shuffle(each)
        listed = [
            [
                {"name": name, "in": location, "required": True, "schema": {"title": name}}
                for name, location in each
            ]
            for each in (own, shared)
        ]
        operation = {
            "operationId": "do",
            "parameters": listed[0],
            "requestBody": body({"properties": {each: {} for each in names}, "required": names}),
        }
        openapi = document(paths={"/": {"parameters": listed[1], "post": operation}})
        return tools(openapi, HOW)[0]

    first, second = made(), made()
    expected = {*own, *shared, *((name, "body") for name in names)}
    for each in (first, second):
        schema = each.input_schema
        assert len(expected) == len(schema["properties"])
        assert set(schema["properties"]) == set(schema.get("required", []))
        assert len(expected) == len(schema.get("required", []))
        assert expected == {(argument.name, argument.location) for argument in each.by_name.values()}
        assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", name) for name in schema["properties"])
        jsonschema_rs.meta.validate(schema)
    shown = [
        {(each.name, each.location): name for name, each in tool.by_name.items()} for tool in (first, second)
    ]
    assert shown[0] == shown[1]


def test_body_without_properties_is_one_argument() -> None:
    """A list cannot be the arguments of a function, and must not be lost for that."""
    made = tool({"requestBody": {**body({"type": "array", "items": {"type": "string"}}), "required": True}})
    assert {"body": {"type": "array", "items": {"type": "string"}}} == made.input_schema["properties"]
    assert ["body"] == made.input_schema["required"]


def test_json_is_taken_where_it_is_offered() -> None:
    """A body may come in several forms, and hosts send JSON."""
    content: dict[str, Any] = {
        "multipart/form-data": {"schema": {"properties": {"form": {}}}},
        "application/json": {"schema": {"properties": {"json": {}}}},
    }
    assert ["json"] == [each.name for each in tool({"requestBody": {"content": content}}).arguments]


def test_parts_of_all_of_give_their_properties() -> None:
    """Bodies that extend others are common, and their properties are as good as those written out."""
    schemas = {"Base": {"properties": {"id": {"type": "string"}}}}
    made = tool(
        {
            "requestBody": body(
                {
                    "allOf": [
                        {"$ref": "#/components/schemas/Base"},
                        {"properties": {"due": {}}, "required": ["id"]},
                    ]
                }
            )
        },
        components={"schemas": schemas},
    )
    assert [("id", True), ("due", False)] == [(each.name, each.is_required) for each in made.arguments]


def test_parameters_of_the_path_belong_to_the_tool_where_the_host_reads_them() -> None:
    """Some hosts take the operation's own only."""
    shared = {"name": "user", "in": "path", "schema": {}}
    openapi = document(paths={"/{user}": {"parameters": [shared], "get": {"operationId": "get"}}})
    assert ["user"] == [each.name for each in tools(openapi, Tools())[0].arguments]
    assert () == tools(openapi, Tools(path_parameters=False))[0].arguments


def test_schema_that_contains_itself_has_an_end() -> None:
    """Comments on comments: written out, they never end."""
    todo = {
        "type": "object",
        "properties": {"parts": {"type": "array", "items": {"$ref": "#/components/schemas/Todo"}}},
    }
    made = tool(
        {"requestBody": body({"properties": {"todo": {"$ref": "#/components/schemas/Todo"}}})},
        components={"schemas": {"Todo": todo}},
    )
    assert {"$ref": "#/$defs/Todo"} == made.input_schema["properties"]["todo"]
    jsonschema_rs.validator_for(made.input_schema).validate({"todo": {"parts": [{"parts": []}]}})


def test_schemas_are_written_once_however_often_they_are_used() -> None:
    """Thirty schemas that use the next one twice would be a thousand million: for Stripe's API others need 200 MB."""
    schemas: dict[str, Any] = {"S30": {"type": "string"}}
    for number in range(30):
        following = {"$ref": f"#/components/schemas/S{number + 1}"}
        schemas[f"S{number}"] = {"type": "object", "properties": {"a": following, "b": following}}
    openapi = document(
        paths={
            "/": {"post": {"operationId": "do", "requestBody": body({"$ref": "#/components/schemas/S0"})}}
        },
        components={"schemas": schemas},
    )
    assert 5_000 > len(json.dumps(tools(openapi, HOW)[0].input_schema))
    assert 30 == len(parts(openapi, HOW))


def test_definitions_of_one_name_in_two_places_stay_two() -> None:
    """A schema and a parameter may have the same name."""
    components = {
        "schemas": {"Id": {"type": "string"}},
        "parameters": {"Id": {"schema": {"type": "integer"}}},
    }
    properties = {
        "a": {"$ref": "#/components/schemas/Id"},
        "b": {"$ref": "#/components/parameters/Id/schema"},
    }
    made = tool({"requestBody": body({"properties": properties})}, components=components)
    assert 2 == len(made.input_schema["$defs"])
    jsonschema_rs.validator_for(made.input_schema).validate({"a": "text", "b": 1})


def test_what_openapi_3_0_writes_otherwise_becomes_json_schema() -> None:
    """Anthropic's API checks the schema by draft 2020-12, and refuses every tool for one fault."""
    old = {"type": "integer", "minimum": 0, "exclusiveMinimum": True, "nullable": True, "required": True}
    made = tool({"requestBody": body({"properties": {"page": old}})})
    assert {"type": ["integer", "null"], "exclusiveMinimum": 0} == made.input_schema["properties"]["page"]
    jsonschema_rs.meta.validate(made.input_schema)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("librechat", "get_todosid"),
        ("dify", "todosid_get"),
        ("lobechat", "GET /todos/{id}"),
        ("open-webui", ""),
    ],
)
def test_operation_without_an_id_is_named_as_the_host_does(host: str, name: str) -> None:
    """Such names collide or are refused, so they must be exactly those."""
    openapi = document(paths={"/todos/{id}": {"get": {}}})
    how = all_hosts()[host].tools
    assert how is not None
    assert name == "".join(each.name for each in tools(openapi, how))


NONSENSE = [
    None,
    True,
    0,
    "text",
    [],
    [None],
    {},
    {"$ref": 1},
    {"$ref": "#/nothing"},
    {"$ref": "#/paths"},
    {"": None},
]


@pytest.mark.parametrize("value", NONSENSE, ids=json.dumps)
def test_nonsense_anywhere_is_no_crash(value: Any) -> None:
    """Documents from the net hold anything anywhere: other rules speak of it."""
    for operation in (
        {"operationId": value, "summary": value, "description": value},
        {"parameters": value},
        {"parameters": [value]},
        {"parameters": [{"name": "a", "in": "query", "schema": value}]},
        {"parameters": [{"name": "a", "in": value, "required": value, "content": value}]},
        {"requestBody": value},
        {"requestBody": {"content": value}},
        {"requestBody": {"content": {"application/json": value}}},
        {"requestBody": body(value)},
        {"requestBody": body({"properties": value, "required": value, "allOf": value})},
        {"requestBody": body({"properties": {"a": value}, "required": [value], "allOf": [value]})},
        {"requestBody": body({"properties": {"a": {"items": value, "anyOf": value, "oneOf": [value]}}})},
    ):
        openapi = document(paths={"/": {"parameters": value, "post": operation}})
        assert all(isinstance(each.input_schema, dict) for each in tools(openapi, HOW))
        assert isinstance(parts(openapi, HOW), tuple)
