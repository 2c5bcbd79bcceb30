"""The file in the place of the OpenAPI document is something else, or of an unknown version.

Servers answer 200 with `{"message": "not found"}`, manifests get saved as openapi.json, and old APIs have Swagger 2.0. Which
versions are taken differs: ChatGPT took 3.0 and 3.1, GPT Actions takes 3.1 alone, Microsoft's tools 3.0 alone. Of a version that a host
does not take at all, such as 3.2, nothing else is said for it, and nothing of a version that the specification does not have.

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

_NO_VERSION = Claim("observed", "the specification has 3.0, 3.1 and 3.2; what another one says is not judged")


def check(plugin: Plugin, host: Host) -> Problems:
    document = plugin.openapi
    if document is None:
        return
    dialect = openapi_dialect(document.data)
    if dialect == "manifest":
        hint = "this is what belongs into ai-plugin.json"
        yield Problem(
            Place(document), "this is a manifest, not an OpenAPI document", "openapi-dialect/other", hint
        )
    elif dialect == "other":
        message = (
            f"this is not an OpenAPI document: it has neither openapi nor paths, but {_excerpt(document)}"
        )
        hint = "if it is a server's answer: look at what it answers at this address"
        yield Problem(Place(document), message, "openapi-dialect/other", hint)
    elif dialect == "swagger":
        message = f"this is Swagger {document.data['swagger']}, which is older than OpenAPI 3.0"
        yield Problem(
            Place(document, "/swagger"),
            message,
            "openapi-dialect/swagger",
            "convert it to OpenAPI 3: hosts take 3.0 and 3.1",
        )
    elif dialect == "version-missing":
        close = get_close_matches("openapi", list(document.data), n=1, cutoff=0.8)
        place = Place(document, f"/{close[0]}" if close else "/openapi", of_key=True)
        hint = f"did you mean openapi in place of {close[0]}?" if close else "for example openapi: 3.1.0"
        yield Problem(
            place, "the version is missing: there is no openapi", "openapi-dialect/version-missing", hint
        )
    else:
        yield from _version(document, host)


def _version(document: Document, host: Host) -> Problems:
    version = document.data["openapi"]
    shown = json.dumps(version, default=str)
    known = host.openapi_versions
    if known is None:
        if family(document) is None:
            message = f"openapi is {shown}, a version that the specification does not have"
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
    message = f"openapi is {shown}, a version that the host is not known to take"
    is_newer = isinstance(version, str) and version.startswith("3.1.")
    newer = host.claims.get("openapi-dialect/newer") if is_newer else None
    claim = newer or known.otherwise
    # Nothing else is said of it then, so nobody knows whether a host that does not refuse it would be content.
    claim = claim if is_version_judged(document, host) else replace(claim, leaves_open=True)
    yield Problem(Place(document, "/openapi"), message, claim, hint, {"version": version})


def _written(document: Document, version: str) -> str:
    is_json = document.is_json or document.slip is not None
    return f'write "openapi": "{version}"' if is_json else f"write openapi: {version}"


def _what_else(document: Document, version: str) -> str:
    """What has to change beside the number: what is no fault in the document's own version, and is one in `version`."""
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
    return f"; then change what {version} does not take: at line {line} {first.message}{instead}{more}"


def _excerpt(document: Document) -> str:
    text = json.dumps(document.data, default=str)
    return text if len(text) <= 60 else f"{text[:60]}..."


def asks(host: Host) -> Iterator[tuple[str, Claim]]:
    if host.openapi_versions is not None:
        yield f"not {host.openapi_versions.words}", host.openapi_versions.otherwise


RULE = Rule(plugin=check, asks=asks, is_of_any_version=True)
