"""The python template's OpenAPI document describes what the sandbox really answers."""

import asyncio
import dataclasses
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

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
    """A field more would be refused with 422, a field less could never be used."""
    assert sorted(SCHEMAS["RunRequest"]["properties"]) == ["code", "session", "timeout"]
    assert SCHEMAS["RunRequest"]["required"] == ["code"]
    assert SCHEMAS["RunRequest"]["additionalProperties"] is False


def test_core_of_the_answer_is_that_of_the_original() -> None:
    """Whoever answers with these three is such a plugin; all else is extra, and this server always gives it."""
    assert SCHEMAS["RunResult"]["required"] == ["stdout", "stderr", "returncode"]
    fields = {field.name for field in dataclasses.fields(RunResult)}
    assert set(SCHEMAS["RunResult"]["properties"]) == fields


def test_what_the_model_reads_fits_the_hosts() -> None:
    """Hosts cut or refuse longer texts, also those of a body's fields."""
    for field in SCHEMAS["RunRequest"]["properties"].values():
        assert len(field["description"]) <= 200
