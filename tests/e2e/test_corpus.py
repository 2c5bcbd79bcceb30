"""689 real plugins, written by others: no crash for any host, and no error on the manifest of one that OpenAI approved.

The files are read from `../shared/corpus` beside the repository, and none is kept here.
"""

from collections import Counter
from pathlib import Path

import pytest
from openapi_spec_validator.shortcuts import get_validator_cls

from plugcli.dialect import manifest_dialect
from plugcli.document import Document
from plugcli.finding import Finding, rules_of, told_problems
from plugcli.hosts import DEFAULT, all_hosts
from plugcli.plugin import Plugin, load_plugin
from plugcli.validate import validate
from tests.corpus import APPROVED, FOLDER, Judged, counts, documents, judged

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="no ../shared/corpus beside this repository")

# Approved, and changed by their authors afterwards so that the host would refuse them today.
BROKEN_LATER: dict[str, str] = {}
# What our rules say where openapi-spec-validator says "invalid".
STRICT = {
    "openapi-schema", "openapi-dialect", "operation-id", "path-parameter", "duplicate-parameter", "schema-values",
    "references", "path-slash", "components-schemas", "servers", "no-operations", "duplicate-keys",
}  # fmt: skip


@pytest.fixture(scope="module")
def corpus() -> list[Judged]:
    """Every plugin, judged for every host. A crash fails here, with the name of the plugin that is being judged."""
    return list(judged(all_hosts()))


def of_default(each: Judged) -> list[Finding]:
    """What the host says that the manifest was made for."""
    return [finding for finding in each.report.findings if finding.host == DEFAULT]


def test_no_approved_manifest_has_an_error(corpus: list[Judged]) -> None:
    """What OpenAI let in, ChatGPT takes: an error there is a false alarm, and costs the user's trust."""
    assert len(corpus) > 600
    alarms = {
        f"{each.name}: {finding.rule}: {finding.message}"
        for each in corpus
        if each.kind in APPROVED and each.name not in BROKEN_LATER
        for finding in of_default(each)
        if finding.severity == "error" and finding.file.endswith("ai-plugin.json")
    }
    assert set() == alarms


def test_every_finding_has_a_place_in_its_file(corpus: list[Judged]) -> None:
    """The line that is shown must be in the file, and the pointer must lead somewhere."""
    for each in corpus:
        for finding in each.report.findings:
            document = next(
                (
                    one
                    for one in (each.plugin.manifest, each.plugin.openapi)
                    if one is not None and one.name == finding.file
                ),
                None,
            )
            assert finding.line >= 1
            assert finding.column >= 1
            if document is not None:
                assert finding.line <= document.text.count("\n") + 2
                assert finding.pointer == "" or finding.pointer.startswith("/")


def test_one_broken_document_gives_one_finding(corpus: list[Judged]) -> None:
    """An HTML page in place of the document is one thing to say, not twenty."""
    for each in corpus:
        problems = (each.plugin.manifest_problem, each.plugin.openapi_problem)
        for problem in filter(None, problems):
            found = Counter(one.host for one in each.report.findings if one.file == problem.file)
            assert 1 == found[DEFAULT], each.name
            assert {1} == set(found.values()), each.name


def test_the_form_of_one_value_is_told_in_one_way(corpus: list[Judged]) -> None:
    """`required: true` is one mistake, whichever of three rules finds it for which host: a reader would look for three."""
    for each in corpus:
        told: dict[tuple[str, str], list[str]] = {}
        for alike in told_problems(each.report.findings):
            rules = rules_of(alike)
            if "openapi-schema" in rules or "openapi-structure" in rules or "server" in rules:
                told.setdefault((alike[0].file, alike[0].pointer), []).append(alike[0].message)
        twice = {
            place: messages
            for place, messages in told.items()
            # A parser that takes any member still wants a type of it.
            if len(messages) > 1 and not messages[0].startswith("OpenAPI 3.0 has no ")
        }
        assert {} == twice, each.name


def test_another_format_of_the_same_name_gives_one_error(corpus: list[Judged]) -> None:
    """Ten missing members would hide that the file is no manifest of this kind at all."""
    others = [
        each
        for each in corpus
        if each.plugin.manifest is not None
        and manifest_dialect(each.plugin.manifest.data) not in ("plugin", "baidu")
    ]
    assert others
    for each in others:
        found = [one for one in of_default(each) if one.file.endswith("ai-plugin.json")]
        assert ["manifest-dialect"] == [one.rule for one in found], each.name


def agrees(openapi: Document, findings: list[Finding]) -> bool:
    """Whether openapi-spec-validator and we think the same of the document: valid, or not.

    It crashes on 113 of 1,025 real documents: never the user's crash, and there is a fault.
    """
    try:
        is_valid = get_validator_cls(openapi.data)(openapi.data).is_valid()
    except Exception:
        is_valid = False
    if not is_valid:
        return bool({one.rule for one in findings} & STRICT)
    # It does not look into request bodies of 3.1, which the specification's own schema does.
    return not any(one.rule == "openapi-schema" and "/requestBody/" not in one.pointer for one in findings)


def test_our_verdict_on_openapi_is_the_authoritys(corpus: list[Judged]) -> None:
    """openapi-spec-validator decides what is valid OpenAPI. Where it crashes there is a fault, and we name it."""
    compared = 0
    for each in corpus:
        openapi = each.plugin.openapi
        if openapi is None or not isinstance(openapi.data.get("openapi"), str):
            continue
        found = [one for one in of_default(each) if one.file == openapi.name]
        if any("leads out" in one.message for one in found):
            continue  # it would fetch what the reference leads to
        compared += 1
        assert agrees(openapi, found), each.name
    assert compared > 400


def test_large_documents_are_judged_as_the_authority_does() -> None:
    """Stripe, GitHub and OpenAI: 4 MB each, with every corner of OpenAPI in them. And no host's rules crash on one."""
    compared = 0
    for name, content in documents():
        openapi = Document.parse(content, name)
        report = validate(Plugin(name, openapi=openapi, openapi_path=name, scope="openapi"), all_hosts())
        found = [one for one in report.findings if one.host == DEFAULT]
        if "swagger" in openapi.data:
            assert ["openapi-dialect"] == [one.rule for one in found], name
            continue
        compared += 1
        assert agrees(openapi, found), name
    assert 3 == compared


def test_counts_add_up() -> None:
    """`python -m tests.corpus` is quoted: each plugin has one verdict of each host."""
    head, *rows = counts({DEFAULT: all_hosts()[DEFAULT]})
    first = head.index("accepts")
    assert all(sum(map(int, row[first:])) == int(row[2]) for row in rows)
    assert sum(int(row[2]) for row in rows[:-1]) == int(rows[-1][2])


def test_folder_on_the_disk_is_judged_like_files_in_memory(tmp_path: Path, corpus: list[Judged]) -> None:
    """Serve and tests load plugins from memory: what they see must be what `validate FOLDER` sees."""
    for each in corpus[:40]:
        folder = tmp_path / each.name
        folder.mkdir()
        for path in ("ai-plugin.json", "openapi.yaml", "openapi.json"):
            try:
                (folder / path).write_bytes(each.plugin.read(path))
            except FileNotFoundError:
                continue
        again = validate(load_plugin(folder), all_hosts())
        assert [(one.rule, one.line, one.message) for one in each.report.findings] == [
            (one.rule, one.line, one.message) for one in again.findings
        ]
