"""The formats of `plugcli validate` as programs read them: JSON and SARIF by their schemas, GitHub's as its runner does."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from jsonschema import Draft4Validator, Draft202012Validator

from tests.e2e.validating import BAD, CASES, GOOD, OPERATION, WARNED, validate

SARIF = json.loads((CASES.parent / "sarif" / "schema.json").read_text())
# RFC 3986, appendix A: what a URI reference may hold.
URI = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-F]{2})+")


@pytest.fixture(scope="module")
def bad_cases() -> list[str]:
    """Every plugin that some rule has a word on, as a user in the repository names it."""
    return [str(each.relative_to(CASES)) for each in sorted(CASES.glob("*/bad-*"))]


def test_json_is_what_its_published_schema_says(bad_cases: list[str]) -> None:
    """Programs are written to the schema: every rule's findings fit it, and it allows nothing more."""
    command = [sys.executable, "-m", "plugcli", "schema", "report"]
    schema = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    Draft202012Validator.check_schema(schema)
    report = json.loads(validate(*bad_cases, "--for", "all", "--format", "json", cwd=CASES).stdout)
    Draft202012Validator(schema).validate(report)
    for broken in (
        report | {"more": 1},
        {"version": 2, "targets": []},
        {"version": 1, "targets": [{"target": "."}]},
    ):
        assert not Draft202012Validator(schema).is_valid(broken)


def test_unknown_schema_is_a_sentence() -> None:
    """A slip in the name must not look like an empty schema."""
    command = [sys.executable, "-m", "plugcli", "schema", "reprot"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (2, "") == (done.returncode, done.stdout)
    assert "unknown schema 'reprot'" in done.stderr


def test_sarif_is_valid_and_complete(bad_cases: list[str]) -> None:
    """GitHub refuses a whole file for one fault in it, after the job has passed."""
    log = json.loads(validate(*bad_cases, "--for", "all", "--format", "sarif", cwd=CASES).stdout)
    Draft4Validator(SARIF).validate(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert result["ruleId"] == rules[result["ruleIndex"]]["id"]
        (location,) = result["locations"]
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert URI.fullmatch(uri)
        assert (CASES / unquote(uri)).exists()
        assert all({"host", "severity", "basis"} <= host.keys() for host in result["properties"]["hosts"])
    report = json.loads(validate(*bad_cases, "--for", "all", "--format", "json", cwd=CASES).stdout)
    findings = [finding for target in report["targets"] for finding in target["findings"]]
    heard = [result for result in run["results"] if not result["suppressions"]]
    assert len(findings) == sum(len(result["properties"]["hosts"]) for result in heard)
    assert len(heard) < len(run["results"])
    for rule in rules:
        assert rule["shortDescription"]["text"].endswith(".")
        assert len(rule["help"]["text"]) > len(rule["shortDescription"]["text"])


def results(target: Path, cwd: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(validate(target, "--format", "sarif", cwd=cwd).stdout)["runs"][
        0
    ]["results"]
    return found


def fingerprints(target: Path, cwd: Path) -> list[str]:
    return sorted(json.dumps(each["partialFingerprints"]) for each in results(target, cwd))


def test_fingerprints_survive_what_moves_the_lines(tmp_path: Path) -> None:
    """Else each edit at the top of a file closes every alert below it and opens it anew."""
    document = tmp_path / "openapi.yaml"
    two = OPERATION + OPERATION[OPERATION.index("  /things:") :].replace("/things", "/others")
    document.write_text(two)
    before = fingerprints(document, tmp_path)
    assert len(set(before)) == len(before) > 1
    document.write_text("# A line\n\n" + two.replace("\n", "\r\n"))
    assert before == fingerprints(document, tmp_path)
    document.write_text(OPERATION)
    assert set(fingerprints(document, tmp_path)) < set(before)


@pytest.mark.parametrize("name", ["a b", "100%", "what?", "#1", "ä", "c:d", "a&b<c>", "[x]"])
def test_sarif_names_a_file_by_a_proper_uri(tmp_path: Path, name: str) -> None:
    """A space or a `#` in a folder's name would lead to another file, or to none."""
    document = tmp_path / name / "openapi.yaml"
    document.parent.mkdir()
    document.write_text(OPERATION)
    for cwd in (tmp_path, GOOD):
        for each in results(document, cwd):
            uri = each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            assert URI.fullmatch(uri)
            assert document == tmp_path / unquote(urlsplit(uri).path)
            assert ("" if cwd == tmp_path else "file") == urlsplit(uri).scheme


def as_the_runner_reads(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as GitHub's runner takes it apart (actions/runner, ActionCommand.cs)."""
    found = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", line)
    assert found, line
    properties = dict(each.split("=", 1) for each in found[2].split(","))

    def undone(text: str, codes: str) -> str:
        for code in codes.split():
            text = text.replace(code, unquote(code))
        return text

    all_codes = "%0D %0A %3A %2C %25"
    return (
        found[1],
        {name: undone(value, all_codes) for name, value in properties.items()},
        undone(found[3], "%0D %0A %25"),
    )


def test_github_annotations_are_at_the_line() -> None:
    """The annotation is of use only beside the line that is wrong."""
    done = validate(".", "--format", "github", cwd=BAD)
    ((command, properties, text),) = map(as_the_runner_reads, done.stdout.splitlines())
    assert "error" == command
    expected = {
        "file": ".well-known/ai-plugin.json", "line": "16", "col": "53", "title": "plugcli manifest-syntax",
    }  # fmt: skip
    assert expected == properties
    assert "trailing comma before }\nhint: remove the comma" == text


def test_github_names_of_files_are_escaped(tmp_path: Path) -> None:
    """A comma in a name ends the property, and a colon the properties."""
    folder = tmp_path / "a,b:c%2C=d"
    folder.mkdir()
    (folder / "openapi.yaml").write_text(OPERATION)
    for line in validate(folder / "openapi.yaml", "--format", "github", cwd=tmp_path).stdout.splitlines():
        assert "a,b:c%2C=d/openapi.yaml" == as_the_runner_reads(line)[1]["file"]


def test_plugin_cannot_give_commands_to_github(tmp_path: Path) -> None:
    """A line of a stranger's plugin that starts with :: could set variables of the job that judges it."""
    attack = "v1\n::set-env name=X::1\r\n::stop-commands::x%0A::error::y\u2028::debug::z"
    manifest = json.loads((GOOD / ".well-known/ai-plugin.json").read_text()) | {"schema_version": attack}
    (tmp_path / "ai-plugin.json").write_text(json.dumps(manifest))
    done = validate(tmp_path, "--format", "github")
    lines = done.stdout.splitlines()
    assert any("set-env" in line for line in lines)
    assert {"warning", "notice"} >= {as_the_runner_reads(line)[0] for line in lines}


def test_what_is_of_no_file_is_no_annotation_of_one(tmp_path: Path) -> None:
    """A folder has no lines for GitHub to show."""
    done = validate(".", "--format", "github", cwd=tmp_path)
    ((command, properties, text),) = map(as_the_runner_reads, done.stdout.splitlines())
    assert ("error", {"title": "plugcli manifest-missing"}) == (command, properties)
    assert text.startswith(".: there is no manifest here\n")
    (result,) = results(tmp_path, tmp_path)
    assert {"artifactLocation": {"uri": "."}} == result["locations"][0]["physicalLocation"]


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
@pytest.mark.parametrize(("target", "plain", "strict"), [(GOOD, 0, 0), (WARNED, 0, 1), (BAD, 1, 1)])
def test_exit_status_is_the_same_in_every_format(target: Path, plain: int, strict: int, form: str) -> None:
    """And `--strict` counts warnings in every one of them."""
    first, second = validate(target, "--format", form), validate(target, "--format", form, "--strict")
    assert (plain, "") == (first.returncode, first.stderr)
    assert (strict, first.stdout) == (second.returncode, second.stdout)
