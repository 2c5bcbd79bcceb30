"""Depth: one bound for JSON and YAML, ours, at the place where it is passed, before any library has a word."""

import time

import pytest
import yaml

from plugcli.document import Document, UnreadableDocument, yaml_builder

pytestmark = pytest.mark.slow

LOADERS = [yaml.SafeLoader, *([yaml.CSafeLoader] if hasattr(yaml, "CSafeLoader") else [])]


@pytest.fixture(params=LOADERS, ids=lambda loader: loader.__name__)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the readers of YAML that an installation may have: the one in C is missing on some machines."""
    monkeypatch.setattr(yaml_builder, "_LOADER", request.param)


def problem_of(text: str, *, is_json: bool = False) -> tuple[int, int, str]:
    with pytest.raises(UnreadableDocument) as raised:
        Document.parse(text, "x", is_json=is_json)
    problem = raised.value.problem
    return problem.position.line, problem.position.column, problem.message


def too_deep(line: int, column: int) -> tuple[int, int, str]:
    return line, column, "nested more than 200 levels deep"


def block(levels: int, key: str = "a:") -> str:
    """Mappings inside each other, each key on a line of its own."""
    return "".join(f"{' ' * level}{key}\n" for level in range(levels))


@pytest.mark.parametrize("is_json", [True, False])
@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("[" * 100_000, 1, 201),
        ("[" * 201, 1, 201),
        ('{"a":' * 100_000, 1, 1001),
        ('{"a":' * 201 + "1" + "}" * 201, 1, 1001),
        ('{"a":\n' * 201 + "1" + "}" * 201, 201, 1),
        ('[{"a": 1}, ' * 201, 1, 199 * 11 + 2),
        ('{"a": ' + "[" * 200 + "NaN", 1, 206),
        ('{"a": ' + "[" * 200 + "oops", 1, 206),
        ('{"a": ' + "[" * 200 + "9" * 5000, 1, 206),
        ('{"a": "\\"[[[", "b": ' + "[" * 201 + "]" * 201 + "}", 1, 220),
    ],
)
@pytest.mark.usefixtures("loader")
def test_deep_json_is_told_where_it_is_too_deep(text: str, is_json: bool, line: int, column: int) -> None:
    """The mistake behind it, or a library's own bound, would be another sentence for each length of the text."""
    assert too_deep(line, column) == problem_of(text, is_json=is_json)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: " + "[" * 100_000, 1, 203),
        ("a: " + "[" * 1_500, 1, 203),
        ("a: " + "[" * 200 + "]" * 200, 1, 203),
        ("a: " + "[" * 200 + "@", 1, 203),
        ("a: " + "[" * 200 + "\x80", 1, 203),
        ("a: " + "[ " * 1_000, 1, 402),
        ("a: " + "[\n " * 1_000, 200, 2),
        ("a: " + "{a: " * 1_000, 1, 4 + 199 * 4),
        ("{a: " * 1_000, 1, 801),
        ("a: " + "[{a: " * 1_000, 1, 4 + 99 * 5 + 1),
        ("- " * 100_000 + "x", 1, 401),
        ("- a:\n  " + "- " * 100_000, 2, 3 + 198 * 2),
        ("- " * 150 + "[" * 2_000, 1, 351),
        ("- " * 150 + "? a\n" + " " * 300 + ": " + "[" * 2_000, 2, 303 + 49),
        (block(1_000), 201, 201),
        (block(150) + " " * 150 + "b: " + "{a: " * 2_000, 151, 154 + 49 * 4),
        (block(150) + " " * 150 + "b: " + "{a: " * 60 + "\x80", 151, 154 + 49 * 4),
        ('{"a": [1,], "c": ' + "[" * 2_000, 1, 217),
        ("{a: 1, b: " + "[" * 2_000, 1, 210),
    ],
)
@pytest.mark.usefixtures("loader")
def test_deep_yaml_is_told_where_it_is_too_deep(text: str, line: int, column: int) -> None:
    """libyaml 0.2.6 stops at 1,000 levels of its own, up to 1,024 characters before it tells what it has read."""
    assert too_deep(line, column) == problem_of(text)


@pytest.mark.usefixtures("loader")
def test_aliases_nest_what_they_name() -> None:
    """Two levels a line in the text, and thousands in the value: whatever goes through it would have to recurse."""
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 1_000))]
    assert too_deep(200, 14) == problem_of("\n".join(lines))
    assert 199 == len(Document.parse("\n".join(lines[:199]), "x").data)


@pytest.mark.usefixtures("loader")
def test_merged_mapping_is_no_level_of_its_own() -> None:
    """Its members stand in the mapping that it is merged into."""
    text = "b: &b {x: 1}\na: " + "{a: " * 198 + "{<<: *b}" + "}" * 198
    value = Document.parse(text, "x").data["a"]
    for _ in range(198):
        value = value["a"]
    assert {"x": 1} == value
    assert "nested more than 200" in problem_of(text.replace("{<<: *b}", "{<<: {y: *b}}"))[2]


@pytest.mark.parametrize(
    "text",
    [
        "a: '" + "[" * 5_000 + "'\n",
        'a: "' + "{" * 5_000 + '"\n',
        "a: 1 # " + "[" * 5_000 + "\n",
        "a: b" + "[" * 5_000 + "\n",
        "a: |\n  " + "[" * 5_000 + "\n" + "".join(f"{' ' * n}- {n}:\n" for n in range(2, 300)),
        "a: >-\n  " + "- " * 5_000 + "\n",
        '{"a": "' + '\\"[' * 5_000 + '"}',
        '{"a": 1, # ' + "[" * 5_000 + "\n}",
        "a: [" + "[[[x]]], " * 5_000 + "]\n",
        "a: " + "[" * 199 + "]" * 199,
        '{"a": ' + "[" * 199 + "]" * 199 + "}",
        block(200, "a:"),
    ],
)
@pytest.mark.usefixtures("loader")
def test_what_is_no_nesting_is_not_counted(text: str) -> None:
    """Brackets in texts and comments are none, and 200 levels are allowed."""
    assert ["a"] == [*Document.parse(text, "x").data]


@pytest.mark.alone
@pytest.mark.slow
def test_deep_texts_take_no_longer_than_flat_ones() -> None:
    """A stranger's megabyte must not take the square of its time: what is deep is refused where it becomes so."""
    flat = "a: [" + "[x], " * 200_000 + "]\n"
    started = time.perf_counter()
    Document.parse(flat, "x")
    allowed = time.perf_counter() - started
    for text in (
        "a: " + "[" * 1_000_000,
        "- " * 500_000,
        '{"a":' * 200_000,
        block(1_400),
        "a: " + "[1, " * 250_000,
    ):
        started = time.perf_counter()
        problem_of(text)
        assert time.perf_counter() - started < allowed
