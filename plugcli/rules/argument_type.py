"""The model is not shown the type of an argument.

Some hosts follow only the references that they come across first: to a body, not to the types of its properties, or not to those of
parameters. Dify knows text, numbers, truth and lists, and makes text of an object. The model then writes text where something else
belongs, or sees a reference that leads nowhere.

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
from plugcli.openapi.signature import Argument
from plugcli.openapi.tool import tools
from plugcli.rules import Place, Problem, Problems, Rule

_REFERENCES = {
    "parameter": "argument-type/parameter-reference",
    "property": "argument-type/property-reference",
}


def check(openapi: Document, host: Host) -> Problems:
    if host.tools is None or not any(claim.startswith("argument-type/") for claim in host.claims):
        return
    seen = set()
    for tool in tools(openapi, host.tools):
        for argument in tool.arguments:
            # A body that is one argument has been followed.
            if argument is not tool.signature.whole_body and argument.schema_where not in seen:
                seen.add(argument.schema_where)
                yield from _of(openapi, tool.operation.title, argument)


def _of(openapi: Document, title: str, argument: Argument) -> Problems:
    kind = "property" if argument.location == "body" else "parameter"
    where = Place(openapi, argument.schema_where)
    if "$ref" in argument.schema:
        message = f"the type of the {kind} {argument.name} is a $ref"
        yield Problem(where, message, _REFERENCES[kind], f"write the schema out in the {kind}")
    elif argument.schema.get("type") == "object":
        message = f"the parameter {argument.name} of {title} is an object"
        if kind == "property":
            message = f"{argument.name} is an object inside the body of {title}"
        hint = "make its members arguments of their own, or say in the description how to write it as text"
        yield Problem(where, message, "argument-type/object", hint)


RULE = Rule(openapi=check)
