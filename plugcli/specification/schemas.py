"""The JSON Schemas of OpenAPI, read from the libraries that keep them and made fit for documents nobody trusts.

Two changes, neither of which changes a verdict (tests compare it with openapi-spec-validator's). `oneOf` a schema
or a reference becomes "if it has a $ref": each level of a nested schema would otherwise be judged twice, and a
document of 3 kB nested 90 deep would keep every processor busy until the end of days. And the schema of 3.0 is
written in draft 7, because draft 4 has no `if`.
"""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema_rs

_DRAFT_2020 = "https://json-schema.org/draft/2020-12"
_REFERENCE = {"$ref": "#/definitions/Reference"}
_ANY_SCHEMA = {"$dynamicRef": "#meta"}


@cache
def validator(version: str) -> Any:
    """What judges documents of OpenAPI `3.0` or `3.1`; its `iter_errors` takes plain values. Fetches nothing."""
    schema = _read("openapi_spec_validator", f"resources/schemas/v{version}/schema.json")
    if version == "3.0":
        draft_7 = {**_linear(schema), "$schema": "http://json-schema.org/draft-07/schema#"}
        return jsonschema_rs.validator_for(draft_7, offline=True)
    # The schema of 3.1 leaves Schema Objects to whichever dialect takes the place of its anchor `meta`.
    core = _read("jsonschema_specifications", "schemas/draft202012/metaschema.json")
    dialect = _read("openapi_schema_validator", "schemas/oas3.1/metaschema.json")
    base = _read("openapi_schema_validator", "schemas/oas3.1/vocabularies/base")
    ours = {**_linear(core), "$id": "urn:plugcli:2020-12"}
    dialect["allOf"] = [{"$ref": ours["$id"]}, {"$ref": base["$id"]}]
    whole = {
        "$schema": f"{_DRAFT_2020}/schema",
        "$id": "urn:plugcli:openapi-3.1",
        "$ref": schema["$id"],
        "$defs": {"schema": {"$dynamicAnchor": "meta", "$ref": dialect["$id"]}},
    }
    registry = jsonschema_rs.Registry([(each["$id"], each) for each in (schema, dialect, base, ours)])
    return jsonschema_rs.validator_for(whole, registry=registry, offline=True)


@cache
def validator_in(path: Path) -> Any:
    """What judges documents by the JSON Schema in the file `path`. Fetches nothing."""
    return jsonschema_rs.validator_for(json.loads(path.read_text(encoding="utf-8")), offline=True)


def _read(package: str, path: str) -> Any:
    # Importing the package takes up to 200 ms and is not needed: these are files beside it.
    found = find_spec(package)
    locations = (found.submodule_search_locations if found else None) or []
    return json.loads((Path(locations[0]) / path).read_text(encoding="utf-8"))


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
