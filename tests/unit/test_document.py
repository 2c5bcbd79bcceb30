"""Documents: values, places, and the mistakes that keep a text from being read."""

import json
from pathlib import Path

import pytest

from plugcli.document import Document, Position, UnreadableDocument, pointer, read_file
from plugcli.document.file import MAX_BYTES
from plugcli.document.json_mistakes import explain
from plugcli.errors import PlugcliError

JSON = '{\n  "a": 1,\n  "b": {"c/d": [true,\n    {"e": "\\u00e9 \U0001f40d"}]},\n  "f~": null\n}\n'
YAML = 'a: 1\nb:\n  c/d:\n    - true\n    - e: "\u00e9 \U0001f40d"  # a snake\n      g: here\nf~: null\n'


def problem_of(text: str | bytes, *, is_json: bool = False) -> tuple[int, int, str]:
    with pytest.raises(UnreadableDocument) as raised:
        Document.parse(text, "x", is_json=is_json)
    problem = raised.value.problem
    return problem.position.line, problem.position.column, problem.message


@pytest.mark.parametrize(
    ("where", "of_key", "line", "column"),
    [
        ("", False, 1, 1),
        ("/a", False, 2, 8),
        ("/a", True, 2, 3),
        ("/b/c~1d", False, 3, 16),
        ("/b/c~1d/0", False, 3, 17),
        ("/b/c~1d/1/e", False, 4, 11),
        ("/b/c~1d/1/e", True, 4, 6),
        ("/f~0", False, 5, 9),
    ],
)
def test_position_in_json_is_where_an_editor_shows_it(
    where: str, of_key: bool, line: int, column: int
) -> None:
    """A finding is only as useful as the place it points at."""
    assert Position(line, column) == Document.parse(JSON, "x").position(where, of_key=of_key)


@pytest.mark.parametrize(
    ("where", "of_key", "line", "column"),
    [
        ("", False, 1, 1),
        ("/a", False, 1, 4),
        ("/b", True, 2, 1),
        ("/b", False, 3, 3),
        ("/b/c~1d/0", False, 4, 7),
        ("/b/c~1d/1/e", False, 5, 10),
        ("/b/c~1d/1/g", True, 6, 7),
        ("/f~0", False, 7, 5),
    ],
)
def test_position_in_yaml_is_where_an_editor_shows_it(
    where: str, of_key: bool, line: int, column: int
) -> None:
    """Columns count characters, not bytes, also after a character outside the BMP."""
    assert Position(line, column) == Document.parse(YAML, "x").position(where, of_key=of_key)


def test_position_of_a_missing_member_is_that_of_its_object() -> None:
    """What is missing has no place of its own; the author looks at the object that lacks it."""
    for text in (JSON, YAML):
        document = Document.parse(text, "x")
        assert document.position("/b/c~1d") == document.position("/b/c~1d/9/z")


def test_lines_end_where_editors_end_them() -> None:
    """48 real documents have CRLF; a lone CR is a line too, and U+2028 is not."""
    document = Document.parse('{\r\n"a": "x\u2028",\r"b": 2}', "x")
    assert Position(3, 6) == document.position("/b")
    assert '"a": "x\u2028",' == document.excerpt(document.position("/a")).text
    yaml = Document.parse("a: 1\r\nb: 2\r\nc: 3\r\n", "x")
    assert Position(3, 4) == yaml.position("/c")


def test_yaml_keys_and_dates_are_text() -> None:
    """Status codes without quotes and dates in examples stand in 35 real documents."""
    text = "200: ok\non: off\nwhen: 2023-05-01\nhuge: 9" + "0" * 5000 + "\n'=': =\n"
    document = Document.parse(text, "x")
    huge = "9" + "0" * 5000
    assert {"200": "ok", "on": False, "when": "2023-05-01", "huge": huge, "=": "="} == document.data


def test_values_that_do_not_fit_their_tag_stay_text() -> None:
    """`!!bool ""` makes the library's own reader fail with an IndexError or a KeyError."""
    document = Document.parse("a: !!bool ''\nb: !!int many\nc: !!float ''\nd: !!int 7\n", "x")
    assert {"a": "", "b": "many", "c": "", "d": 7} == document.data


def test_aliases_and_merges_are_followed() -> None:
    """Aliases are ordinary YAML; a finding inside one points at the place where the value is written."""
    text = "base: &b {x: 1, y: 2}\nother: &o {z: 9}\nmine:\n  <<: [*b, *o]\n  y: 3\nagain: *b\n"
    document = Document.parse(text, "x")
    assert {"x": 1, "y": 3, "z": 9} == document.data["mine"]
    assert Position(1, 14) == document.position("/mine/x")
    assert Position(5, 6) == document.position("/mine/y")
    assert Position(1, 14) == document.position("/again/x")


def test_duplicate_keys_are_found_with_both_places() -> None:
    """Two `paths:` in one approved plugin: the host silently lost the first."""
    for text in ('{"a": {"k": 1},\n "a": {"k": 1, "k": 2}}', "a: {k: 1}\na: {k: 1, k: 2}\n"):
        found = Document.parse(text, "x").duplicates()
        assert [("a", "/a", 2), ("k", "/a/k", 2)] == [(d.key, d.pointer, d.position.line) for d in found]
        assert 1 == found[0].first.line
    assert [] == Document.parse('{"a": {"k": 1}, "b": {"k": 1}}', "x").duplicates()


def test_duplicate_keys_are_found_between_all_that_json_has() -> None:
    """Braces, colons and commas in texts are no structure, and a value that looks like a key is none."""
    text = (
        '{"a": ["b", {"c": "c", "]": "a:", "\\u0063" : {}}, ",", [{"}": 1, "}": "}"}]], "b": "a", "d": "b"}'
    )
    assert ["/a/1/c", "/a/3/0/}"] == [each.pointer for each in Document.parse(text, "x").duplicates()]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ('{"a": 1,\n}', 1, 8, "trailing comma before }"),
        ('{"a": [1,\n2,]}', 2, 2, "trailing comma before ]"),
        ('{"a": 1\n "b": 2}', 1, 8, "a comma is missing"),
        ('{"a" 1}', 1, 6, "a colon is missing"),
        ('{"a": 1,, "b": 2}', 1, 9, "two commas"),
        ('{\n// why\n"a": 1}', 2, 1, "no comments"),
        ('{"a": 1 # why\n}', 1, 9, "no comments"),
        ("{'a': 1}", 1, 2, "double quotes"),
        ("{\u201ca\u201d: 1}", 1, 2, "is not a JSON quote"),
        ("{a: 1}", 1, 2, "the key a has no quotes"),
        ('{"mail": me@example.com}', 1, 10, "the value me@example.com has no quotes"),
        ('{"name": PLUGIN_NAME_FOR_HUMAN}', 1, 10, "the placeholder PLUGIN_NAME_FOR_HUMAN is not filled in"),
        ('{"name": {{ name }}}', 1, 10, "the placeholder {{ name }} is not filled in"),
        ('{"name": ${NAME}}', 1, 10, "the placeholder ${NAME} is not filled in"),
        ('{"a": None}', 1, 7, "None is not JSON"),
        ('{"a": True}', 1, 7, "True is not JSON"),
        ('{"a": NaN}', 1, 7, "NaN is not JSON"),
        ('{"a": "x\n"}', 1, 9, "continues on the next line"),
        ('{"a": "x\ty"}', 1, 9, "a tab is not escaped"),
        ('{"a": "\\d"}', 1, 8, r"no escape \d"),
        ('{"a": "x', 1, 7, "no closing quote"),
        ('{"a": {"b": 1}\n', 1, 14, "ends too early"),
        ('{"a": 1}\n{"b": 2}', 2, 1, "ends before this"),
        ('{"a": }', 1, 7, "a value is missing"),
        ("", 1, 1, "empty"),
        (" \n\t\n", 1, 1, "empty"),
        ("<!DOCTYPE html>\n<html></html>", 1, 1, "an HTML page"),
        ("<?xml version='1.0'?><a/>", 1, 1, "XML"),
        ("404 page not found", 1, 1, "plain text"),
        ("name_for_model: x\n", 1, 1, "this is YAML"),
        ("[1, 2]", 1, 1, "the top level is a list"),
        ('"forbidden"', 1, 1, "plain text"),
        ('{"a": ' + "9" * 5000 + "}", 1, 7, "thousands of digits"),
    ],
)
def test_broken_json_names_the_mistake_and_its_place(text: str, line: int, column: int, words: str) -> None:
    """ChatGPT says "CORS" for a trailing comma (openai/plugins-quickstart#40): the true cause is our job."""
    found = problem_of(text, is_json=True)
    assert (line, column) == found[:2], found
    assert words in found[2]


@pytest.mark.parametrize(
    ("message", "at"),
    [
        ("Expecting property name enclosed in double quotes", 11),  # Python 3.11 and 3.12
        ("Illegal trailing comma before end of object", 7),  # Python 3.13
    ],
)
def test_words_do_not_depend_on_the_json_module(message: str, at: int) -> None:
    """Python's json has changed its messages and its places before: the author reads ours, with every version."""
    text = '{"a": 1,\n  }'
    found = explain(text, json.JSONDecodeError(message, text, at))
    assert (found.offset, found.message, found.hint) == (7, "trailing comma before }", "remove the comma")


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a:\n\tb: 1\n", 2, 1, "a tab is used as indentation"),
        ("a: b: c\n", 1, 5, "a second ': '"),
        (" openapi: 3.0.1\ninfo: {}\n", 1, 1, "the first line is indented"),
        ("a:\n  b: 1\n c: 2\n", 3, 2, "does not belong to the mapping above"),
        ("a: [1, 2\nb: 3\n", 1, 4, "this [ is never closed"),
        ("a: [1, 2\nb: [3]\nc: {d: 4}\n", 1, 4, "this [ is never closed"),
        ('a: {"b": "}"\nc: 1\n', 1, 4, "this { is never closed"),
        ('a: { "foo"\n: bar }\n', 2, 1, "this ':' has no key"),
        ("a: [{ multi\n  line: value}]\n", 2, 7, "this ':' has no key"),
        ("a: {\n b: 1\n c: 2 }\n", 3, 3, "this ':' has no key"),
        ("a: [x\n# why\n  y ]\n", 3, 3, "a comma is missing before this"),
        ('a: ["x" "y"]\n', 1, 9, "a comma is missing before this"),
        ("a: [x, , y]\n", 1, 8, "a value is missing here"),
        ("a: {x: :x}\n", 1, 8, "a value is missing here"),
        ("a:\n  -\t- b\n", 2, 4, "there is a tab where a list"),
        ("%FOO bar\n---\na: 1\n", 1, 5, "a line that starts with % is a directive"),
        ("a: > folded\n  text\n", 1, 6, "text after | or > starts on the next line"),
        ("a: &:@ x\n", 1, 4, "has a name that not every YAML parser accepts"),
        ("a: !<x y\n", 1, 7, "text that starts with ! is a tag"),
        ('a: "x\n---\n"\n', 2, 1, "a quoted text is never closed before this line"),
        ('a: "x\nb: 1\n', 3, 1, "never closed"),
        ("url: {{BASE}}/openapi.yaml\n", 1, 6, "the placeholder {{BASE}} is not filled in"),
        ("url: {{BASE}}\n", 1, 6, "the placeholder {{BASE}}"),
        ("a: *nowhere\n", 1, 4, "has no anchor &nowhere"),
        ("a: &a\n  b: *a\n", 2, 6, "inside the value that it names"),
        ("a: !secret x\n", 1, 4, "the tag !secret"),
        ("a: !!python/object:os.system x\n", 1, 4, "the tag tag:yaml.org,2002:python/object"),
        ("!secret a: x\n", 1, 1, "the tag !secret"),
        ("a: @x\n", 1, 4, "cannot start with @"),
        ("a: x\x80y\n", 1, 5, "U+0080"),
        ("a: 1\n---\nb: 2\n", 2, 1, "a second YAML document"),
        ("# nothing\n", 1, 1, "empty"),
        ("404 page not found\n", 1, 1, "plain text"),
        ("- a\n- b\n", 1, 1, "the top level is a list"),
        ("<html>\n<p>hello: world", 1, 1, "an HTML page"),
        ("<html>404</html>", 1, 1, "an HTML page"),
        ("a: {b: 1, ? [c] : d}\n", 1, 13, "is used as a key"),
        ("a: 1\n<<: 7\n", 2, 1, "<< merges mappings"),
    ],
)
def test_broken_yaml_names_the_mistake_and_its_place(text: str, line: int, column: int, words: str) -> None:
    """libyaml speaks of simple keys and block mappings; an author thinks in indentation and quotes."""
    found = problem_of(text)
    assert words in found[2], found
    assert (line, column) == found[:2]


@pytest.mark.parametrize(
    ("data", "line", "column", "words"),
    [
        ('{"a": 1}'.encode("utf-16"), 1, 1, "UTF-16"),
        ('{"a": 1}'.encode("utf-16-le"), 1, 1, "UTF-16"),
        (b'{"a":\n "\xe9"}', 2, 3, "byte 0xE9 is not UTF-8"),
        (b"\x7fELF\x02\x01\x01\x00\x00", 1, 8, "binary data"),
        (b'{"a": "\x00"}', 1, 8, "binary data"),
        (b"\x89PNG\r\n\x1a\n", 1, 1, "not UTF-8"),
    ],
)
def test_bytes_that_are_no_text_say_so(data: bytes, line: int, column: int, words: str) -> None:
    """A binary file or a wrong encoding is a sentence, never a UnicodeDecodeError."""
    found = problem_of(data)
    assert words in found[2], found
    assert (line, column) == found[:2]


def test_byte_order_mark_is_no_part_of_the_text() -> None:
    """Editors on Windows write one, and no column may move because of it."""
    for text in ('{"a": 1}', "a: 1"):
        document = Document.parse(b"\xef\xbb\xbf" + text.encode(), "x")
        assert {"a": 1} == document.data
        assert text == document.text


def test_text_that_starts_like_json_but_is_yaml_says_so() -> None:
    """Two approved plugins serve JSON with a trailing comma: the host's YAML reader takes it."""
    document = Document.parse('{"a": 1,\n "b": [2,]}', "x")
    assert {"a": 1, "b": [2]} == document.data
    assert document.slip is not None
    assert (2, 9) == (document.slip.position.line, document.slip.position.column)
    assert "trailing comma" in document.slip.message
    assert Position(2, 8) == document.position("/b/0")


def test_aliases_that_expand_without_end_are_refused() -> None:
    """Nine lines of "billion laughs" would keep every check busy for years."""
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert "expand to more than 200,000 values" in problem_of("\n".join(lines))[2]


@pytest.mark.slow
def test_aliases_do_not_limit_what_is_written() -> None:
    """A real document of half a million values may have one alias."""
    text = f"a: &a {{x: 1}}\nb: *a\nc: [{','.join('0' * 250_000)}]\n"
    assert 250_000 == len(Document.parse(text, "x").data["c"])


def test_values_equal_those_of_the_yaml_library() -> None:
    """Our own reader of events must not disagree with the reader that hosts use."""
    import yaml

    text = (
        "a: [1, 0x1F, 010, 1_000, 1.5, .5, 1e3, 1.0e+3, ~, null, '', yes, No, ON, on, y, 12:30:45]\n"
        "b: {c: '2020-01-01', d: \"x\\ny\", e: |\n  text\n  more\n}\n"
    ).replace(", e: |\n  text\n  more\n}", "}\ne: |\n  text\n  more\nf: >-\n  folded\n  text\n")
    assert yaml.safe_load(text) == Document.parse(text, "x").data


@pytest.mark.parametrize("parts", [["a/b", "~c", ""], [], ["x", "0"]])
def test_pointers_survive_a_round_trip(parts: list[str]) -> None:
    """Paths hold slashes; a pointer that is not escaped names another place."""
    assert parts == pointer.split(pointer.join(*parts))


def test_file_larger_than_the_limit_is_a_sentence(tmp_path: Path) -> None:
    """A log file of gigabytes must not fill the memory."""
    path = tmp_path / "big.json"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(PlugcliError, match="larger than 32 MiB"):
        read_file(path)


def test_what_is_no_file_is_a_sentence(tmp_path: Path) -> None:
    """A pipe would wait for ever and /dev/zero never ends."""
    import os

    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    for path in (fifo, Path("/dev/zero"), tmp_path):
        with pytest.raises(PlugcliError, match=r"neither a file nor a folder|is a folder"):
            read_file(path)
    with pytest.raises(PlugcliError, match="no such file"):
        read_file(tmp_path / "missing")


@pytest.mark.slow
def test_json_positions_of_a_large_document_stay_quick() -> None:
    """Every member of a document of 20,000 operations is found, each right."""
    data = {"paths": {f"/p{n}": {"get": {"operationId": f"o{n}"}} for n in range(20_000)}}
    document = Document.parse(json.dumps(data, indent=1), "x")
    for n in (0, 19_999):
        position = document.position(f"/paths/~1p{n}/get/operationId")
        assert f'"operationId": "o{n}"' in document.excerpt(position).text


def test_scalars_that_readers_disagree_on_are_told_with_both_values() -> None:
    """What a value without quotes is depends on who reads it, and its own text is gone once it is read."""
    text = "a: 012\nb: '012'\nc: [12:30, no]\nd: {on: 1, 'off': 2}\ne: |\n  012\nf: 1e-3 # note\ng: =\nh: 2020-01-01\n"
    document = Document.parse(text, "x")
    found = [
        (where.pointer, each.text, each.in_1_1, each.in_1_2) for where, each in document.differences.scalars
    ]
    assert [
        ("/a", "012", 10, 12),
        ("/c/0", "12:30", 750, "12:30"),
        ("/c/1", "no", False, "no"),
        ("/d/on", "on", True, "on"),
        ("/f", "1e-3", "1e-3", 0.001),
        ("/g", "=", "=", "="),
        ("/h", "2020-01-01", "2020-01-01", "2020-01-01"),
    ] == found
    assert [("/d/on", Position(4, 5))] == [
        (where.pointer, where.shown) for where, _ in document.differences.scalars if where.of_key
    ]
    assert ["="] == [each.text for _, each in document.differences.scalars if each.is_refused]
    assert ["2020-01-01"] == [each.text for _, each in document.differences.scalars if each.is_date]
    assert [] == Document.parse('{"a": 1e-3, "b": "no"}', "x").differences.scalars


def test_scalar_behind_a_key_that_is_there_twice_has_its_own_place() -> None:
    """The pointer names the last value, and what is wrong stands at the first."""
    document = Document.parse("a: no\na: 1\nb: on\n", "x")
    assert [Position(1, 4), Position(3, 4)] == [where.shown for where, _ in document.differences.scalars]


def test_reader_of_yaml_1_2_has_its_own_values() -> None:
    """js-yaml 4.3.2 gave these; what PyYAML gives is held by another test."""
    text = (
        "a: [no, on, 12:30, 0o14, 014, 1e-3, 1E3, 1_000, 0b11, .5, -.5, 08, 1., +0x1F, 1.0e3, 1e400, True, tRue]\n"
        "b: [~, null, Null, =, 2001-01-01, 1:30:2.5, 0x_1, 00, '08', !!int '7']\n0404: c\n0o14: d\n"
    )
    read = Document.parse(text, "x").read_as("1.2")
    numbers = [12, 14, 0.001, 1000, "1_000", 3, 0.5, "-.5", 8, 1, 31, 1000, "1e400", True, "tRue"]
    assert {
        "a": ["no", "on", "12:30", *numbers],
        "b": [None, None, None, "=", "2001-01-01", "1:30:2.5", "0x_1", 0, "08", 7],
        "404": "c",
        "12": "d",
    } == read.data
    assert Position(3, 7) == read.position("/404")
    before = Document.parse(text, "x")
    assert [each for _, each in before.differences.scalars] == [each for _, each in read.differences.scalars]


def test_reader_that_alone_differs_is_asked() -> None:
    """`minimum: -0o14` is text by both versions of YAML, and -12 to js-yaml 4.3.2, with which Microsoft's parser reads."""
    text = "a: [-0o14, +0o14, 0O14, 0o18, -0b12, 1.0e+400, -.inf, .NaN, -.nan]\n-0o14: c\n"
    read = Document.parse(text, "x").read_as("1.2")
    inf = float("inf")
    assert [-12, 12, "0O14", "0o18", "-0b12", "1.0e+400", -inf] == read.data["a"][:7]
    assert str(read.data["a"][7]) == "nan"
    assert "-.nan" == read.data["a"][8]
    assert "c" == read.data["-12"]
    told = [(each.text, each.in_1_2) for _, each in read.differences.scalars if each.is_only_js]
    assert [("-0o14", -12), ("+0o14", 12), ("1.0e+400", "1.0e+400"), ("-0o14", -12)] == told


def test_document_that_all_readers_agree_on_is_read_once() -> None:
    """A large document takes a second to read, and most have nothing that readers disagree on."""
    for text in ("a: [1, true, x, null]\nb: 2020-01-01\n", '{"a": 1e-3}', "a: 'no'\n"):
        document = Document.parse(text, "x")
        assert document is document.read_as("1.1")
        assert document is document.read_as("1.2")
    document = Document.parse("a: no\n", "x")
    assert document.read_as("1.2") is document.read_as("1.2")


def test_anchors_on_keys_name_the_key() -> None:
    """PyYAML and js-yaml both take them: a key is a value like any other."""
    for text, expected in (
        ("&a a: &b b\n*b : *a\n", {"a": "b", "b": "a"}),
        ('&a "top": 1\nother: [*a, *a]\n', {"top": 1, "other": ["top", "top"]}),
        ("x: &n 200\nresponses: {*n : fine}\n", {"x": 200, "responses": {"200": "fine"}}),
        ("&n 200: x\ny: *n\n", {"200": "x", "y": 200}),
        ("? &a k\n: *a\n", {"k": "k"}),
    ):
        assert expected == Document.parse(text, "x").data


def test_anchors_given_twice_are_found() -> None:
    """The later one counts, and PyYAML, which hosts read with, refuses the whole."""
    document = Document.parse("a: &x 1\nb: &x {c: 2}\n&x d: *x\n", "x")
    found = [
        (each.name, each.pointer, each.position.line, each.first.line)
        for each in document.differences.anchors
    ]
    assert [("x", "/b", 2, 1), ("x", "/d", 3, 1)] == found
    assert {"a": 1, "b": {"c": 2}, "d": "d"} == document.data


def test_keys_that_only_quotes_tell_apart_are_duplicates_of_their_own_kind() -> None:
    """js-yaml refuses 404 beside "404", and the package yaml takes them for two."""
    text = "404: a\n'404': b\n'500': a\n'500': b\nx: 1\n\"x\": 2\n"
    found = Document.parse(text, "x").duplicates()
    assert [("404", False), ("500", True), ("x", True)] == [(each.key, each.alike) for each in found]


def test_number_of_json_with_a_slip_is_what_each_reader_takes_it_for() -> None:
    """Only a YAML reader takes JSON with a trailing comma, and to one of YAML 1.1 `1e-2` is text."""
    document = Document.parse('{"a": 1e-2, "b": [1E2, 5,], "c": "1e-2"}', "x")
    assert document.slip is not None
    assert {"a": "1e-2", "b": ["1E2", 5], "c": "1e-2"} == document.data
    assert {"a": 0.01, "b": [100, 5], "c": "1e-2"} == document.read_as("1.2").data
    assert ["/a", "/b/0"] == [where.pointer for where, _ in document.differences.scalars]
