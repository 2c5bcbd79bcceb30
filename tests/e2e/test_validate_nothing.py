"""A run in which no host judged anything never ends with status 0, and says what to name instead."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plugcli.finding import Report
from plugcli.hosts import all_hosts
from plugcli.target import load_files
from plugcli.validate import validate as judge
from tests.e2e.plugin_server import GOOD, OPENAPI, Answer, found, server, validate
from tests.e2e.validating import CASES
from tests.e2e.validating import validate as run

COPILOT = CASES / "openapi-missing" / "bad-mcp-m365-copilot" / "appPackage" / "ai-plugin.json"
MANIFEST = GOOD / ".well-known" / "ai-plugin.json"
SWAGGER = 'swagger: "2.0"\ninfo: {title: Things, version: "1"}\npaths: {}\n'
NEWER = 'openapi: 3.2.0\ninfo: {title: Things, version: "1"}\npaths: {}\n'
TARGETS: dict[str, dict[str, str]] = {
    "an empty folder": {},
    "a folder with other files": {"README.md": "# Things\n", "package.json": '{"name": "things"}'},
    "an empty JSON file": {"target.json": ""},
    "an empty YAML file": {"target.yaml": ""},
    "a list": {"target.json": "[]"},
    "an object of nothing": {"target.json": "{}"},
    "an HTML page": {"target.json": "<!DOCTYPE html><html></html>"},
    "a folder with a manifest": {".well-known/ai-plugin.json": MANIFEST.read_text()},
    "a manifest": {"ai-plugin.json": MANIFEST.read_text()},
    "a Copilot manifest": {"ai-plugin.json": COPILOT.read_text()},
    "Swagger 2.0": {"openapi.yaml": SWAGGER},
    "Swagger 2.0, which is ignored": {
        "openapi.yaml": SWAGGER.replace("\n", "  # plugcli: ignore[openapi-dialect] it is old\n", 1)
    },
    "OpenAPI 3.2": {"openapi.yaml": NEWER},
    "OpenAPI 3.2 as JSON": {
        "openapi.json": '{"openapi": "3.2.0", "info": {"title": "T", "version": "1"}, "paths": {}}'
    },
    "OpenAPI 3.2, which is ignored": {
        "openapi.yaml": NEWER.replace("\n", "  # plugcli: ignore[openapi-dialect] it is new\n", 1)
    },
    "OpenAPI 3.3": {"openapi.yaml": NEWER.replace("3.2.0", "3.3.0")},
    "OpenAPI 4.0": {"openapi.yaml": NEWER.replace("3.2.0", "4.0.0")},
    "AsyncAPI as JSON": {"target.json": '{"asyncapi": "2.6.0", "channels": {}}'},
    "AsyncAPI as YAML": {"target.yaml": "asyncapi: 2.6.0\nchannels: {}\n"},
}


def written(folder: Path, files: dict[str, str]) -> Path:
    """The target that `files` make in `folder`: the one file there is, else the folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder / next(iter(files)) if len(files) == 1 and "/" not in next(iter(files)) else folder


def is_told(report: Report) -> bool:
    """Whether somebody judged it, or it is an error that nobody did, or what is not judged is named beside what is."""
    verdicts = {each.verdict for each in report.verdicts}
    said = [
        each
        for each in report.findings
        if "not judged" in each.message or "nothing is judged" in each.message
    ]
    return report.worst == "error" or verdicts != {"not_judged"} or bool(said)


@pytest.mark.parametrize("host", all_hosts())
@pytest.mark.parametrize("kind", TARGETS)
def test_nothing_judged_is_never_a_silent_success(kind: str, host: str, tmp_path: Path) -> None:
    """A gate that is green although nobody looked is worse than none."""
    plugin = load_files(str(written(tmp_path, TARGETS[kind])))
    report = judge(plugin, {host: all_hosts()[host]})
    assert is_told(report), report
    reads = {*all_hosts()[host].manifests}
    (verdict,) = report.verdicts
    if verdict.verdict == "not_judged" and not (reads and plugin.manifest is not None):
        (error,) = (each for each in report.findings if each.severity == "error")
        assert error.message.startswith("nothing is judged: ")
        assert error.hint


@pytest.mark.parametrize("kind", TARGETS)
def test_with_all_hosts_each_that_judges_nothing_says_so(kind: str, tmp_path: Path) -> None:
    """A row of the table that says `not judged` needs its reason above it."""
    report = judge(load_files(str(written(tmp_path, TARGETS[kind]))), all_hosts())
    said = [*report.findings, *(each for ignored in report.ignored for each in ignored.findings)]
    silent = {each.host for each in report.verdicts if each.verdict == "not_judged"}
    assert set() == silent - {each.host for each in said}


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_status_is_1_in_every_format(form: str, tmp_path: Path) -> None:
    """The gate is as often a program as a person."""
    manifest = written(tmp_path, TARGETS["a manifest"])
    done = run("--for", "mcp", "--format", form, manifest)
    assert 1 == done.returncode
    assert "nothing is judged: there is no OpenAPI document here" in done.stdout


def test_one_of_several_targets_that_nobody_judges_is_an_error() -> None:
    """The others must not hide it, as in a commit hook with several files."""
    done = run("--for", "mcp", "--format", "json", GOOD / "openapi.yaml", COPILOT)
    verdicts = [each["verdicts"][0]["verdict"] for each in json.loads(done.stdout)["targets"]]
    assert (1, ["accepts", "not_judged"]) == (done.returncode, verdicts)


def only(path: str, body: bytes) -> Callable[[str, int], Answer]:
    """Answers of a server that has nothing but `path`."""

    def answer(asked: str, port: int) -> Answer:
        return (200, {}, body) if asked == path else (404, {}, b"")

    return answer


@pytest.mark.parametrize(
    ("at", "path"),
    [
        ("", "/openapi.json"),
        ("/", "/openapi.yaml"),
        ("/docs", "/openapi.json"),
        ("/openapi.jsn", "/openapi.json"),
        ("/.well-known/ai-plugin.json", "/v3/api-docs"),
    ],
)
def test_address_of_an_api_leads_to_its_document(at: str, path: str) -> None:
    """FastAPI, Spring and others serve the document at addresses of their own; the author names the API."""
    with server(only(path, OPENAPI.encode())) as (port, _):
        status, target = validate(f"http://localhost:{port}{at}", "--for", "mcp")
        (error,) = found(target, "nothing-judged")
        assert 1 == status
        assert f"validate the OpenAPI document itself: http://localhost:{port}{path}" == error["hint"]
        status, target = validate(f"http://localhost:{port}{path}", "--for", "mcp")
        assert (0, "accepts") == (status, target["verdicts"][0]["verdict"])


def test_document_below_the_address_is_found() -> None:
    """An API may stand below a path, and its document with it."""
    with server(only("/api/openapi.json", OPENAPI.encode())) as (port, _):
        _, target = validate(f"http://localhost:{port}/api/", "--for", "mcp")
        (error,) = found(target, "nothing-judged")
        assert error["hint"].endswith(f": http://localhost:{port}/api/openapi.json")


def test_page_that_answers_everything_is_no_document() -> None:
    """Many servers send the same page for every address: that is none to name."""
    page = b"<!DOCTYPE html><html><body>Hello</body></html>"
    with server(lambda path, port: (200, {"Content-Type": "text/html"}, page)) as (port, _):
        status, target = validate(f"http://localhost:{port}", "--for", "mcp")
        (error,) = found(target, "nothing-judged")
        assert 1 == status
        assert "nothing is judged: this is an HTML page, not JSON" == error["message"]
        assert f"for example http://localhost:{port}/openapi.json" in error["hint"]


def test_host_of_manifests_hears_of_the_document_too() -> None:
    """Whoever names no host asks ChatGPT, which looks for a manifest alone."""
    with server(only("/openapi.json", OPENAPI.encode())) as (port, _):
        status, target = validate(f"http://localhost:{port}")
        (error,) = found(target, "unfetched")
        assert 1 == status
        assert f"http://localhost:{port}/openapi.json is an OpenAPI document" in error["hint"]


def test_document_that_is_not_asked_for_is_named(tmp_path: Path) -> None:
    """On another domain than the plugin's it is not asked, and so it is not judged."""
    manifest: dict[str, Any] = json.loads(MANIFEST.read_text())
    body = json.dumps({**manifest, "api": {"type": "openapi", "url": "https://elsewhere.dev/openapi.yaml"}})
    with server(only("/.well-known/ai-plugin.json", body.encode())) as (port, _):
        status, target = validate(f"http://localhost:{port}", "--for", "dify")
        (note,) = found(target, "openapi-missing")
        assert (0, "not_judged") == (status, target["verdicts"][0]["verdict"])
        assert "https://elsewhere.dev/openapi.yaml is not on the plugin's own domain" in note["message"]
        status, _ = validate(f"http://localhost:{port}", "--for", "mcp")
        assert 1 == status


def test_folder_names_the_document_that_lies_in_it(tmp_path: Path) -> None:
    """Few authors keep it under a name that a host looks for."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "api.yaml").write_text(OPENAPI)
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    done = run("--for", "mcp", tmp_path)
    assert 1 == done.returncode
    assert f"hint: validate the OpenAPI document itself: {tmp_path}/docs/api.yaml" in done.stdout


@pytest.mark.parametrize("version", ["3.2.0", "3.3.0", "4.0.0"])
def test_version_that_no_host_asked_takes_is_status_1_and_one_that_some_judge_is_not(
    version: str, tmp_path: Path
) -> None:
    """A document of which nothing was looked at passed the gate of the host that is asked by default."""
    text = f'openapi: {version}\ninfo: {{title: Things, version: "1"}}\npaths: {{}}\n'
    (tmp_path / "openapi.yaml").write_text(text)
    alone = run(str(tmp_path / "openapi.yaml"))
    assert 1 == alone.returncode
    assert f'error: nothing is judged: openapi is "{version}", a version that' in alone.stdout
    assert "hint: write openapi: 3.1.2" in alone.stdout
    assert "no verdict for ChatGPT" in alone.stdout
    both = run("--for", "chatgpt", "--for", "mcp", str(tmp_path / "openapi.yaml"))
    assert 0 == both.returncode
    assert "nothing is judged" not in both.stdout


def test_host_without_a_verdict_does_not_hide_that_another_judges_nothing(tmp_path: Path) -> None:
    """Dify judges the manifest and has no verdict without its document: with it the error of the other must stay."""
    manifest = written(tmp_path, TARGETS["a manifest"])
    for hosts in (("gemini-tools",), ("gemini-tools", "mcp"), ("dify", "gemini-tools"), ("chatgpt", "mcp")):
        done = run(*(each for host in hosts for each in ("--for", host)), manifest)
        assert (1, True) == (done.returncode, "nothing is judged: " in done.stdout), hosts
