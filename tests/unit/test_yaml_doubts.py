"""What our reader of YAML refuses and a host's may take is no refusal; what each of them takes was tried with the readers themselves."""

import pytest

from plugcli.document import Document, UnreadableDocument, document_or_problem
from plugcli.hosts import all_hosts
from plugcli.plugin import Plugin
from plugcli.validate import validate

START = 'openapi: 3.0.3\ninfo: {title: T, version: "1"}\npaths: {}\n'
TAKEN_BY_1_2 = [
    "a: &a-1.b/c [1]\nb: *a-1.b/c\n",
    "a: &ä [1]\nb: *ä\n",
    "a: &a:b [1]\nb: *a:b\n",
    "a: &copy; 2023\n",
    "a: &x.y\n  b: c\nd: *x.y\n",
    "a: &n{b: c}\n",
    "a: &n b: c}\n",
    "a: {[a]: b}\n",
    "a: {{b: c}: d}\n",
    "a: &n [b]\nc: {*n : d}\n",
    "? [a]\n: b\n",
    "a: {{ b }}\n",
    "<<: 7\n",
    "a: {: b}\n",
    "a: {b:, c: d}\n",
    "a: {b: ?c}\n",
    "a:\n-\tb\n-\tc: d\n",
    'a: "\\ud800"\n',
    f"{'x' * 1100}: b\n",
    f'"{"x" * 1100}": b\n',
    "a:\n  - b\n  -\n \n- c: d\n",
    "%YAML 1.2\n ---\na: b\n",
]
TAKEN_BY_BOTH = ["%FOO bar\n---\na: b\n", "%YAML 1.3\n---\na: b\n", "a: &a {b: *a}\n", "a: &a [*a]\n"]
REFUSED = [
    "a: b: c\n", "a:\n\tb: c\n", "a: [1 2\n", "a: *x\n", "a: *x.y\n", "a: & b\n", "a: @b\n", "a: |x\n  y\n", 'a: "b\n', "a: [b,,c]\n",
    "a: 'b' c\n", "a: !t b\n", "a: %b\n", "%FOO\na: b\n", "%YAML 2.0\n---\na: b\n", "a: b\n---\nc: d\n", 'a: "\\q"\n', "a:\n  - b\n c: d\n",
    "a: \x01\n", "a: - b\n",
]  # fmt: skip


def doubts(text: str) -> tuple[str, ...]:
    """The versions of YAML whose readers may take `text`, which we refuse."""
    with pytest.raises(UnreadableDocument) as raised:
        Document.parse(text, "x")
    return raised.value.problem.doubted_by


def test_what_only_our_reader_refuses_is_doubted() -> None:
    """js-yaml 4.3.2 or PyYAML's own scanner takes these."""
    assert [("1.2",)] * len(TAKEN_BY_1_2) == [doubts(each) for each in TAKEN_BY_1_2]
    assert [("1.1", "1.2")] * len(TAKEN_BY_BOTH) == [doubts(each) for each in TAKEN_BY_BOTH]


def test_what_every_reader_refuses_is_not_doubted() -> None:
    """An author's usual mistakes are errors for each host: js-yaml refuses every one of these."""
    assert [()] * len(REFUSED) == [doubts(each) for each in REFUSED]


@pytest.mark.parametrize("line", ["x-h: &a:b [1]\nx-i: *a:b\n", "x-h: {[a]: b}\n", "x-h: &ä 1\n"])
def test_host_with_another_reader_does_not_refuse_it(line: str) -> None:
    """Microsoft's parser calls these documents valid: what we cannot read is not judged, and no word is put into its mouth."""
    document, problem = document_or_problem((START + line).encode(), "x")
    report = validate(Plugin("x", openapi=document, openapi_problem=problem, scope="openapi"), all_hosts())
    found = {each.host: each for each in report.findings if each.rule == "openapi-syntax"}
    verdicts = {each.host: each.verdict for each in report.verdicts}
    for host_id, host in all_hosts().items():
        if host.yaml is not None and host.yaml.version == "1.2":
            assert ("warning", "not_judged") == (found[host_id].severity, verdicts[host_id])
            assert found[host_id].message.startswith("not judged: this host's YAML parser may accept it")
        elif found[host_id].severity == "error":
            assert "refuses" == verdicts[host_id]
    assert ("error", "refuses") == (found["dify"].severity, verdicts["dify"])


def test_run_in_which_that_is_all_is_an_error_that_is_not_the_hosts() -> None:
    """Status 0 says that something was judged."""
    _, problem = document_or_problem((START + "x-h: &a.b [1]\n").encode(), "x")
    plugin = Plugin("x", openapi_problem=problem, scope="openapi")
    report = validate(plugin, {"m365-copilot": all_hosts()["m365-copilot"]})
    (error,) = report.findings
    assert ("openapi-syntax", "error") == (error.rule, error.severity)
    assert error.message.startswith("nothing is judged: ")
    assert "not_judged" == report.verdicts[0].verdict


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x-h: [-]\n", 4),
        ("x-h: [a, -, b]\n", 4),
        ("x-h: {a: -}\n", 4),
        ("x-h: ># comment\n  x\n", 4),
        ("x-h: !!str |-# comment\n  x\n", 4),
    ],
)
def test_what_only_js_yaml_refuses_is_an_error_of_its_hosts(text: str, line: int) -> None:
    """Each was run with js-yaml 4.3.2 and the package yaml 2, which refuse it; PyYAML takes it."""
    report = validate(Plugin("x", openapi=Document.parse(START + text, "x"), scope="openapi"), all_hosts())
    found = {each.host: each for each in report.findings if each.rule == "openapi-syntax"}
    assert {"librechat", "lobechat", "m365-copilot"} == found.keys()
    assert {("error", line)} == {(each.severity, each.line) for each in found.values()}


@pytest.mark.parametrize(
    "text", ["!!set {a, b}", "!!binary aGk=", "!!timestamp 2001-01-01", "!!omap [a: 1]", "!!pairs [a: 1]"]
)
def test_tag_that_json_does_not_have_is_an_error_where_the_reader_has_no_other(text: str) -> None:
    """Microsoft's parser reads with js-yaml's JSON_SCHEMA; LibreChat with its default, which takes them."""
    document = Document.parse(f"{START}x-h: {text}\n", "x")
    report = validate(Plugin("x", openapi=document, scope="openapi"), all_hosts())
    assert ["m365-copilot"] == [each.host for each in report.findings if each.rule == "openapi-syntax"]


def test_comment_right_behind_the_version_is_an_error() -> None:
    """js-yaml calls the argument of the directive ill-formed."""
    for between, expected in (("", ["m365-copilot"]), (" ", [])):
        document = Document.parse(f"%YAML 1.1{between}#c\n---\n{START}", "x")
        plugin = Plugin("x", openapi=document, scope="openapi")
        report = validate(plugin, {"m365-copilot": all_hosts()["m365-copilot"]})
        assert expected == [each.host for each in report.findings if each.rule == "openapi-syntax"]


def test_what_js_yaml_takes_is_not_refused_for_it() -> None:
    """A - as a key or in quotes, a comment behind a space, a # in a text."""
    text = (
        START
        + "x-a: {-: b}\nx-b: [\"-\", -1]\nx-c: > # c |#\n  >#x\nx-d: '># c'\nx-e: !!map {}\nx-f: !!str 5\n"
    )
    assert [] == Document.parse(text, "x").differences.refused
