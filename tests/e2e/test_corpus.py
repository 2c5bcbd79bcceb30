"""689 real plugins, written by others: no crash, and no error on the manifest of one that OpenAI approved.

The files are read from `../shared/corpus` beside the repository, and none is kept here.
"""

import csv
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from openapi_spec_validator.shortcuts import get_validator_cls

from plugcli.dialect import manifest_dialect
from plugcli.finding import Report
from plugcli.hosts import DEFAULT, named_hosts
from plugcli.plugin import Plugin, load_plugin, plugin_from_files
from plugcli.validate import validate

ROOT = Path(__file__).resolve().parents[2]
# A worktree stands beside the repository, or the repository itself beside `shared`.
CORPUS = next((each for each in (ROOT.parent / "shared" / "corpus",) if each.exists()), None)
pytestmark = pytest.mark.skipif(CORPUS is None, reason="no ../shared/corpus beside this repository")

APPROVED = ("store-raw", "store-api", "store-late")
# Approved, and changed by their authors afterwards so that the host would refuse them today.
BROKEN_LATER: dict[str, str] = {}


class Judged:
    """One plugin of the corpus with what is said of it."""

    def __init__(self, name: str, kind: str, plugin: Plugin) -> None:
        self.name = name
        self.kind = kind
        self.plugin = plugin
        self.report: Report = validate(plugin, named_hosts([DEFAULT]))


@pytest.fixture(scope="module")
def corpus() -> list[Judged]:
    """Every plugin, judged. A crash fails here, with the name of the plugin that is being judged."""
    return list(_judge())


def _judge() -> Iterator[Judged]:
    assert CORPUS is not None
    files: dict[str, dict[str, bytes]] = {}
    with tarfile.open(CORPUS / "plugins.tar.gz") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                folder, _, path = member.name.removeprefix("./").partition("/")
                files.setdefault(folder, {})[path] = content.read()
    with (CORPUS / "plugins.tsv").open(encoding="utf-8") as table:
        kinds = {row["directory"]: row["kind"] for row in csv.DictReader(table, delimiter="\t")}
    assert kinds.keys() == files.keys()
    for name, kind in kinds.items():
        try:
            yield Judged(name, kind, plugin_from_files(files[name], name))
        except Exception as error:
            raise AssertionError(f"{name} crashes plugcli") from error


def test_no_approved_manifest_has_an_error(corpus: list[Judged]) -> None:
    """What OpenAI let in, ChatGPT takes: an error there is a false alarm, and costs the user's trust."""
    assert len(corpus) > 600
    alarms = {
        f"{each.name}: {finding.rule}: {finding.message}"
        for each in corpus
        if each.kind in APPROVED and each.name not in BROKEN_LATER
        for finding in each.report.findings
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
            found = [one for one in each.report.findings if one.file == problem.file]
            assert 1 == len(found), each.name


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
        found = [one for one in each.report.findings if one.file.endswith("ai-plugin.json")]
        assert ["manifest-dialect"] == [one.rule for one in found], each.name


def test_our_verdict_on_openapi_is_the_authoritys(corpus: list[Judged]) -> None:
    """openapi-spec-validator decides what is valid OpenAPI. Where it crashes there is a fault, and we name it."""
    strict = {
        "openapi-schema", "openapi-dialect", "operation-id", "path-parameter", "duplicate-parameter", "schema-values",
        "references", "path-slash", "components-schemas", "servers", "no-operations", "duplicate-keys",
    }  # fmt: skip
    compared = 0
    for each in corpus:
        openapi = each.plugin.openapi
        if openapi is None or not isinstance(openapi.data.get("openapi"), str):
            continue
        rules = {one.rule for one in each.report.findings if one.file == openapi.name}
        if any("leads out" in one.message for one in each.report.findings):
            continue  # it would fetch what the reference leads to
        compared += 1
        try:
            is_valid = get_validator_cls(openapi.data)(openapi.data).is_valid()
        except Exception:  # it crashes on 113 of 1,025: never the user's crash
            is_valid = False
        if is_valid:
            # It does not look into request bodies of 3.1, which the specification's own schema does.
            stricter = [
                one.pointer
                for one in each.report.findings
                if one.rule == "openapi-schema" and "/requestBody/" not in one.pointer
            ]
            assert [] == stricter, each.name
        else:
            assert rules & strict, each.name
    assert compared > 400


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
        again = validate(load_plugin(folder), named_hosts([DEFAULT]))
        assert [(one.rule, one.line, one.message) for one in each.report.findings] == [
            (one.rule, one.line, one.message) for one in again.findings
        ]
