"""Manifests of Microsoft 365 Copilot: whatever stands in one is judged, never a crash, and each finding has its place."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugcli.document import Document, pointer
from plugcli.hosts import named_hosts
from plugcli.m365 import Function, functions, runtimes
from plugcli.m365.schema import VERSIONS, faults, version
from plugcli.plugin import plugin_from_files
from plugcli.validate import validate

CASES = Path(__file__).parents[1] / "contract" / "rules"
SOUND: dict[str, Any] = json.loads((CASES / "copilot-schema/good-card/appPackage/ai-plugin.json").read_text())
OPENAPI = (CASES / "copilot-schema/good-card/appPackage/openapi.yaml").read_bytes()
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("[["),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


def document(**changes: object) -> Document:
    return Document.parse(json.dumps({**SOUND, **changes}), "ai-plugin.json", is_json=True)


def places(value: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """Where something stands in `value`, and where something could be added."""
    if isinstance(value, dict):
        yield (*path, "x")
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*path, key)
        yield from places(each, *path, key)


@pytest.mark.slow
@given(st.sampled_from(sorted(places(SOUND), key=str)), ANYTHING)
def test_anything_in_any_place_is_judged(path: tuple[str | int, ...], value: object) -> None:
    """An author's half-written manifest must never end in a traceback."""
    manifest = copy.deepcopy(SOUND)
    around: Any = manifest
    for part in path[:-1]:
        around = around[part]
    around[path[-1]] = value
    files = {"appPackage/ai-plugin.json": json.dumps(manifest).encode(), "appPackage/openapi.yaml": OPENAPI}
    report = validate(plugin_from_files(files, "mine"), named_hosts(["m365-copilot"]))
    assert all(each.line >= 1 and each.column >= 1 for each in report.findings)


@pytest.mark.parametrize("path", sorted(places(SOUND), key=str))
def test_fault_stands_where_it_was_made(path: tuple[str | int, ...]) -> None:
    """The line and the caret are what an author looks at first."""
    manifest = copy.deepcopy(SOUND)
    around: Any = manifest
    for part in path[:-1]:
        around = around[part]
    around[path[-1]] = {"strange": {}}
    where = pointer.join(*path)
    found = [each.where for each in faults(Document.parse(json.dumps(manifest), "x", is_json=True))]
    assert all(each.startswith(where) for each in found), found
    # A card has a schema of its own, and so has what `$schema` names.
    assert found or path[0] == "$schema" or "static_template" in path


@pytest.mark.parametrize("name", VERSIONS)
def test_version_has_a_schema_of_its_own(name: str) -> None:
    """What one version allows, such as MCP servers, makes a manifest of another invalid."""
    runtime = {
        "type": "RemoteMCPServer",
        "auth": {"type": "None"},
        "spec": {"url": "https://todo.plugcli.dev/mcp"},
    }
    found = faults(document(schema_version=name, functions=[], runtimes=[runtime]))
    assert (name == "v2.4") == ("/runtimes/0/type" not in {each.where for each in found})


def test_version_is_what_the_manifest_says_before_what_its_schema_names() -> None:
    """Hosts read schema_version; $schema is for editors, and all there is where the other is missing or strange."""
    named = "https://developer.microsoft.com/json-schemas/copilot/plugin/v2.3/schema.json"
    assert "v2.2" == version(document(**{"$schema": named, "schema_version": "v2.2"}))
    assert "v2.3" == version(document(**{"$schema": named, "schema_version": "v9"}))
    assert "v2.4" == version(document(**{"$schema": 7, "schema_version": None}))


def test_functions_and_runtimes_without_form_are_left_out() -> None:
    """Rules about them need not look at what the schema reports already."""
    manifest = document(
        functions=[None, {"name": 7}, {"name": "list"}],
        runtimes=[[], {}, {"type": "OpenApi", "spec": {"url": "x.yaml"}, "run_for_functions": ["*"]}],
    )
    assert [Function("list", "/functions/2")] == list(functions(manifest))
    assert [("", None), ("x.yaml", None)] == [(each.openapi_url, each.runs) for each in runtimes(manifest)]
    assert [] == list(functions(document(functions={"name": "list"})))
