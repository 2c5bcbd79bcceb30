"""The model is not shown the type of an argument.

Some hosts follow a reference to a body, but not the references of its properties, or not those of parameters. Dify knows strings,
numbers, booleans and arrays, and turns an object into a string. The model then writes a string where another type is needed, or sees
a reference that leads nowhere.

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
            # If the whole body is one argument, its reference has been followed already.
            if argument is not tool.signature.whole_body and argument.schema_where not in seen:
                seen.add(argument.schema_where)
                yield from _of(openapi, tool.operation.title, argument)


def _of(openapi: Document, title: str, argument: Argument) -> Problems:
    kind = "property" if argument.location == "body" else "parameter"
    where = Place(openapi, argument.schema_where)
    if "$ref" in argument.schema:
        message = f"the schema of the {kind} {argument.name} is a $ref"
        yield Problem(where, message, _REFERENCES[kind], f"write the schema itself in the {kind}")
    elif argument.schema.get("type") == "object":
        message = f"the parameter {argument.name} of {title} is an object"
        if kind == "property":
            message = f"the property {argument.name} in the body of {title} is an object"
        hint = (
            "make each of its members an argument, or explain in the description how to write it as a string"
        )
        yield Problem(where, message, "argument-type/object", hint)


RULE = Rule(openapi=check)
