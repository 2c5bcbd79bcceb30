"""Documents with a known verdict, in `documents/<version>/{valid,invalid}/`. Each was written to test one kind of thing.

An invalid one says in its second line where the fault is. Our verdict is that of openapi-spec-validator, the authority, wherever no
newer schema of the specification decides; each exception has its reason here.
"""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openapi_spec_validator
import pytest

from plugcli.document import Document
from plugcli.hosts import all_hosts
from plugcli.openapi.schemas import authority, validator
from plugcli.openapi.specification import faults
from plugcli.plugin import Plugin
from plugcli.validate import validate
from tests.contract.test_openapi_structure import VALUES

FOLDER = Path(__file__).parent / "documents"
ALL = sorted(each.relative_to(FOLDER).as_posix() for each in FOLDER.glob("*/*/*.yaml"))
LIBRARY: dict[str, Any] = {
    "3.0": openapi_spec_validator.OpenAPIV30SpecValidator,
    "3.1": openapi_spec_validator.OpenAPIV31SpecValidator,
    "3.2": openapi_spec_validator.OpenAPIV32SpecValidator,
}
# Places where the schema of August 2026 decides, while openapi-spec-validator still has that of October 2022.
NEWER = {
    "3.1/valid/link-server.yaml": "the older schema calls a link's server `body`",
    "3.1/invalid/link-body.yaml": "the same misprint",
    "3.1/invalid/example-and-examples.yaml": "the older schema does not say that one excludes the other",
    "3.1/valid/reference-with-more.yaml": "the specification says that members beside $ref are ignored; the older schema refuses them",
}


def fault_in(path: str) -> str | None:
    """The place of the fault in an invalid document; None for a valid one."""
    lines = (FOLDER / path).read_text(encoding="utf-8").splitlines()
    return lines[1].removeprefix("# at: ") if lines[1].startswith("# at: ") else None


def authority_id() -> str:
    """The name of the library's schema for 3.1, which contains its date."""
    folder = Path(openapi_spec_validator.__file__).parent
    schema = json.loads((folder / "resources/schemas/v3.1/schema.json").read_text(encoding="utf-8"))
    return str(schema["$id"])


@pytest.mark.parametrize("path", ALL)
def test_document_gets_its_verdict(path: str) -> None:
    """A valid document that is refused costs an author a day. Each fault is reported once, at its place."""
    where = fault_in(path)
    assert ("invalid" in path) == (where is not None)
    assert ([] if where is None else [where]) == [each.where for each in faults(Document.load(FOLDER / path))]


@pytest.mark.parametrize("path", ALL)
def test_verdict_is_that_of_the_authority(path: str) -> None:
    """If the library and plugcli differ, one of them is wrong, and it is written down which."""
    data = Document.load(FOLDER / path).data
    is_refused = bool(list(authority(path[:3]).iter_errors(data))) if path[:3] != "3.0" else fault_in(path)
    try:
        library = bool(list(LIBRARY[path[:3]](data).iter_errors()))
    except KeyError:  # it goes on after a parameter without `in`, and then fails on it
        library = True
    assert bool(is_refused) == library
    if library != ("invalid" in path):
        assert path in NEWER
    elif path in NEWER:  # the exception ends once the library has a newer schema
        assert "2022-10-07" not in authority_id()


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every value inside `value`."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places(value[key], (*path, key))


@pytest.mark.parametrize("path", [each for each in ALL if each.startswith("3.1/valid") and each not in NEWER])
def test_newer_schema_differs_from_the_authority_only_where_we_say(path: str) -> None:
    """Every place gets every kind of wrong value. Any other change in the newer schema must be written down first."""
    data = copy.deepcopy(Document.load(FOLDER / path).data)
    ours, theirs = validator("3.1"), authority("3.1")
    different = set()
    for place in list(places(data)):
        around = data
        for part in place[:-1]:
            around = around[part]  # type: ignore[index]
        kept = around[place[-1]]  # type: ignore[index]
        for name, value in VALUES.items():
            around[place[-1]] = value  # type: ignore[index]
            if ours.is_valid(data) != theirs.is_valid(data):
                different.add(name)
        around[place[-1]] = kept  # type: ignore[index]
    assert different <= {"reference with more"}


@pytest.mark.parametrize("version", ["3.3.0", "4.0.0", "2.0", "3.10.0"])
def test_document_of_an_unknown_version_is_told_that_alone(version: str) -> None:
    """By the schema of another version, everything that is new would be a fault."""
    text = json.dumps({"openapi": version, "info": {"title": 5}, "paths": [], "webhooks": 1})
    plugin = Plugin("x", openapi=Document.parse(text, "x"), scope="openapi")
    for host_id, host in all_hosts().items():
        found = {each.rule for each in validate(plugin, {host_id: host}).findings}
        assert "openapi-dialect" in found, host_id
        assert not {"openapi-schema", "openapi-structure"} & found, host_id
        assert host.openapi_versions is None or found == {"openapi-dialect"}, host_id


def test_document_of_3_2_is_judged_by_its_own_schema_where_it_is_taken() -> None:
    """For a host that does not accept 3.2, the message says so, and not that OpenAPI 3.0 has no webhooks."""
    document = Document.load(FOLDER / "3.2/invalid/parameter-without-schema.yaml")
    plugin = Plugin("x", openapi=document, scope="openapi")
    for host_id, host in all_hosts().items():
        found = {each.rule for each in validate(plugin, {host_id: host}).findings}
        if host.openapi_versions is not None:
            assert {"openapi-dialect"} == found
        else:
            assert "openapi-dialect" not in found
            assert ("openapi-schema" in host.claims) == ("openapi-schema" in found)
