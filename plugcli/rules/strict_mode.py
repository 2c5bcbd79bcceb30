"""A tool cannot be used in OpenAI's strict mode.

Strict mode makes the model keep to the schema exactly. It is optional, and takes only a part of JSON Schema: no `allOf`, no `not`, no
conditions, ten levels, a thousand values of an `enum` (the structured outputs guide). A note, for those who want it.

Bad:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries
          parameters: [{name: done, in: query, schema: {allOf: [{type: boolean}]}}]
          responses: {"200": {description: The list}}

Good:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries
          parameters: [{name: done, in: query, schema: {type: boolean}}]
          responses: {"200": {description: The list}}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.tool_schema import parts
from plugcli.rules import Place, Problem, Problems, Rule, measured

_UNKNOWN = ("allOf", "not", "dependentRequired", "dependentSchemas", "if", "then", "else")
_PLAIN = "write the schema out without it, or leave strict mode off"


def check(openapi: Document, host: Host) -> Problems:
    most_levels = host.limits.get("strict.depth", ())
    most_values = host.limits.get("strict.enum", ())
    if host.tools is None or "strict-mode" not in host.claims:
        return
    for part in parts(openapi, host.tools):
        title = part.tool.operation.title
        for key in _UNKNOWN:
            if key in part.schema:
                message = f"strict mode does not know {key}: {title} cannot be strict"
                yield Problem(
                    Place(openapi, f"{part.where}/{key}", of_key=True), message, "strict-mode", _PLAIN
                )
        for limit in most_levels:
            if part.depth == limit.most + 1:
                message = (
                    f"the arguments of {title} are more than {limit.most} levels deep: it cannot be strict"
                )
                yield Problem(
                    Place(openapi, part.where), message, limit.claim, "ask for less at once, or flatter"
                )
        values = part.schema.get("enum")
        for limit in most_values:
            if isinstance(values, list) and len(values) > limit.most:
                message = (
                    f"the enum has {len(values):,} values, more than {limit.most:,}: {title} cannot be strict"
                )
                hint = "take a text, and say in the description what it may be"
                yield Problem(Place(openapi, f"{part.where}/enum"), message, limit.claim, hint)


RULE = Rule(openapi=check, asks=measured("strict.depth", "strict.enum"))
