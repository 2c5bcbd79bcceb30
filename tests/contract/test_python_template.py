"""The python template's OpenAPI document describes what the sandbox really answers."""

import asyncio
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from plugcli.sandbox import Policy, Sandbox
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
    assert sorted(SCHEMAS["RunRequest"]["properties"]) == ["code", "timeout"]
    assert SCHEMAS["RunRequest"]["required"] == ["code"]
    assert SCHEMAS["RunRequest"]["additionalProperties"] is False
