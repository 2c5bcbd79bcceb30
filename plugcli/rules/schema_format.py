"""A `format` does not fit its `type`, or the host does not know it.

`format` says what kind of string or number a value is. If it does not fit the type, or a host does not know it, it is ignored, and the
model may then write what the API refuses. Kiota, which Microsoft's tools use to make a plugin, reports both (microsoft/kiota,
InconsistentTypeFormatPair and KnownAndNotSupportedFormats). Each format is reported once, at its first place.

Bad:

    components: {schemas: {Todo: {type: object, properties: {number: {type: string, format: int32}}}}}

Good:

    components: {schemas: {Todo: {type: object, properties: {number: {type: integer, format: int32}}}}}
"""

from typing import Any

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.survey import find
from plugcli.rules import Place, Problem, Problems, Rule

_CLAIMS = ("schema-format/pair", "schema-format/unknown")
_NUMBERS = frozenset(("int32", "int64", "int8", "uint8", "int16", "uint16"))
_FITTING = {
    "string": frozenset(
        ("commonmark", "html", "date", "date-time", "duration", "time", "base64url", "uuid", "binary", "byte")
    ),
    "integer": _NUMBERS,
    "number": _NUMBERS | {"float", "double", "decimal"},
}
_KNOWN = frozenset(
    (
        "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri", "uri-reference", "iri",
        "iri-reference", "uri-template", "json-pointer", "relative-json-pointer", "regex",
    )
)  # fmt: skip


def check(openapi: Document, host: Host) -> Problems:
    if host.claims.keys().isdisjoint(_CLAIMS):
        return
    first: dict[tuple[str, str, str], list[str]] = {}
    for found in find(openapi, ("format",), _is_strange):
        if not found.has_names:
            kind, form = found.value["type"], found.value["format"]
            claim = "schema-format/unknown" if form.lower() in _KNOWN else "schema-format/pair"
            first.setdefault((claim, kind, form), []).append(found.pointer("format"))
    for (claim, kind, form), places in first.items():
        # The survey has no order.
        where = min((Place(openapi, each) for each in places), key=lambda each: each.order)
        more = f" ({len(places)} schemas have it)" if len(places) > 1 else ""
        if claim == "schema-format/unknown":
            message = f"the format {form} is not known everywhere{more}"
            hint = "say in the description what the string must look like"
        else:
            message = f"the format {form} does not fit the type {kind}{more}"
            fitting = next((each for each, forms in _FITTING.items() if form.lower() in forms), kind)
            hint = f"write type: {fitting}, or remove format" if fitting != kind else "remove format"
        yield Problem(where, message, claim, hint, {"format": form, "type": kind.capitalize()})


def _is_strange(schema: dict[str, Any]) -> bool:
    kind, form = schema.get("type"), schema.get("format")
    if not isinstance(kind, str) or not isinstance(form, str) or not form or kind not in _FITTING:
        return False
    return form.lower() not in _FITTING[kind]


RULE = Rule(openapi=check)
