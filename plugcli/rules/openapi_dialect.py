"""The file in the place of the OpenAPI document is something else, or of an unknown version.

Servers answer 200 with `{"message": "not found"}`, manifests get saved as openapi.json, and old APIs
have Swagger 2.0. Hosts take 3.0 and 3.1.
"""

import json
from difflib import get_close_matches

from plugcli.dialect import openapi_dialect
from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule


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
        hint = "look at what the server answers at this address"
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
    known = host.openapi_versions
    if known is None or version in known.values:
        return
    usual = [each for each in known.values if each in ("3.1.0", "3.0.3")][::-1] or [known.values[0]]
    hint = f"write openapi: {' or '.join(usual)}, in quotes where it is JSON"
    if usual == ["3.1.0"] and "nullable" in document.text:
        hint += """; and type: [string, "null"] in place of nullable: true"""
    shown = json.dumps(version, default=str)
    message = f"openapi is {shown}, which is not a version that the host takes"
    yield Problem(Place(document, "/openapi"), message, known.otherwise, hint)


def _excerpt(document: Document) -> str:
    text = json.dumps(document.data, default=str)
    return text if len(text) <= 60 else f"{text[:60]}..."


RULE = Rule(plugin=check)
