"""The type of an argument stands behind a `$ref` that the host does not follow.

Some hosts follow only the references that they come across first: to a body, not to the types of its properties, or not to those of
parameters. The model then sees text where a number or a list belongs, or a reference that leads nowhere.

Bad:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries
          parameters: [{name: order, in: query, schema: {$ref: "#/components/schemas/Order"}}]
          responses: {"200": {description: The list}}
    components: {schemas: {Order: {type: string, enum: [newest, oldest]}}}

Good:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries
          parameters: [{name: order, in: query, schema: {type: string, enum: [newest, oldest]}}]
          responses: {"200": {description: The list}}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule
from plugcli.tool import tools

_CLAIMS = ("argument-reference/parameter", "argument-reference/property")


def check(openapi: Document, host: Host) -> Problems:
    if host.tools is None or not any(claim in host.claims for claim in _CLAIMS):
        return
    seen = set()
    for tool in tools(openapi, host.tools):
        for argument in tool.arguments:
            is_whole_body = argument.place == "body" and argument.schema is tool.call.body
            if "$ref" not in argument.schema or is_whole_body or argument.schema_where in seen:
                continue
            seen.add(argument.schema_where)
            kind = "property" if argument.place == "body" else "parameter"
            claim = "argument-reference/property" if kind == "property" else "argument-reference/parameter"
            message = f"the type of the {kind} {argument.name} is a $ref"
            hint = f"write the schema out in the {kind}"
            yield Problem(Place(openapi, argument.schema_where), message, claim, hint)


RULE = Rule(openapi=check)
