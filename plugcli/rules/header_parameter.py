"""A parameter is sent as a header.

The host sets the headers itself: GPT Actions drops such a parameter and keeps the operation ("custom headers are not supported",
OpenAI, GPT Actions in production). A key belongs in securitySchemes, everything else in the query or the body.

Bad:

    paths: {/todos: {get: {operationId: getTodos, summary: List them., parameters: [
      {name: X-Team, in: header, schema: {type: string}}], responses: {"200": {description: The list}}}}}

Good:

    paths: {/todos: {get: {operationId: getTodos, summary: List them., parameters: [
      {name: team, in: query, schema: {type: string}}], responses: {"200": {description: The list}}}}}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.operation import CALLED_METHODS, operations
from plugcli.rules import Place, Problem, Problems, Rule

_OF_THE_HOST = ("authorization", "content-type", "accept", "user-agent")


def check(openapi: Document, host: Host) -> Problems:
    for operation in operations(openapi):
        found = operation.data.get("parameters")
        for index, parameter in enumerate(found if isinstance(found, list) else ()):
            if operation.method not in CALLED_METHODS or not isinstance(parameter, dict):
                continue
            name = parameter.get("name")
            if parameter.get("in") == "header" and isinstance(name, str):
                where = Place(openapi, f"{operation.where}/parameters/{index}/in")
                message = f"the parameter {name} of {operation.title} is a header"
                words = {**operation.words, "parameter": name}
                yield Problem(where, message, "header-parameter", _hint(name), words)


def _hint(name: str) -> str:
    if name.lower() in _OF_THE_HOST or name.lower().startswith("openai-"):
        return "remove it: the host sets this header itself, and sends a key as securitySchemes say"
    if "key" in name.lower() or "token" in name.lower():
        return "describe a key in securitySchemes, not as a parameter: {type: apiKey, in: header, name: ...}"
    return "move it to the query or the request body, or set the header in a proxy of your own"


RULE = Rule(openapi=check, is_same_for_all=True)
