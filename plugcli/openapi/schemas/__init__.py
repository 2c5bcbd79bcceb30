"""The JSON Schemas of OpenAPI, read from the libraries that keep them and made fit for documents nobody trusts.

openapi-spec-validator is the authority, with one exception: of OpenAPI 3.1 it has the schema of October 2022, and `3.1.json` here is that
of August 2026. The newer decides where the two differ: a link has `server`, not `body`; `example` and `examples` exclude each other; what
stands beside a `$ref` is ignored, as the specification says, and no fault. Tests hold that they differ there alone.

Two changes, neither of which changes a verdict (tests compare it with openapi-spec-validator's). `oneOf` a schema
or a reference becomes "if it has a $ref": each level of a nested schema would otherwise be judged twice, and a
document of 3 kB nested 90 deep would keep every processor busy until the end of days. And the schema of 3.0 is
written in draft 7, because draft 4 has no `if`.
"""

import json
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema_rs

_DRAFT_2020 = "https://json-schema.org/draft/2020-12"
_REFERENCE = {"$ref": "#/definitions/Reference"}
_ANY_SCHEMA = {"$dynamicRef": "#meta"}


# The dialect of Schema Objects in each version, and the vocabulary that it adds to JSON Schema's own: files of openapi-schema-validator.
_DIALECTS = {
    "3.1": ("schemas/oas3.1/metaschema.json", "schemas/oas3.1/vocabularies/base"),
    "3.2": (
        "schemas/oas3.2/dialect",
        "schemas/oas3.2/meta",
    ),  # in each folder a file that is named after its date
}


@cache
def validator(version: str) -> Any:
    """What judges documents of OpenAPI `3.0`, `3.1` or `3.2`; its `iter_errors` takes plain values. Fetches nothing."""
    if version == "3.0":
        draft_7 = {
            **_linear(_schema(version)),
            "$schema": "http://json-schema.org/draft-07/schema#",
        }
        return jsonschema_rs.validator_for(draft_7, offline=True)
    return _with_dialect(_schema(version), version)


@cache
def authority(version: str) -> Any:
    """What judges documents of OpenAPI `3.1` or `3.2` by the schema of openapi-spec-validator, also where a newer one decides."""
    return _with_dialect(_of_the_authority(version), version)


@cache
def known_members(version: str, path: tuple[str | int, ...]) -> frozenset[str]:
    """The members that the part of the schema at `path` has any word of, in whichever of its branches.

    None where the path is of another schema, that of the dialect.
    """
    part = whole = _schema(version)
    for each in path:
        try:
            part = part[each]
        except (LookupError, TypeError):
            return frozenset()
    return frozenset(_members(part, whole))


def _members(part: Any, whole: Any) -> Iterator[str]:
    if not isinstance(part, dict):
        return
    yield from part.get("properties", ())
    branches = [part.get(each) for each in ("if", "then", "else", "not")]
    branches += [each for word in ("allOf", "anyOf", "oneOf") for each in part.get(word, ())]
    branches += part.get("dependentSchemas", {}).values()
    for branch in branches:
        yield from _members(branch, whole)
    if str(part.get("$ref", "")).startswith("#/"):
        target = whole
        for each in part["$ref"][2:].split("/"):
            target = target[each]
        yield from _members(target, whole)


@cache
def _schema(version: str) -> Any:
    if version == "3.1":
        return json.loads(Path(__file__).with_name("3.1.json").read_text(encoding="utf-8"))
    return _of_the_authority(version)


def _of_the_authority(version: str) -> Any:
    return _read("openapi_spec_validator", f"resources/schemas/v{version}/schema.json")


def _with_dialect(schema: Any, version: str) -> Any:
    """What judges by `schema`, which leaves Schema Objects to whichever dialect takes the place of its anchor `meta`."""
    dialect_file, base_file = _DIALECTS[version]
    core = _read("jsonschema_specifications", "schemas/draft202012/metaschema.json")
    dialect = _read("openapi_schema_validator", dialect_file)
    base = _read("openapi_schema_validator", base_file)
    ours = {**_linear(core), "$id": "urn:plugcli:2020-12"}
    dialect["allOf"] = [{"$ref": ours["$id"]}, {"$ref": base["$id"]}]
    whole = {
        "$schema": f"{_DRAFT_2020}/schema",
        "$id": f"urn:plugcli:openapi-{version}",
        "$ref": schema["$id"],
        "$defs": {"schema": {"$dynamicAnchor": "meta", "$ref": dialect["$id"]}},
    }
    registry = jsonschema_rs.Registry([(each["$id"], each) for each in (schema, dialect, base, ours)])
    return jsonschema_rs.validator_for(whole, registry=registry, offline=True)


def _read(package: str, path: str) -> Any:
    # Importing the package takes up to 200 ms and is not needed: these are files beside it.
    found = find_spec(package)
    locations = (found.submodule_search_locations if found else None) or []
    file = Path(locations[0]) / path
    if file.is_dir():
        file = max(file.glob("*.json"))
    return json.loads(file.read_text(encoding="utf-8"))


def _linear(schema: Any) -> Any:
    """`schema` without branches that hold schemas."""
    if isinstance(schema, list):
        return [_linear(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {key: _linear(value) for key, value in schema.items()}
    if isinstance(one_of := changed.get("oneOf"), list) and _REFERENCE in one_of:
        del changed["oneOf"]
        changed |= _if_reference([each for each in one_of if each != _REFERENCE])
    if isinstance(any_of := changed.get("anyOf"), list) and _ANY_SCHEMA in any_of:
        del changed["anyOf"]
        names = next(each for each in any_of if each != _ANY_SCHEMA)
        changed |= {"if": {"type": "array"}, "then": names, "else": _ANY_SCHEMA}
    if changed.get("exclusiveMinimum") is True:
        changed["exclusiveMinimum"] = changed.pop("minimum")
    if str(changed.get("$ref", "")).startswith("meta/"):
        changed["$ref"] = f"{_DRAFT_2020}/{changed['$ref']}"
    if str(changed.get("id", "")).startswith("https:"):
        changed["$id"] = changed.pop("id")
    return changed


def _if_reference(others: list[dict[str, Any]]) -> dict[str, Any]:
    may_be_boolean = {"type": "boolean"} in others
    (meant,) = [each for each in others if each != {"type": "boolean"}]
    either = {"if": {"type": "object", "required": ["$ref"]}, "then": _REFERENCE, "else": meant}
    return {"if": {"type": "boolean"}, "then": True, "else": either} if may_be_boolean else either
