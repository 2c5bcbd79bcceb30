"""The file is not an OpenAPI document, or has a version of OpenAPI that the host does not accept.

Servers answer 200 with `{"message": "not found"}`, manifests get saved as openapi.json, and old APIs have Swagger 2.0. Hosts accept
different versions: ChatGPT accepted 3.0 and 3.1, GPT Actions accepts only 3.1, Microsoft's tools only 3.0. If a host does not accept the
version at all, as with 3.2, or if the specification has no such version, nothing else is reported.

Bad:

    openapi: 3.1.3

Good:

    openapi: 3.1.0
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches

from plugcli.dialect import openapi_dialect
from plugcli.document import Document
from plugcli.hosts import Claim, Host
from plugcli.openapi.specification import family, faults
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule, is_version_judged

_NO_VERSION = Claim("observed", "the specification has 3.0, 3.1 and 3.2; no other version is judged")


def check(plugin: Plugin, host: Host) -> Problems:
    document = plugin.openapi
    if document is None:
        return
    dialect = openapi_dialect(document.data)
    if dialect == "manifest":
        hint = "save the manifest as ai-plugin.json, and the OpenAPI document here"
        yield Problem(
            Place(document), "this is a manifest, not an OpenAPI document", "openapi-dialect/other", hint
        )
    elif dialect == "other":
        message = (
            f"this is not an OpenAPI document: it has neither openapi nor paths, only {_excerpt(document)}"
        )
        hint = "if a server sent this, check what it answers at this URL"
        yield Problem(Place(document), message, "openapi-dialect/other", hint)
    elif dialect == "swagger":
        message = f"this is Swagger {document.data['swagger']}, which is older than OpenAPI 3.0"
        yield Problem(
            Place(document, "/swagger"),
            message,
            "openapi-dialect/swagger",
            "convert it to OpenAPI 3: hosts accept 3.0 and 3.1",
        )
    elif dialect == "version-missing":
        close = get_close_matches("openapi", list(document.data), n=1, cutoff=0.8)
        place = Place(document, f"/{close[0]}" if close else "/openapi", of_key=True)
        hint = f"did you mean openapi instead of {close[0]}?" if close else "for example openapi: 3.1.0"
        yield Problem(
            place,
            "the version is missing: there is no member openapi",
            "openapi-dialect/version-missing",
            hint,
        )
    else:
        yield from _version(document, host)


def _version(document: Document, host: Host) -> Problems:
    version = document.data["openapi"]
    shown = json.dumps(version, default=str)
    known = host.openapi_versions
    if known is None:
        if family(document) is None:
            message = f"openapi is {shown}, which is not a version of the specification"
            hint = _written(document, "3.1.0") + ", if that is what the document is"
            yield Problem(Place(document, "/openapi"), message, _NO_VERSION, hint)
        return
    if version in known.values:
        return
    start = str(version).strip("\"' ")[:3]
    nearest = next((each for each in known.values if each.startswith(start)), known.values[-1])
    hint = _written(document, nearest)
    if nearest.startswith("3.1") and "nullable" in document.text:
        hint += """; and type: [string, "null"] in place of nullable: true"""
    hint += _what_else(document, nearest[:3])
    message = f"openapi is {shown}, a version that the host is not known to accept"
    is_newer = isinstance(version, str) and version.startswith("3.1.")
    newer = host.claims.get("openapi-dialect/newer") if is_newer else None
    claim = newer or known.otherwise
    # Nothing else is reported then, so it is unknown whether a host that does not refuse the version would accept the document.
    claim = claim if is_version_judged(document, host) else replace(claim, leaves_open=True)
    yield Problem(Place(document, "/openapi"), message, claim, hint, {"version": version})


def _written(document: Document, version: str) -> str:
    is_json = document.is_json or document.slip is not None
    return f'write "openapi": "{version}"' if is_json else f"write openapi: {version}"


def _what_else(document: Document, version: str) -> str:
    """What has to change besides the number: what is valid in the document's own version but not in `version`."""
    own = family(document)
    if own is None or own == version:
        return ""
    before = {each.where for each in faults(document)}
    new = [each for each in faults(document, version) if each.where not in before]
    if not new:
        return ""
    first = min(new, key=lambda each: Place(document, each.where).order)
    line = Place(document, first.where, of_key=first.of_key).shown.line
    more = (
        f", and {len(new) - 1} more places" if len(new) > 2 else ", and 1 more place" if len(new) == 2 else ""
    )
    instead = f" ({first.hint})" if first.hint else ""
    return f"; then change what {version} does not allow: at line {line} {first.message}{instead}{more}"


def _excerpt(document: Document) -> str:
    text = json.dumps(document.data, default=str)
    return text if len(text) <= 60 else f"{text[:60]}..."


def asks(host: Host) -> Iterator[tuple[str, Claim]]:
    if host.openapi_versions is not None:
        yield f"not {host.openapi_versions.words}", host.openapi_versions.otherwise


RULE = Rule(plugin=check, asks=asks, is_of_any_version=True)
