"""The python template's OpenAPI document describes what the sandbox really answers."""

import asyncio
import dataclasses
import json
from typing import Any

import jsonschema_rs
import pytest
import yaml
from jsonschema import Draft202012Validator

from plugcli.builtin.python.execute_request import NAME_CHARACTERS, checked_name, parse_request
from plugcli.respond import Refusal
from plugcli.sandbox import Policy, RunResult, Sandbox
from plugcli.scaffold import render, templates

DOCUMENT: dict[str, Any] = yaml.safe_load(render(templates()["python"], {})["openapi.yaml"])
SCHEMAS = DOCUMENT["components"]["schemas"]


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("print(6 * 7)", "ok"),
        ("1 / 0", "error"),
        ("while True: pass", "timeout"),
        ("import os; os.kill(os.getpid(), 9)", "died"),
        ("print('x' * 3_000_000)", "ok"),
        ("open('made.txt', 'w').write('made')", "ok"),
    ],
)
def test_every_kind_of_answer_fits_the_document(code: str, outcome: str) -> None:
    """The document is copied from the design by hand; a field that differs would mislead every host."""

    async def run() -> dict[str, Any]:
        async with Sandbox(Policy()) as sandbox:
            return (await sandbox.run(code, wall_seconds=1)).as_json()

    result = asyncio.run(run())
    assert result["outcome"] == outcome
    schema = {**SCHEMAS["RunResult"], "components": {"schemas": SCHEMAS}}
    assert [error.message for error in Draft202012Validator(schema).iter_errors(result)] == []


def test_request_takes_what_the_server_takes() -> None:
    """An extra field would be refused with 422, and a missing one could never be used."""
    assert sorted(SCHEMAS["RunRequest"]["properties"]) == ["code", "session", "timeout"]
    assert SCHEMAS["RunRequest"]["required"] == ["code"]
    assert SCHEMAS["RunRequest"]["additionalProperties"] is False


def sessions() -> list[dict[str, Any]]:
    """The schemas of `session`, wherever a caller can give it."""
    parameters = [
        parameter
        for item in DOCUMENT["paths"].values()
        for operation in item.values()
        for parameter in operation.get("parameters", [])
    ]
    schemas = [each["schema"] for each in parameters if each["name"] == "session"]
    return [SCHEMAS["RunRequest"]["properties"]["session"], *schemas]


def is_taken(name: str) -> bool:
    try:
        return checked_name(name, "session") == name
    except Refusal:
        return False


def test_sessions_have_one_schema_which_is_what_the_server_takes() -> None:
    """A name that works in one operation works in all. Every character is tried, at both ends and in the middle."""
    [schema] = {json.dumps({**each, "description": ""}, sort_keys=True) for each in sessions()}
    validator = jsonschema_rs.validator_for(json.loads(schema))
    for point in (*range(0xD800), *range(0xE000, 0x110000)):
        name = chr(point)
        taken = is_taken(name)
        assert validator.is_valid(name) == taken, hex(point)
    for name in (
        "",
        "\n",
        "a\n",
        "\na",
        "a\nb",
        "a b",
        " ",
        "分析 1",
        "\U0001f600",
        "a\u202eb",
        "\ud800",
        "new",
    ):
        if name.isascii() or name.isprintable():
            assert validator.is_valid(name) == is_taken(name), ascii(name)
    for length in (1, NAME_CHARACTERS, NAME_CHARACTERS + 1):
        for character in "xä分\U0001f600":
            name = character * length
            assert validator.is_valid(name) == is_taken(name) == (length <= NAME_CHARACTERS)
    assert not is_taken("\ud800")


@pytest.mark.parametrize(
    "timeout",
    [0, -1, 1, 59.9, 60, 60.0, 60.000001, 61, 1e80, 1e-9, 10**30, True, None, "5", [1]],
)
def test_times_that_are_taken_are_those_of_the_schema(timeout: object) -> None:
    """A model that follows the document is never refused for that."""
    validator = jsonschema_rs.validator_for(SCHEMAS["RunRequest"])
    call = {"code": "", "timeout": timeout}
    try:
        is_call = (
            parse_request(json.dumps(call).encode(), wall_seconds_max=Policy.wall_seconds_max).code == ""
        )
    except Refusal:
        is_call = False
    assert validator.is_valid(call) == is_call


def test_core_of_the_answer_is_that_of_the_original() -> None:
    """A plugin that answers with these three is compatible. Everything else is extra, and this server always sends it."""
    assert SCHEMAS["RunResult"]["required"] == ["stdout", "stderr", "returncode"]
    fields = {field.name for field in dataclasses.fields(RunResult)}
    assert set(SCHEMAS["RunResult"]["properties"]) == fields


def test_what_the_model_reads_fits_the_hosts() -> None:
    """Hosts cut or refuse longer texts, including those of a body's fields."""
    for field in SCHEMAS["RunRequest"]["properties"].values():
        assert len(field["description"]) <= 200
