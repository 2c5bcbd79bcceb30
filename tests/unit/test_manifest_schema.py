"""The manifest's schema: as strict as the host, no stricter, and never behind what `validate` knows."""

import json
import subprocess
import sys
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from plugcli.hosts import all_hosts
from plugcli.manifest_schema import manifest_schema
from plugcli.plugin import plugin_from_files
from plugcli.scaffold import render, templates
from plugcli.validate import validate
from tests.corpus import FOLDER, plugins

APPROVED = ("store-raw", "store-api", "store-late")
GOOD: dict[str, Any] = {
    "schema_version": "v1",
    "name_for_human": "Things",
    "name_for_model": "things",
    "description_for_human": "Keeps a list of things.",
    "description_for_model": "Keeps a list of things.",
    "auth": {"type": "none"},
    "api": {"type": "openapi", "url": "https://things.dev/openapi.yaml"},
    "logo_url": "https://things.dev/logo.png",
    "contact_email": "ada@things.dev",
    "legal_info_url": "https://things.dev/legal",
}
OAUTH = {
    "type": "oauth",
    "client_url": "https://things.dev/log-in",
    "authorization_url": "https://things.dev/token",
    "authorization_content_type": "application/json",
}
VALIDATOR = Draft202012Validator(manifest_schema())


def test_command_prints_it() -> None:
    """As JSON alone, so that it can be sent to the file that the editor reads."""
    command = [sys.executable, "-m", "plugcli", "schema"]
    done = subprocess.run([*command, "manifest"], capture_output=True, text=True, timeout=60, check=True)
    assert manifest_schema() == json.loads(done.stdout)
    unknown = subprocess.run([*command, "nothing"], capture_output=True, text=True, timeout=60, check=False)
    assert (2, "") == (unknown.returncode, unknown.stdout)


def test_schema_is_one() -> None:
    """A mistake in it would make an editor accept everything, in silence."""
    Draft202012Validator.check_schema(manifest_schema())


@pytest.mark.parametrize(
    "change",
    [
        {},
        {
            "auth": {
                "type": "service_http",
                "authorization_type": "bearer",
                "verification_tokens": {"openai": "x"},
            }
        },
        {"auth": {**OAUTH, "scope": ""}},
        {"api": {"url": "/openapi.json", "is_user_authenticated": False}},
        {"schema_version": "v2", "legal_info_url": "", "something": 1, "$schema": "ai-plugin.schema.json"},
        {"description_for_human": "x" * 120 + " "},
        {"name_for_human": "x" * 50, "description_for_human": "x" * 120, "description_for_model": "x" * 8000},
    ],
)
def test_what_the_host_takes_is_accepted(change: dict[str, Any]) -> None:
    """A warning is no reason to underline a line in red."""
    assert [] == list(VALIDATOR.iter_errors({**GOOD, **change}))
    assert verdict({**GOOD, **change}) != "refuses"


@pytest.mark.parametrize(
    "change",
    [
        {"name_for_model": None},
        {"name_for_model": ""},
        {"name_for_human": "x" * 51},
        {"description_for_human": "x" * 121},
        {"description_for_model": "x" * 8001},
        {"auth": {}},
        {"auth": {"type": "api_key"}},
        {"auth": {key: value for key, value in OAUTH.items() if key != "client_url"}},
        {"auth": "none"},
        {"api": {"type": "openapi"}},
        {"api": {"type": "mcp", "url": "https://things.dev"}},
        {"logo_url": 1},
    ],
)
def test_what_the_host_refuses_is_refused(change: dict[str, Any]) -> None:
    """Each of these is an error of `validate` too: the two must not tell an author different things."""
    assert list(VALIDATOR.iter_errors({**GOOD, **change}))
    assert verdict({**GOOD, **change}) == "refuses"


@pytest.mark.parametrize("member", all_hosts()["chatgpt"].members)
def test_every_member_of_the_host_is_described(member: str) -> None:
    """A member that the host's file gains must not be a blank in the editor; and without it, both say the same."""
    schema = manifest_schema()
    assert schema["properties"][member]["description"].endswith(".")
    assert schema["properties"][member]["examples"]
    manifest = {name: value for name, value in GOOD.items() if name != member}
    assert (member in schema["required"]) == (verdict(manifest) == "refuses")
    assert (member in schema["required"]) == bool(list(VALIDATOR.iter_errors(manifest)))


def test_templates_are_accepted() -> None:
    """What `init` writes has no red line in it."""
    for name, template in templates().items():
        manifest = json.loads(render(template, {})[".well-known/ai-plugin.json"])
        assert [] == list(VALIDATOR.iter_errors(manifest)), name


@pytest.mark.skipif(not FOLDER.exists(), reason="no ../shared/corpus beside this repository")
def test_every_approved_manifest_is_accepted() -> None:
    """OpenAI took them: an editor that underlines them in red is wrong."""
    seen = 0
    for name, kind, files in plugins():
        if kind in APPROVED and "ai-plugin.json" in files:
            manifest = json.loads(files["ai-plugin.json"].decode("utf-8-sig"))
            seen += 1
            assert [] == [each.message for each in VALIDATOR.iter_errors(manifest)], name
    assert seen > 100


def verdict(manifest: dict[str, Any]) -> str:
    """What `validate` says ChatGPT does with it."""
    files = {
        "ai-plugin.json": json.dumps(manifest).encode(),
        "openapi.yaml": OPENAPI,
    }
    report = validate(plugin_from_files(files, "here"), {"chatgpt": all_hosts()["chatgpt"]})
    return report.verdicts[0].verdict


OPENAPI = b"openapi: 3.0.1\ninfo: {title: T, version: '1'}\nservers: [{url: https://things.dev}]\npaths: {}\n"
