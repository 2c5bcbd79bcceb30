"""The faults that the OpenAPI specification's own JSON Schemas find in a document, as places and plain sentences.

The schemas are openapi-spec-validator's, apart from a newer one for 3.1 (`schemas`). That library is the authority, and tests compare
our verdict with its verdict. The schemas run on jsonschema-rs, which takes milliseconds where the Python library takes seconds, and which
keeps the branches of a failed `oneOf` apart, so that the fault itself can be named. References in the document are not followed here.

Some hosts have a parser that accepts another set of documents. For those, a JSON Schema lies beside the host's file, and faults are
reported by that schema in the same way.
"""

import re
from pathlib import Path

from jsonschema_rs import ValidationError, ValidationErrorKind

from plugcli.document import Document, remembered
from plugcli.json_schema import Fault, errors_of, explain, validator_in
from plugcli.openapi import mistakes
from plugcli.openapi.schemas import known_members, validator

# What follows the first two numbers does not change the schema.
_FAMILY = re.compile(r"(3\.[012])(?![0-9])")
_ANOTHER_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)+")


def family(document: Document) -> str | None:
    """`3.0`, `3.1` or `3.2`; None for any other version, which cannot be judged. A document without a version is 3.0."""
    version = str(document.data.get("openapi", "")).strip(" \"'")
    if known := _FAMILY.match(version):
        return known[1]
    return None if _ANOTHER_VERSION.match(version) else "3.0"


def faults(document: Document, version: str | None = None) -> tuple[Fault, ...]:
    """The faults of the document, in no order, one for each place; with `version`, as if the document had that version.

    There are none if the version is unknown.
    """
    version = version or family(document)
    return () if version is None else _faults(document, version)


@remembered  # every host asks
def _faults(document: Document, version: str) -> tuple[Fault, ...]:
    # The version has a rule of its own, and an unknown one must not hide the other faults.
    data = {**document.data, "openapi": f"{version}.0"}
    errors = errors_of(validator(version), data)
    errors = errors if version == "3.0" else _without_echoes(errors, version)
    return tuple(explain(errors, data, f"OpenAPI {version}", mistakes.WORDS))


@remembered
def faults_for_parser(document: Document, schema: Path) -> tuple[Fault, ...]:
    """The faults of the document by the JSON Schema in the file `schema`, which describes what a host's own parser accepts."""
    errors = errors_of(validator_in(schema), document.data)
    return tuple(explain(errors, document.data, f"OpenAPI {family(document)}", mistakes.WORDS))


def _without_echoes(errors: list[ValidationError], version: str) -> list[ValidationError]:
    """`errors` of OpenAPI 3.1 or 3.2, without those that follow from a plainer error at the same place or inside it."""
    ranks = [_rank(each, version) for each in errors]
    plainest: dict[tuple[str | int, ...], int] = {}
    for error, rank in zip(errors, ranks, strict=True):
        path = tuple(error.instance_path)
        while rank < plainest.get(path, 3):
            plainest[path] = rank
            path = path[:-1]
    return [
        error
        for error, rank in zip(errors, ranks, strict=True)
        if rank == plainest[tuple(error.instance_path)]
    ]


def _rank(error: ValidationError, version: str) -> int:
    """How likely it is that this error only follows from another one.

    A member that a condition requires may be missing because the condition itself is broken. If a branch fails, the members that it knows
    count as unevaluated. Responses without any status lack `default`, which says less than what is really wrong with them.
    """
    match error.kind:
        case ValidationErrorKind.UnevaluatedProperties(unexpected=names):
            return 2 if known_members(version, tuple(error.schema_path[:-1])).issuperset(names) else 0
        case ValidationErrorKind.Required(property="default"):
            return 2
        case ValidationErrorKind.Required():
            return 1 if "then" in error.schema_path else 0
    return 0
