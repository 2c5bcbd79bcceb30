"""A `format` does not belong to its `type`, or is one that a host does not know.

`format` says of what kind a text or a number is. Where the two do not fit, or a reader does not know the format, it is ignored: the model
may then write what the API refuses. Kiota, with which Microsoft's tools make a plugin, names both (microsoft/kiota,
InconsistentTypeFormatPair and KnownAndNotSupportedFormats). One finding a format, at its first place.

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
            hint = "say in the description what the text has to look like"
        else:
            message = f"the format {form} is none of the type {kind}{more}"
            fitting = next((each for each, forms in _FITTING.items() if form.lower() in forms), kind)
            hint = f"write type: {fitting}, or leave format out" if fitting != kind else "leave format out"
        yield Problem(where, message, claim, hint, {"format": form, "type": kind.capitalize()})


def _is_strange(schema: dict[str, Any]) -> bool:
    kind, form = schema.get("type"), schema.get("format")
    if not isinstance(kind, str) or not isinstance(form, str) or not form or kind not in _FITTING:
        return False
    return form.lower() not in _FITTING[kind]


RULE = Rule(openapi=check)
