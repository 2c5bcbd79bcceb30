"""Two arguments of a tool have the same name.

The parameters and the properties of the body become the members of one object of arguments. If both the path and the body have an `id`, one
of the two cannot be sent, or it is sent to the wrong place (tadata-org/fastapi_mcp#319, PrefectHQ/fastmcp#1100).

Bad:

    paths:
      /todos/{id}:
        put:
          operationId: changeTodo
          summary: Change an entry
          parameters: [{name: id, in: path, required: true, schema: {type: string}}]
          requestBody: {content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}
          responses: {"200": {description: Changed}}

Good:

    paths:
      /todos/{id}:
        put:
          operationId: changeTodo
          summary: Change an entry
          parameters: [{name: id, in: path, required: true, schema: {type: string}}]
          requestBody: {content: {application/json: {schema: {type: object, properties: {title: {type: string}}}}}}
          responses: {"200": {description: Changed}}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.call import Argument
from plugcli.openapi.tool import tools
from plugcli.rules import Place, Problem, Problems, Rule


def check(openapi: Document, host: Host) -> Problems:
    if host.tools is None or "argument-collision" not in host.claims:
        return
    for tool in tools(openapi, host.tools):
        if len({each.name for each in tool.arguments}) == len(tool.arguments):
            continue
        seen: dict[str, Argument] = {}
        for argument in tool.arguments:
            first = seen.setdefault(argument.name, argument)
            if first.place == argument.place:
                continue
            message = (
                f"{tool.operation.title} has {argument.name} in the {first.place} and in the {argument.place}, "
                "but a tool can have only one argument of that name"
            )
            where = Place(openapi, argument.where, of_key=argument.place == "body")
            hint = "rename one of them"
            yield Problem(where, message, "argument-collision", hint, {"parameter": argument.name})


RULE = Rule(openapi=check)
