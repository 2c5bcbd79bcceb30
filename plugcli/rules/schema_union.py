"""A schema of a request or an answer uses `oneOf`, `anyOf` or `allOf`.

Models fill in a flat list of parameters best, and some hosts support nothing else: they refuse such a schema, keep the first branch, or
show no card of the answer (MicrosoftDocs/m365copilot-docs, known issues; microsoft/kiota; @microsoft/m365-spec-parser 0.3.2).

Bad:

    paths:
      /todos:
        get:
          operationId: listTodos
          description: List all todos.
          parameters:
            - {name: day, in: query, schema: {oneOf: [{type: string}, {type: integer}]}}
          responses: {"200": {description: All todos.}}

Good:

    paths:
      /todos:
        get:
          operationId: listTodos
          description: List all todos.
          parameters:
            - {name: day, in: query, schema: {type: string}}
          responses: {"200": {description: All todos.}}
"""

import json
from itertools import islice
from typing import Any

from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.openapi.payload import UNIONS, parts, payloads
from plugcli.rules import Place, Problem, Problems, Rule

_HINT = "write one flat schema; make the properties that only some of the schemas have optional"
_SHOWN = 60


def check(openapi: Document, host: Host) -> Problems:
    if not {"schema-union/request", "schema-union/response"} & host.claims.keys():
        return
    seen: set[int] = set()
    # Requests matter more: a schema in both a request and an answer is reported for the request.
    for payload in sorted(payloads(openapi), key=lambda each: each.kind == "response"):
        side = "response" if payload.kind == "response" else "request"
        for path, schema in parts(openapi, payload, seen):
            for name in UNIONS:
                if isinstance(schema.get(name), list):
                    what = "answer" if side == "response" else "request"
                    message = f"a schema in the {what} of {payload.operation.title} uses {name}"
                    place = Place(openapi, pointer.join(*path, name))
                    words = {"schema": _shown(schema)}
                    yield Problem(place, message, f"schema-union/{side}", _HINT, words)
                    break


def _shown(schema: dict[str, Any]) -> str:
    """The start of it as JSON, piece by piece, so that nested schemas are not written out again and again."""
    written = json.JSONEncoder(separators=(",", ":"), default=str).iterencode(schema)
    return "".join(islice(written, _SHOWN))


RULE = Rule(openapi=check)
