"""Places in JSON: found by indentation where it can be trusted, and right where it cannot."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugcli.document import Document, pointer

KEYS = st.sampled_from(["a", "b", "}", "]", "{", "a b", '"', "\\", "ä", "", "200", "a/b", "~"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | KEYS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
INDENTS = st.sampled_from([None, 0, 1, 2, "\t"])


def check(document: Document, value: Any, parts: tuple[str, ...] = ()) -> None:
    """Hold the place of every value in `document` to be that of its text."""
    position = document.position(pointer.join(*parts))
    line = document.text.split("\n")[position.line - 1]
    rest = "\n".join([line[position.column - 1 :], *document.text.split("\n")[position.line :]])
    read, _ = json.JSONDecoder().raw_decode(rest)
    assert value == read
    for key, each in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        check(document, each, (*parts, str(key)))


@pytest.mark.slow
@given(st.dictionaries(KEYS, VALUES, max_size=5), INDENTS)
def test_every_value_is_found_where_it_stands(value: dict[str, Any], indent: int | str | None) -> None:
    """A finding that points at another line is worse than one without a line."""
    check(Document.parse(json.dumps(value, indent=indent), "a.json"), value)


def test_indentation_that_misleads_is_not_followed() -> None:
    """Here the first line that closes at the depth of the opening one closes something else."""
    text = '{\n"a": {\n"b": {\n"c": 1\n},\n"d": 2\n},\n"e": [\n[\n1\n],\n2\n]\n}'
    check(Document.parse(text, "a.json"), json.loads(text))


def test_lines_that_end_in_other_ways_are_found() -> None:
    """Windows writes two characters at the end of a line."""
    document = Document.parse(
        json.dumps({"a": {"b": [1, {"c": 2}]}}, indent=2).replace("\n", "\r\n"), "a.json"
    )
    position = document.position("/a/b/1/c")
    assert (6, 14) == (position.line, position.column)
