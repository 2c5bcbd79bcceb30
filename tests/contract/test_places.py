"""A sound plugin is broken at one known place, in many layouts: exactly one finding, of the right rule, at that line and column.

The places are counted by `layout.py` while it writes, not by plugcli.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from plugcli.finding import Finding
from plugcli.hosts import DEFAULT, all_hosts
from plugcli.plugin import plugin_from_files
from plugcli.validate import validate
from tests.contract.layout import Layout, Text, written
from tests.contract.mutations import GET, MANIFEST, OF_MANIFEST, OF_OPENAPI, OPENAPI, Mutation, put

layouts = some.builds(
    Layout,
    form=some.just("json"),
    indent=some.sampled_from((0, 1, 2, 4)),
    newline=some.sampled_from(("\n", "\r\n")),
    seed=some.integers(0, 2**32),
    has_mark=some.booleans(),
)
yaml_layouts = some.builds(
    Layout,
    form=some.just("yaml"),
    indent=some.sampled_from((1, 2, 4)),
    newline=some.sampled_from(("\n", "\r\n")),
    seed=some.integers(0, 2**32),
    has_mark=some.booleans(),
)
quick = settings(deadline=None, max_examples=12)


def findings(manifest: bytes, openapi: bytes) -> list[Finding]:
    files = {".well-known/ai-plugin.json": manifest, "openapi.yaml": openapi}
    return list(validate(plugin_from_files(files, "it"), {DEFAULT: all_hosts()[DEFAULT]}).findings)


def expected(mutation: Mutation, text: Text) -> list[tuple[str, int, int]]:
    places = text.keys if mutation.part == "key" else text.values
    return [(mutation.rule, *places[mutation.at])]


def found(manifest: bytes, openapi: bytes) -> list[tuple[str, int, int]]:
    return [(each.rule, each.line, each.column) for each in findings(manifest, openapi)]


@given(layouts, layouts | yaml_layouts)
@settings(deadline=None, max_examples=50)
def test_sound_plugin_has_no_finding_in_any_layout(manifest: Layout, openapi: Layout) -> None:
    """Otherwise the next tests would show nothing. Quotes, comments and line ends are never a fault."""
    assert [] == found(written(MANIFEST, manifest)[0], written(OPENAPI, openapi)[0])


@pytest.mark.parametrize("name", OF_MANIFEST)
@given(layout=layouts)
@quick
def test_fault_of_the_manifest_is_found_at_its_place(name: str, layout: Layout) -> None:
    """The author looks at the line that is named. A wrong line is worse than none."""
    mutation = OF_MANIFEST[name]
    content, text = written(mutation.change(copy.deepcopy(MANIFEST)), layout)
    assert expected(mutation, text) == found(content, json.dumps(OPENAPI).encode())


@pytest.mark.parametrize("name", OF_OPENAPI)
@given(layout=layouts | yaml_layouts)
@quick
def test_fault_of_the_document_is_found_at_its_place(name: str, layout: Layout) -> None:
    """This holds in JSON and in YAML, with comments, quotes and line ends as people write them."""
    mutation = OF_OPENAPI[name]
    content, text = written(mutation.change(copy.deepcopy(OPENAPI)), layout)
    assert expected(mutation, text) == found(json.dumps(MANIFEST).encode(), content)


@given(layouts, some.sampled_from(("", "/auth", "/api")))
def test_trailing_comma_of_the_manifest_is_found_at_its_place(layout: Layout, where: str) -> None:
    """This is the most common slip, and hosts report it as CORS."""
    content, text = written(MANIFEST, layout, comma_after=where)
    assert [("manifest-syntax", *text.commas[where])] == found(content, json.dumps(OPENAPI).encode())


@given(layouts, some.sampled_from(("", "/servers", "/servers/0", GET, "/components/schemas")))
def test_trailing_comma_of_the_document_is_found_at_its_place(layout: Layout, where: str) -> None:
    """Whether a YAML reader accepts the text anyway depends on its spaces. The place does not."""
    content, text = written(OPENAPI, layout, comma_after=where)
    assert [("openapi-syntax", *text.commas[where])] == found(json.dumps(MANIFEST).encode(), content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \r\n\t\n",
        b"\xef\xbb\xbf",
        b"# only a comment\n",
        b"<!DOCTYPE html>\n<html><head><title>404</title></head><body>Not found</body></html>",
        b"\n\n  <html><body><h1>It works: really</h1></body></html>",
        b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
        b"404 page not found\n",
        b"forbidden",
        b"missing_openai_key",
        b'{"message": "Not Found"}',
        b'{"detail": "Authentication credentials were not provided."}',
        b"[]",
        b'["openapi"]',
        b"null",
        b"true",
        b"42",
        b'"openapi: 3.1.0"',
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        b"\xff\xfe{\x00}\x00",
        b"PK\x03\x04\x14\x00\x00\x00",
        b"{" * 5000,
        b"[" * 5000 + b"]" * 5000,
        b'{"a":' * 300 + b"1" + b"}" * 300,
        b"{}",
        b"---\n...\n",
        b"%PDF-1.7",
        b"\x1f\x8b\x08\x00\x00\x00",
    ],
    ids=lambda content: repr(content[:24]),
)
@pytest.mark.parametrize("place", ["manifest", "openapi"])
def test_what_is_no_document_at_all_is_one_error(content: bytes, place: str) -> None:
    """Some servers answer 200 with a log-in page or nothing. That is one finding, not one for each missing member."""
    sound = {"manifest": json.dumps(MANIFEST).encode(), "openapi": json.dumps(OPENAPI).encode()}
    said = findings(**{**sound, place: content})
    assert ["error"] == [each.severity for each in said]


NONSENSE: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, "", " ", "\x7f", "\ud83d", "/", "#", "http://[", [], {}, [None], [[]], {"": None},
    {"$ref": "#"}, {"$ref": None}, {"$ref": "#/paths"}, ["get"], "{}" * 99, {"type": ["x", None]}, 10**400,
)  # fmt: skip


def pointers(data: Any, where: str = "") -> Iterator[str]:
    """Every place in `data`."""
    for key, each in data.items() if isinstance(data, dict) else enumerate(data):
        place = f"{where}/{str(key).replace('~', '~0').replace('/', '~1')}"
        yield place
        if isinstance(each, (dict, list)):
            yield from pointers(each, place)


@given(
    some.lists(
        some.tuples(some.sampled_from([*pointers(MANIFEST)]), some.sampled_from(NONSENSE)),
        min_size=1,
        max_size=2,
    ),
    some.lists(some.tuples(some.sampled_from([*pointers(OPENAPI)]), some.sampled_from(NONSENSE)), max_size=2),
)
@settings(deadline=None, max_examples=300)
def test_nonsense_anywhere_crashes_no_host(
    of_manifest: list[tuple[str, Any]], of_openapi: list[tuple[str, Any]]
) -> None:
    """null in place of an object, an object in place of a text: a bad plugin causes findings, never a crash."""
    manifest, openapi = copy.deepcopy(MANIFEST), copy.deepcopy(OPENAPI)
    for data, changes in ((manifest, of_manifest), (openapi, of_openapi)):
        for where, value in changes:
            try:
                put(where, value)(data)
            except (KeyError, IndexError, TypeError, ValueError):  # the first change removed the place
                continue
    files = {"ai-plugin.json": json.dumps(manifest).encode(), "openapi.json": json.dumps(openapi).encode()}
    report = validate(plugin_from_files(files, "it"), all_hosts())
    assert len(all_hosts()) == len(report.verdicts)
