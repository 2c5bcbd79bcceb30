"""Documents that are long on purpose: each could keep a command busy for many minutes, or fill the memory."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HEAD = 'openapi: 3.0.0\ninfo: {title: t, version: "1"}\nservers: [{url: https://a.dev}]\npaths:\n'
GET = '    get:\n      summary: x\n      responses: {"200": {description: d}}\n'


def with_body(schema: dict[str, Any], **schemas: Any) -> str:
    """A document with one operation that takes `schema`."""
    operation = {
        "operationId": "add",
        "requestBody": {"content": {"application/json": {"schema": schema}}},
        "responses": {"200": {"description": "d"}},
    }
    return json.dumps(
        {
            "openapi": "3.0.0",
            "info": {"title": "t", "version": "1"},
            "servers": [{"url": "https://a.dev"}],
            "paths": {"/a": {"post": operation}},
            "components": {"schemas": schemas},
        }
    )


def properties(names: list[str]) -> str:
    """Many properties, all required, the last one first."""
    members = {name: {"type": "string"} for name in names}
    return with_body({"type": "object", "properties": members, "required": names[::-1]})


LONG = {
    "comments": f"{HEAD}  /a:\n{GET}" + "#plugcli:ignore\n" * 40_000,
    "idle comments": f"{HEAD}  /a:\n{GET}"
    + "".join(f"    #{n}\n    #plugcli:ignore[servers] why\n" for n in range(10_000)),
    "braces": json.dumps({"openapi": "3.0.0", "paths": {f"/{'{' * 500_000}": {"get": {"summary": "x"}}}}),
    "a key twice and a deep list": '{"openapi": "3.0.0", "a": 1, "a": 2, "x": '
    + "[" * 180 + ",".join("0" * 2_000_000) + "]" * 180 + "}",
}  # fmt: skip


def run(text: str, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """What plugcli says of a document, with at most 1.5 GB of memory and one minute."""
    file = folder / ("openapi.json" if text.startswith("{") else "openapi.yaml")
    file.write_text(text)
    limited = ["sh", "-c", 'ulimit -v 1500000 && exec "$@"', "sh", sys.executable, "-m", "plugcli", *command]
    return subprocess.run([*limited, str(file)], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_long_document_is_judged_before_the_deadline(text: str, tmp_path: Path) -> None:
    """Whoever judges the plugins of strangers has one of these among them."""
    done = run(text, tmp_path, "validate", "--for", "chatgpt", "--format", "json")
    assert done.returncode in (0, 1), done.stderr
    assert 1 == len(json.loads(done.stdout)["targets"])


def test_prompt_of_many_properties_comes_before_the_deadline(tmp_path: Path) -> None:
    """Each property asks whether it is required, and whether it is there twice."""
    done = run(properties([f"p{n}" for n in range(60_000)]), tmp_path, "prompt")
    assert 0 == done.returncode, done.stderr
    assert "p59999: string,\n" in done.stdout


def test_fix_of_many_properties_comes_before_the_deadline(tmp_path: Path) -> None:
    """Each flag is found by its place, and asks whether its name is in the list already."""
    count = 20_000
    members = "".join(
        f"                p{n}:\n                  type: string\n                  required: true\n"
        for n in range(count)
    )
    text = (
        f"{HEAD}  /a:\n    post:\n      operationId: add\n      requestBody:\n        content:\n          application/json:\n"
        f"            schema:\n              type: object\n              properties:\n{members}"
        '      responses: {"200": {description: d}}\n'
    )
    done = run(text, tmp_path, "validate", "--fix", "--for", "chatgpt")
    assert done.returncode in (0, 1), done.stderr
    assert "required: true" not in (tmp_path / "openapi.yaml").read_text()


def test_long_enum_is_written_out_once(tmp_path: Path) -> None:
    """10,000 choices that 1000 properties refer to are 120 MB; what is left out of them is said."""
    choices = {"type": "string", "enum": [f"v{n:06}" for n in range(10_000)]}
    members = {f"p{n}": {"$ref": "#/components/schemas/E"} for n in range(1000)}
    done = run(with_body({"type": "object", "properties": members}, E=choices), tmp_path, "prompt")
    assert 1 == done.stdout.count('"v000000"')
    assert "more of POST /a: an operation's properties and choices are written out up to 1,000" in done.stderr
