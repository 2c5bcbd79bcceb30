"""The same plugin gets the same verdict as a folder, as a manifest, as a document and at its addresses.

What a host reads decides, never the way to it. Hosts that read the document alone say the same of all five; of those that read the
manifest, the three ways that lead to it are compared with each other, and the two that lead past it with each other. A difference is
allowed only where `ALLOWED` names it.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plugcli.finding import Report
from plugcli.hosts import Host, all_hosts
from plugcli.target import load_files, load_target
from plugcli.validate import validate
from tests.e2e.plugin_server import LOGO, MANIFEST, Answer, server

OPERATION = {"operationId": "getThings", "summary": "Read", "responses": {"200": {"description": "The list"}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1", "description": "Things."},
    "servers": [{"url": "HERE"}],
    "paths": {"/things": {"get": OPERATION}},
}
NULL = {"anyOf": [{"type": "string"}, {"type": "null"}]}
QUERY = {"name": "q", "in": "query", "schema": NULL}
NODE = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}
BODY = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Gone"}}}}


def document(**changes: Any) -> str:
    """The document as JSON, with `changes` at its top level; what is None is left out."""
    return json.dumps(
        {key: value for key, value in {**DOCUMENT, **changes}.items() if value is not None}, indent=2
    )


def operation(**changes: Any) -> dict[str, Any]:
    """`paths` with one operation, with `changes`."""
    return {"/things": {"post": {**OPERATION, **changes}}}


# HERE stands for the origin of the server.
DOCUMENTS = {
    "localhost": document(),
    "localhost in 3.0": document(openapi="3.0.3"),
    "localhost with a path": document(servers=[{"url": "HERE/v1"}]),
    "another port of localhost": document(servers=[{"url": "http://localhost:1"}]),
    "127.0.0.1": document(servers=[{"url": "http://127.0.0.1:1"}]),
    "localhost without a scheme": document(servers=[{"url": "localhost:1/v1"}]),
    "localhost first": document(servers=[{"url": "HERE"}, {"url": "https://things.dev"}]),
    "localhost last": document(servers=[{"url": "https://things.dev"}, {"url": "HERE"}]),
    "public": document(servers=[{"url": "https://things.dev"}]),
    "public over http": document(servers=[{"url": "http://things.dev"}]),
    "a path": document(servers=[{"url": "/v1"}]),
    "a placeholder": document(servers=[{"url": "https://your-domain.com"}]),
    "no servers": document(servers=None),
    "servers in info": document(
        info={"title": "a", "version": "1", "servers": [{"url": "HERE"}]}, servers=None
    ),
    "an empty list": document(servers=[]),
    "no paths": document(paths={}),
    "no operationId": document(paths={"/things": {"get": {"responses": {}}}}),
    "a null of 3.1": document(paths=operation(parameters=[QUERY])),
    "a null in 3.0": document(openapi="3.0.3", paths=operation(parameters=[QUERY])),
    "a cycle": document(components={"schemas": {"Node": NODE}}),
    "a reference to nothing": document(paths=operation(requestBody=BODY)),
    "a reference to a file": document(paths={"/things": {"$ref": "things.yaml"}}),
    "a strange version": document(openapi="3.1.7"),
    "no version": document(openapi=None),
    "Swagger 2.0": document(openapi=None, swagger="2.0"),
    "AsyncAPI": document(openapi=None, asyncapi="2.6.0", paths=None),
    "no JSON": document()[:-3],
    "nothing": "",
    "a page": "<!DOCTYPE html><html></html>",
    "YAML": "openapi: 3.1.0\ninfo: {title: a, version: '1'}\nservers: [{url: HERE}]\npaths:\n  /a:\n    get:\n"
    "      operationId: a\n      responses: {200: {description: on}}\n",
    "a key twice": 'openapi: 3.1.0\ninfo: {title: a, version: "1", title: b}\nservers: [{url: HERE}]\npaths: {}\n',
}
LOG_IN = {
    "type": "service_http",
    "authorization_type": "bearer",
    "verification_tokens": {"openai": "3ff1a0f5d1a64d8b"},
}
MANIFESTS: dict[str, dict[str, Any]] = {
    "": {},
    "with a log-in": {"auth": LOG_IN},
    "whose document is a path": {"api": {"type": "openapi", "url": "/openapi.json"}},
    "without a name": {"name_for_model": ""},
}
PAST_THE_MANIFEST = ("document", "address of the document")
TO_THE_MANIFEST = ("folder", "manifest", "address")
# (host, manifest, way): what is said there alone, and why.
ALLOWED = {
    # From an address on localhost the plugin is installed as it is, and ChatGPT refuses; a folder may be deployed before.
    ("chatgpt", "with a log-in", "address"): "refuses",
}


@contextmanager
def ways(folder: Path, text: str, changes: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The targets that lead to one plugin, whose server runs meanwhile."""
    files: dict[str, bytes] = {"/logo.png": LOGO, "/legal": b"<p>Terms</p>"}

    def answer(path: str, port: int) -> Answer:
        return (200, {}, files[path]) if path in files else (404, {}, b"")

    with server(answer) as (port, _):
        here = f"http://localhost:{port}"
        api = {"type": "openapi", "url": f"{here}/openapi.json"}
        addresses = {"logo_url": f"{here}/logo.png", "legal_info_url": f"{here}/legal", "api": api}
        files["/.well-known/ai-plugin.json"] = json.dumps(
            {**MANIFEST, **addresses, **changes}, indent=2
        ).encode()
        files["/openapi.json"] = text.replace("HERE", here).encode()
        (folder / ".well-known").mkdir()
        (folder / "legal.html").write_bytes(files["/legal"])
        for name, data in files.items():
            if name != "/legal":
                (folder / name[1:]).write_bytes(data)
        yield {
            "folder": str(folder),
            "manifest": str(folder / ".well-known/ai-plugin.json"),
            "document": str(folder / "openapi.json"),
            "address": here,
            "address of the document": f"{here}/openapi.json",
        }


def said(report: Report, host: str, name: str) -> set[tuple[str, str, str, str]]:
    """What `host` says of the document: a hint may name what was given, and the rest is the same."""
    return {
        (each.rule, each.severity, each.pointer, each.message)
        for each in report.findings
        if each.host == host and each.file.endswith(name)
    }


def is_of_document(host: Host) -> bool:
    return "plugin" not in host.manifests


@pytest.mark.parametrize("manifest", MANIFESTS)
@pytest.mark.parametrize("kind", DOCUMENTS)
def test_verdict_does_not_depend_on_the_way(kind: str, manifest: str, tmp_path: Path) -> None:
    """An author who tries one way, and a gate that tries another, must hear the same."""
    hosts = all_hosts()
    with ways(tmp_path, DOCUMENTS[kind], MANIFESTS[manifest]) as targets:
        reports = {way: validate(asyncio.run(load_target(target)), hosts) for way, target in targets.items()}
    for host_id, host in hosts.items():
        together = (
            [(*TO_THE_MANIFEST, *PAST_THE_MANIFEST)]
            if is_of_document(host)
            else [TO_THE_MANIFEST, PAST_THE_MANIFEST]
        )
        for group in together:
            first = group[0]
            expected = next(each.verdict for each in reports[first].verdicts if each.host == host_id)
            verdicts = {
                way: each.verdict for way in group for each in reports[way].verdicts if each.host == host_id
            }
            wanted = {way: ALLOWED.get((host_id, manifest, way), expected) for way in group}
            if expected == "refuses":
                wanted = dict.fromkeys(group, "refuses")
            assert wanted == verdicts, host_id
            if is_of_document(host):
                told = {way: said(reports[way], host_id, "openapi.json") for way in group}
                assert dict.fromkeys(group, told[first]) == told, host_id


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_url_counts_for_folder_and_document_alike(kind: str, tmp_path: Path) -> None:
    """As if it were deployed, a server on localhost is where the plugin is: nobody complains of it."""
    hosts = {host_id: host for host_id, host in all_hosts().items() if is_of_document(host)}
    with ways(tmp_path, DOCUMENTS[kind], {}) as targets:
        files = {way: load_files(targets[way]) for way in ("folder", "manifest", "document")}
    reports = {way: validate(replace(each, url="https://things.dev"), hosts) for way, each in files.items()}
    verdicts = {way: [each.verdict for each in report.verdicts] for way, report in reports.items()}
    assert dict.fromkeys(verdicts, verdicts["document"]) == verdicts
    if kind in ("localhost", "localhost with a path", "another port of localhost", "127.0.0.1"):
        messages = [each.message for report in reports.values() for each in report.findings]
        assert [] == [each for each in messages if "your own machine" in each]


@pytest.mark.parametrize("host", all_hosts())
def test_no_host_both_refuses_in_its_words_and_accepts(host: str, tmp_path: Path) -> None:
    """Its refusal, quoted, and then `accepts`: one of them is false."""
    with ways(tmp_path, DOCUMENTS["localhost"], {}) as targets:
        for target in targets.values():
            report = validate(asyncio.run(load_target(target)), {host: all_hosts()[host]})
            quoted = [
                each.host_says for each in report.findings if each.host_says and each.severity == "note"
            ]
            (verdict,) = report.verdicts
            assert "accepts" != verdict.verdict or not quoted, (target, quoted)
