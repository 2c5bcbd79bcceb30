"""Two arguments of a tool have the same name.

A tool takes its arguments as one object, so the parameters and the properties of the body share one set of names. If `id` is in the path
and in the body, one of them cannot be sent, or is sent to the wrong place (tadata-org/fastapi_mcp#319, PrefectHQ/fastmcp#1100). Some
converters rename the parameter to `id__path`, which collides in turn with an argument that is called `id__path`.

Bad:

    paths:
      /todos/{id}:
        put:
          operationId: changeTodo
          summary: Change an entry
          parameters:
            - {name: id, in: path, required: true, schema: {type: string}}
            - {name: id__path, in: query, schema: {type: string}}
          requestBody: {content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}
          responses: {"200": {description: Changed}}

Good:

    paths:
      /todos/{id}:
        put:
          operationId: changeTodo
          summary: Change an entry
          parameters:
            - {name: id, in: path, required: true, schema: {type: string}}
            - {name: folder, in: query, schema: {type: string}}
          requestBody: {content: {application/json: {schema: {type: object, properties: {title: {type: string}}}}}}
          responses: {"200": {description: Changed}}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.argument_name import renamed
from plugcli.openapi.signature import BODY, Argument
from plugcli.openapi.tool import Tool, tools
from plugcli.rules import Place, Problem, Problems, Rule

_HINT = "rename one of them"


def check(openapi: Document, host: Host) -> Problems:
    if host.tools is None or "argument-collision" not in host.claims:
        return
    for tool in tools(openapi, host.tools):
        if len({each.name for each in tool.arguments}) == len(tool.arguments):
            continue
        yield from _same_name(openapi, tool)
        if "argument-collision/renamed" in host.claims:
            yield from _same_name_after_renaming(openapi, tool)


def _same_name(openapi: Document, tool: Tool) -> Problems:
    seen: dict[str, Argument] = {}
    for argument in tool.arguments:
        first = seen.setdefault(argument.name, argument)
        if first is argument:
            continue
        message = (
            f"{tool.operation.title} has {argument.name} in the {first.location} and in the {argument.location}, "
            "but a tool can have only one argument of that name"
        )
        yield _problem(openapi, argument, message, "argument-collision")


def _same_name_after_renaming(openapi: Document, tool: Tool) -> Problems:
    in_body = {each.name for each in tool.arguments if each.location == BODY}
    given_way = [each for each in tool.arguments if each.location != BODY and each.name in in_body]
    by_new_name = {renamed(each): each for each in given_way}
    for argument in tool.arguments:
        other = by_new_name.get(argument.name)
        if other is not None:
            message = (
                f"{tool.operation.title} has {argument.name} in the {argument.location}, but {other.name} in the "
                f"{other.location} is renamed to {argument.name}, and a tool can have only one argument of that name"
            )
            yield _problem(openapi, argument, message, "argument-collision/renamed")


def _problem(openapi: Document, argument: Argument, message: str, claim: str) -> Problem:
    where = Place(openapi, argument.where, of_key=argument.location == BODY)
    return Problem(where, message, claim, _HINT, {"parameter": argument.name})


RULE = Rule(openapi=check)
