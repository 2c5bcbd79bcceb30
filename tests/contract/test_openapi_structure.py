"""What GPT Actions' parser accepts. Our verdict is that of openapi-pydantic 0.5.1, the library that prints the parser's messages.

Our schema of it is a file beside the host's (`hosts/gpt_actions.json`), and the library is here only as the oracle. Every place of a sound
document gets every kind of wrong value, so that each member of the schema is asked for at least once.
"""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_pydantic.v3.v3_1 import OpenAPI
from pydantic import ValidationError

from plugcli.document import Document
from plugcli.hosts import all_hosts
from plugcli.openapi.specification import faults_for_parser
from plugcli.plugin import Plugin
from plugcli.validate import validate

SOUND: dict[str, Any] = json.loads((Path(__file__).parent / "every_member.json").read_text(encoding="utf-8"))
DEEP: dict[str, Any] = {"type": "object", "properties": {}}
for _ in range(45):  # 90 levels of objects
    DEEP = {"type": "object", "properties": {"deeper": DEEP}}

# These go into every place of the sound document. JSON can express all of them.
VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "false": False,
    "zero": 0,
    "one": 1,
    "negative": -1,
    "fraction": 1.5,
    "whole float": 5.0,
    "empty text": "",
    "text": "some text",
    "word for true": "Yes",
    "word for false": "oFF",
    "text of a number": " 5 ",
    "text of a fraction": "0.5",
    "text of zero": "0",
    "empty list": [],
    "list of null": [None],
    "list of text": ["some text"],
    "list of lists": [[]],
    "list of types": ["null", "string"],
    "empty object": {},
    "object of null": {"some": None},
    "object of text": {"some": "text"},
    "object with an empty key": {"": {}},
    "reference": {"$ref": "#/components/schemas/Todo"},
    "reference to a number": {"$ref": 5},
    "reference with a bad description": {"$ref": "#/x", "description": 5},
    "reference with more": {"$ref": "#/x", "type": "int", "properties": None},
    "90 levels": DEEP,
}


def places(value: Any, parts: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The place of every value in `value`, all the way down."""
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        yield (*parts, key)
        yield from places(child, (*parts, key))


def changed(parts: tuple[str | int, ...], value: Any) -> Document:
    """The sound document with `value` at `parts`; with `...`, without anything there."""
    data = dict(SOUND)
    around: Any = data
    for part in parts[:-1]:
        around[part] = copy.copy(around[part])
        around = around[part]
    if value is ...:
        del around[parts[-1]]
    else:
        around[parts[-1]] = value
    return Document.parse(json.dumps(data), "openapi.json")


def library_takes(document: Document) -> bool:
    """The oracle's verdict. The version has a rule of its own, and is not part of this."""
    try:
        OpenAPI.model_validate({**document.data, "openapi": "3.1.0"})
    except ValidationError:
        return False
    return True


def we_take(document: Document) -> bool:
    """Our verdict."""
    schema = all_hosts()["gpt-actions"].structure
    assert schema is not None
    return not faults_for_parser(document, schema)


def test_sound_document_is_taken() -> None:
    """Otherwise every change to it would be refused, and the comparison would mean nothing."""
    assert (True, True) == (
        library_takes(changed(("info", "title"), "x")),
        we_take(changed(("info", "title"), "x")),
    )


@pytest.mark.parametrize("name", [*VALUES, "nothing"])
def test_verdict_is_that_of_the_library(name: str) -> None:
    """An error that the host does not report is a false alarm. One that we miss shows up only in the host's editor."""
    disagreements = []
    for parts in places(SOUND):
        document = changed(parts, VALUES.get(name, ...) if name != "nothing" else ...)
        if library_takes(document) != we_take(document):
            disagreements.append((parts, library_takes(document)))
    assert [] == disagreements


@pytest.mark.parametrize("version", ["3.1.0", "3.1.1", "3.0.3", "3.1.2", "3.1", "2.0", 3.1, None, [], {}])
def test_version_is_taken_as_the_library_takes_it(version: Any) -> None:
    """The version is the most frequent reason why GPT Actions refuses a document."""
    document = changed(("openapi",), version)
    hosts = {"gpt-actions": all_hosts()["gpt-actions"]}
    report = validate(Plugin("x", openapi=document, openapi_path="x", scope="openapi"), hosts)
    try:
        OpenAPI.model_validate(document.data)
        is_taken = True
    except ValidationError:
        is_taken = False
    assert is_taken == (report.verdicts[0].errors == 0)


@pytest.mark.parametrize(
    "name", ["null", "one", "text", "list of null", "object of null", "reference", "90 levels"]
)
def test_nonsense_anywhere_is_judged_for_every_host(name: str) -> None:
    """A document is whatever somebody pasted, and a crash tells them nothing."""
    for parts in places(SOUND):
        plugin = Plugin("x", openapi=changed(parts, VALUES[name]), openapi_path="x", scope="openapi")
        assert all_hosts().keys() == {each.host for each in validate(plugin, all_hosts()).verdicts}, parts
