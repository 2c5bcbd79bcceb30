"""Every template renders into a plugin that hosts and linters accept, and that does what it says."""

import json
import os
import re
import struct
import subprocess
import sys
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from plugcli.hosts import DEFAULT, Host, all_hosts, named_hosts
from plugcli.plugin import plugin_from_files
from plugcli.scaffold import Template, render, scaffold, templates
from plugcli.validate import validate

MANIFEST = ".well-known/ai-plugin.json"
# The files that every template has. A template may have more.
FILES = [
    MANIFEST,
    "README.md",
    "legal.html",
    "logo.png",
    "openapi.yaml",
    "plugin.py",
    "tests/__init__.py",
    "tests/test_plugin.py",
]
# The longest, the strangest and the plainest names that init takes.
NAMES = ["Demo", "x" * 20, "\"'\\{}#: </b>", "יומן 👩🚀", "3D"]


@pytest.fixture(params=sorted(templates()))
def template(request: pytest.FixtureRequest) -> Template:
    return templates()[request.param]


def manifest_of(template: Template, **answers: str) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(render(template, answers)[MANIFEST])
    return manifest


def openapi_of(template: Template) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(render(template, {})["openapi.yaml"])
    return document


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def hosts_of_this_version() -> dict[str, Host]:
    """The hosts that accept OpenAPI 3.1. GPT Actions accepts nothing else; Microsoft 365 Copilot accepts anything but that."""
    hosts = all_hosts().items()
    return {
        id: host for id, host in hosts if not host.openapi_versions or "3.1.0" in host.openapi_versions.values
    }


def test_template_has_the_files_of_a_plugin(template: Template) -> None:
    """A plugin that already works has a manifest, a document, code and a test of it, and tells people what it is."""
    missing = [each for each in FILES if each not in render(template, {})]
    assert not missing, (
        f"templates/{template.id}/ lacks {', '.join(missing)} (or the same with .jinja at the end)"
    )


@pytest.mark.parametrize("name", [None, *NAMES])
def test_rendered_plugin_is_accepted_by_every_host(template: Template, name: str | None) -> None:
    """The first thing that validate tells a new author must be that nothing is wrong.

    Other hosts than the default may leave a part out: a form with files cannot be the arguments of a tool.
    """
    answers = {"email": "ada@lovelace.dev"} | ({"name": name} if name else {})
    plugin = plugin_from_files(render(template, answers), "mine")
    report = validate(plugin, hosts_of_this_version())
    assert [finding for finding in report.findings if finding.severity == "error"] == []
    of_default = [finding for finding in report.findings if finding.host == DEFAULT]
    assert [finding for finding in of_default if finding.severity != "note"] == []
    verdicts = {verdict.host: verdict.verdict for verdict in report.verdicts}
    assert verdicts.pop(DEFAULT) == "accepts"
    # These accept nothing on localhost: there is no verdict before it is known where the plugin will be deployed.
    assert {verdicts.pop("gpt-actions"), verdicts.pop("librechat")} == {"not_judged"}
    assert set(verdicts.values()) <= {"accepts", "accepts_with_losses"}
    deployed = validate(replace(plugin, url="https://mine.dev"), hosts_of_this_version())
    assert {each.verdict for each in deployed.verdicts} <= {"accepts", "accepts_with_losses"}


def test_missing_email_is_only_a_note(template: Template) -> None:
    """The address can be filled in later, and validate reminds the author of it."""
    report = validate(plugin_from_files(render(template, {}), "mine"), named_hosts([DEFAULT]))
    assert {finding.severity for finding in report.findings} == {"note"}
    assert [finding for finding in report.findings if finding.pointer == "/contact_email"]


def test_openapi_document_is_valid_openapi_3_1(template: Template) -> None:
    """The authority on OpenAPI finds no fault, although it is strict."""
    document = openapi_of(template)
    assert document["openapi"].startswith("3.1.")
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_texts_keep_to_the_documented_limits(template: Template) -> None:
    """Hosts once enforced less than they documented. A template keeps to what they documented."""
    manifest = manifest_of(template)
    assert len(manifest["name_for_human"]) <= 20
    assert re.fullmatch("[A-Za-z][A-Za-z0-9_]{0,49}", manifest["name_for_model"])
    assert len(manifest["description_for_human"]) <= 100
    assert len(manifest["description_for_model"]) <= 2000
    for text in (manifest["description_for_human"], manifest["description_for_model"]):
        assert text.endswith(".")
        assert not re.search("plugin|chatgpt|openai", text, re.IGNORECASE)
    document = openapi_of(template)
    for operation in operations(document):
        assert len(operation["summary"]) <= 200
        assert len(operation.get("description", "")) <= 200
        for parameter in operation.get("parameters", []):
            assert "$ref" not in parameter
            assert len(parameter["description"]) <= 200


def test_operations_have_ids_and_say_how_they_refuse(template: Template) -> None:
    """A model calls an operation by its id, and corrects a call by the sentence that it gets back."""
    document = openapi_of(template)
    ids = [operation["operationId"] for operation in operations(document)]
    assert len({*ids}) == len(ids)
    error = document.get("components", {}).get("schemas", {}).get("Error", {})
    assert error.get("required") == ["error", "hint"], (
        "the schema Error has the required members error and hint"
    )
    for operation in operations(document):
        refusals = {status: each for status, each in operation["responses"].items() if status[0] in "45"}
        assert {"4XX", "5XX"} <= {*refusals}, (
            f"{operation['operationId']} needs the responses 4XX and 5XX, each an Error"
        )
        for refusal in refusals.values():
            assert {*refusal["content"]} == {"application/json"}
            assert refusal["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}


def test_addresses_are_absolute_and_on_localhost(template: Template) -> None:
    """serve replaces them with the real address. For a plugin on this machine, hosts accept only localhost with a port."""
    manifest = manifest_of(template)
    addresses = [manifest["api"]["url"], manifest["logo_url"], manifest["legal_info_url"]]
    addresses += [server["url"] for server in openapi_of(template)["servers"]]
    assert {re.sub("(?<=5003).*", "", address) for address in addresses} == {"http://localhost:5003"}


def test_logo_is_a_png_of_512_pixels(template: Template) -> None:
    """Hosts suggest 512 x 512, and a picture that cannot be decoded is shown as broken."""
    logo = render(template, {})["logo.png"]
    assert logo[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", logo[16:24]) == (512, 512)
    assert len(logo) < 50_000
    position, pixels, kind = 8, b"", b""
    while position < len(logo):
        length = int.from_bytes(logo[position : position + 4])
        kind, data = logo[position + 4 : position + 8], logo[position + 8 : position + 8 + length]
        assert zlib.crc32(kind + data) == int.from_bytes(logo[position + 8 + length :][:4])
        pixels += data if kind == b"IDAT" else b""
        position += 12 + length
    assert kind == b"IEND"
    assert len(zlib.decompress(pixels)) == 512 * (512 * 4 + 1)


def test_legal_page_is_one_page_of_html_with_the_name_and_the_address(template: Template) -> None:
    """People read it as a web page, so every element that is opened is closed."""

    class Page(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.text, self.open = "", list[str]()

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag != "meta":
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

        def handle_data(self, data: str) -> None:
            self.text += data

    page = Page()
    page.feed(render(template, {"name": "<b>Tom & Co", "email": "ada@lovelace.dev"})["legal.html"].decode())
    page.close()
    assert page.open == []
    assert "<b>Tom & Co: legal information" in page.text
    assert "ada@lovelace.dev" in page.text


def test_no_file_tells_to_install_what_is_not_ours(template: Template) -> None:
    """The name plugcli on the package index belongs to a stranger, so following that advice would run their code."""
    for name, content in render(template, {}).items():
        assert not re.search(rb"(pip|pipx|uv|uvx)\s.*plugcli", content), name


@pytest.mark.parametrize(
    "check",
    [
        ["ruff", "check", "--isolated", "--select", "E,F,W,I,B,UP,SIM,RUF"],
        ["ruff", "format", "--isolated", "--check"],
        ["mypy", "--strict", "--config-file="],
    ],
    ids=["ruff-check", "ruff-format", "mypy"],
)
def test_rendered_code_is_clean(template: Template, tmp_path: Path, check: list[str]) -> None:
    """Authors build on this code, so their own checks, at default settings, must start green."""
    scaffold(template, {}, tmp_path / "mine")
    paths = [path for path in ("plugin.py", "tests") if (tmp_path / "mine" / path).exists()]
    checked = subprocess.run(
        [sys.executable, "-m", *check, *paths],
        cwd=tmp_path / "mine",
        env={**os.environ, "MYPY_CACHE_DIR": str(tmp_path / "cache"), "RUFF_NO_CACHE": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout


@pytest.mark.parametrize("runner", ["unittest", "pytest"])
def test_rendered_test_passes(template: Template, tmp_path: Path, runner: str) -> None:
    """Directly after init, the author's test serves the plugin for real and passes."""
    scaffold(template, {"name": "Mine"}, tmp_path / "mine")
    run = subprocess.run(
        [sys.executable, "-m", runner], cwd=tmp_path / "mine", capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"Ran [1-9]\d* tests?\b|[1-9]\d* passed", run.stdout + run.stderr)
