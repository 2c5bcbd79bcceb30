"""Ignores: what is a comment and what is not, which line it is about, and what the configuration's list covers."""

import re
from pathlib import Path

import pytest

from plugcli.document import Document, Place, yaml_comments
from plugcli.finding import Finding, Report
from plugcli.hosts import Host, State, all_hosts
from plugcli.ignore import Ignore, Ignores
from plugcli.plugin import plugin_from_files
from plugcli.validate import validate

TEXT = """\
a: |  # HERE beside the mark of a block
  text
  # inside the block
# HERE below the block
b: "x # in quotes
  # in quotes"  # HERE after quotes
c: 'x # it''s in quotes' # HERE after single quotes
d: plain#text # HERE after plain text
  # HERE between two members
e: >-

  text
  # inside the folded block

    # inside, deeper
f: |
# HERE below an empty block
g: |2
   # inside, with an indentation of its own
 # HERE below it
h: over two
  lines # HERE after them
i: {a: b, # HERE in braces
  c: [d]}  # HERE behind braces
j: &j "\\"# in quotes" # HERE behind an anchor
k: é 😀 # HERE behind what takes several bytes
? "# in quotes" # HERE behind a key
: x
l: |
  text
  # inside, at the end"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_only_comments_are_comments(line_end: str) -> None:
    """What an API says of itself must never switch off a rule."""
    text = TEXT.replace("\n", line_end)
    Document.parse(text, "x.yaml")
    found = {match.start() for match in yaml_comments.find(text, re.compile("#"))}
    assert {match.start() for match in re.finditer("# HERE", text)} == found
    assert 14 == len(found)


def judged(text: str, *ignores: Ignore, host: str = "chatgpt") -> Report:
    hosts = {host: all_hosts().get(host, Host("Quiet", State("minds nothing"), {}))}
    return validate(plugin_from_files({"openapi.yaml": text.encode()}, "x"), hosts, ignores)


def heard(report: Report) -> set[tuple[str, int]]:
    return {(each.rule, each.line) for each in report.findings} - {("manifest-missing", 1)}


DOCUMENT = """\
openapi: 3.1.0
info: {title: x, version: "1"}
servers: [{url: https://things.dev}]
paths:
  /things:
    # one
    # two
    get:  # three
      # four
      summary: x
      responses: {"200": {description: x}}
"""
IGNORE = "plugcli: ignore[operation-id] no model calls it"


@pytest.mark.parametrize(
    ("place", "is_about_it"), [("one", True), ("two", True), ("three", True), ("four", False)]
)
def test_comment_is_about_its_line_or_the_one_below(place: str, is_about_it: bool) -> None:
    """Several comments may stand above one line, and a wrong place is said to be one."""
    report = judged(DOCUMENT.replace(place, IGNORE))
    assert is_about_it == (("operation-id", 8) not in heard(report))
    assert is_about_it == ("ignore-comment" not in {rule for rule, _ in heard(report)})
    assert [IGNORE.partition("] ")[2]] * is_about_it == [each.reason for each in report.ignored]


def test_comment_that_another_host_needs_is_not_idle() -> None:
    """`validate --for mcp` must not ask to remove what `--for chatgpt` needs."""
    assert set() == heard(judged(DOCUMENT.replace("three", IGNORE), host="quiet"))
    idle = IGNORE.replace("operation-id", "path-slash")
    assert {("ignore-comment", 8)} == heard(judged(DOCUMENT.replace("three", idle), host="quiet"))


@pytest.mark.parametrize(
    "comment",
    ["plugcli:ignore[operation-id]why", "PlugCLI: Ignore [ Operation-ID , ] - why", f"see below # {IGNORE}"],
)
def test_comment_is_understood_as_people_write_it(comment: str) -> None:
    """A comment that looks right and does nothing wastes an hour."""
    assert set() == heard(judged(DOCUMENT.replace("three", comment)))


@pytest.mark.parametrize("reason", ["", " ", " -", ":"])
def test_comment_without_reason_ignores_nothing(reason: str) -> None:
    """Whoever comes later must know whether it still holds."""
    report = judged(DOCUMENT.replace("three", f"plugcli: ignore[operation-id]{reason}"))
    assert {("operation-id", 8), ("ignore-comment", 8)} == heard(report)


def test_verdict_does_not_count_what_is_ignored() -> None:
    """Who has a reason to leave an operation out does not lose it."""
    plain, ignoring = judged(DOCUMENT), judged(DOCUMENT.replace("three", IGNORE))
    assert ("1 operation",) == plain.verdicts[0].losses
    assert () == ignoring.verdicts[0].losses
    assert plain.verdicts[0].warnings == ignoring.verdicts[0].warnings + 1


def found(file: str) -> Finding:
    """A finding about the operation `GET /a` in `file`."""
    document = Document.parse('{"paths": {"/a": {"get": {}}}}', file)
    where = Place(document, "/paths/~1a/get")
    return Finding("operation-id", "chatgpt", "warning", "enforced", file, where, "x", None, "")


@pytest.mark.parametrize(
    ("path", "pointer", "covers"),
    [
        ("", "", True),
        ("shop/openapi.json", "", True),
        ("./shop/openapi.json", "", True),
        ("shop/*", "", True),
        ("shop", "", True),
        ("shop/", "", True),
        ("sho", "", False),
        ("*.json", "", True),
        ("*/*.yaml", "", False),
        ("openapi.json", "", False),
        ("", "/paths/~1a", True),
        ("", "/paths/~1a/get", True),
        ("", "/paths/~1", False),
        ("", "/paths/~1a/get/summary", False),
        ("shop/*", "/info", False),
    ],
)
def test_listed_ignore_covers_files_and_members(
    path: str, pointer: str, covers: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One entry too wide hides what nobody meant to hide."""
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path / "shop")
    finding = found("openapi.json")
    assert covers == (
        Ignores((), [Ignore("operation-id", "why", path, pointer, tmp_path)]).of(finding) is not None
    )
    assert Ignores((), [Ignore("servers", "why", path, pointer, tmp_path)]).of(finding) is None


def test_listed_ignore_covers_an_address() -> None:
    """What is fetched has no folder to be relative to."""
    finding = found("https://a.dev/openapi.json")
    near = Ignore("operation-id", "why", "https://a.dev/*", folder=Path("/x"))
    far = Ignore("operation-id", "why", "https://b.dev/*", folder=Path("/x"))
    assert near == Ignores((), [far, near]).of(finding)
    assert None is Ignores((), [far]).of(finding)


def test_first_entry_that_covers_a_finding_gives_the_reason(tmp_path: Path) -> None:
    """The report quotes one reason: the one that the author put first, be it of the value or of what is around it."""
    entries = [
        Ignore("operation-id", "why", pointer=each, folder=tmp_path)
        for each in ("/b", "/paths", "/paths/~1a", "")
    ]
    finding = found(str(tmp_path / "openapi.json"))
    assert entries[1] == Ignores((), entries).of(finding)
    assert entries[2] == Ignores((), entries[2:]).of(finding)
