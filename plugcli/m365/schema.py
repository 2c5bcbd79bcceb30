"""The faults of a Microsoft 365 Copilot manifest by Microsoft's JSON Schemas, as places and plain sentences.

`schemas/` holds those of microsoft/json-schemas, copilot/plugin (MIT, the licence is beside them), as the npm package
@microsoft/app-manifest 1.1.2 carries them, without their prose. `propertyNames` with a list is written as
`additionalProperties: false` there, and a `oneOf` by the member that tells its branches apart. That changes three verdicts:
as published, v2.4 refuses a runtime whose `spec` has an absolute `url` and nothing else, and an `mcp_tool_description`
with a `file`, because two branches take them, and since v2.2 a runtime may have the `spec` of another type. The
documentation asks for the first two and has no place for the third.
"""

import json
import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from plugcli import json_schema
from plugcli.document import Document, pointer
from plugcli.json_schema import Fault

VERSIONS = ("v2.1", "v2.2", "v2.3", "v2.4")
# Placeholders that are filled in later: variables by Microsoft's tools, language keys by the host.
_LATER = re.compile(r"\$\{\{|^\[\[[^\]]*\]\]$")
_HINTS_FOR_UNKNOWN = {
    "localization": "only v2.1 has it: since v2.2 the languages are files of the app's package",
    "api": "that is a member of ChatGPT's manifest: here a runtime's spec.url names the OpenAPI document",
    "auth": "that is a member of ChatGPT's manifest: here each runtime has an auth",
    "name_for_model": "that is a member of ChatGPT's manifest: here it is namespace",
    "disengaging": "the documentation names this state, and the schema does not have it",
}
_HINTS_FOR_VALUES = {
    "DataExport": "the documentation names it, and the schema does not have it",
    "RemoteMCPServer": "v2.4 has it",
    "Bearer": "ApiKeyPluginVault is for bearer tokens too",
}
_HINTS = {
    "name_for_human": "the name that users see, in at most 20 characters",
    "description_for_human": "what users get, in at most 100 characters",
    "auth": 'a runtime without authentication says "auth": {"type": "None"}',
    "spec": 'for example "spec": {"url": "openapi.yaml"}',
    "reference_id": "the Teams developer portal gives it when the key or the OAuth client is registered there",
    "namespace": "for example the name in letters and digits",
    "data_path": 'a JSONPath to what is shown: "$" for the whole answer',
}


def version(manifest: Document) -> str:
    """The version to judge by: what the manifest says, else what its `$schema` names, else the newest."""
    said = manifest.data.get("schema_version")
    return said if said in VERSIONS else named_version(manifest) or VERSIONS[-1]


def named_version(manifest: Document) -> str:
    """The version that `$schema` names; empty if it names none of VERSIONS."""
    found = re.search(r"/plugin/(v[\d.]+)/", str(manifest.data.get("$schema", "")))
    return found[1] if found and found[1] in VERSIONS else ""


def faults(manifest: Document) -> Iterator[Fault]:
    """Where the manifest breaks the schema of its version, in no order, one fault a place, without the formats of texts."""
    yield from _faults(manifest, with_formats=False)


def strange_addresses(manifest: Document) -> Iterator[Fault]:
    """Texts that are not a valid URL or e-mail address, where the schema requires one."""
    known = {fault.where for fault in _faults(manifest, with_formats=False)}
    yield from (fault for fault in _faults(manifest, with_formats=True) if fault.where not in known)


def _faults(manifest: Document, *, with_formats: bool) -> Iterator[Fault]:
    judged_by = version(manifest)
    data = dict(manifest.data)
    if isinstance(data.get("schema_version"), str):  # a strange one has a rule of its own
        data["schema_version"] = judged_by
    for fault in json_schema.faults(_validator(judged_by, with_formats), data, f"a manifest {judged_by}"):
        value = manifest.get(*pointer.split(fault.where))
        if not (isinstance(value, str) and _LATER.search(value)):
            yield Fault(fault.where, fault.message, _hint(fault, manifest, judged_by), fault.of_key)


@cache
def _validator(version: str, with_formats: bool) -> Any:
    return jsonschema_rs.validator_for(_schema(version), validate_formats=with_formats, offline=True)


def _schema(version: str) -> Any:
    path = Path(__file__).parent / "schemas" / f"{version}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def _hint(fault: Fault, manifest: Document, version: str) -> str:
    *parents, name = pointer.split(fault.where) or [""]
    if name == "schema_version":
        return f'for example "schema_version": "{version}"'
    if not fault.of_key:
        value = str(manifest.get(*parents, name))
        if name == "name" and (safe := re.sub(r"[^A-Za-z0-9_-]+", "_", value).strip("_")) != value:
            return f"for example {safe}" if safe else ""
        return _HINTS.get(name, "") or _HINTS_FOR_VALUES.get(value, "") or fault.hint
    around = manifest.get(*parents)
    known = _members(version) - set(around if isinstance(around, dict) else ())
    close = get_close_matches(name, known, n=1, cutoff=0.8)
    if close:
        return f"did you mean {close[0]}?"
    return _HINTS_FOR_UNKNOWN.get(name, "remove it: the format is closed")


@cache
def _members(version: str) -> frozenset[str]:
    """The names of all members that a manifest of this version can have somewhere."""
    waiting, names = [_schema(version)], set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            names |= value.get("properties", {}).keys()
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return frozenset(names)
