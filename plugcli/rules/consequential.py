"""`x-openai-isConsequential` is not true or false.

It says whether the host asks the user before each call: with `true` it always asks, with `false` the user may allow the operation for good.
Without it, GET is not consequential and every other method is (OpenAI, GPT Actions in production). A string is neither true nor false.

Bad:

    paths: {/todos: {get: {operationId: getTodos, summary: List them., x-openai-isConsequential: "false",
      responses: {"200": {description: The list}}}}}

Good:

    paths: {/todos: {get: {operationId: getTodos, summary: List them., x-openai-isConsequential: false,
      responses: {"200": {description: The list}}}}}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.operation import operations
from plugcli.rules import Place, Problem, Problems, Rule

_NAME = "x-openai-isConsequential"


def check(openapi: Document, host: Host) -> Problems:
    for operation in operations(openapi):
        if _NAME in operation.data and not isinstance(operation.data[_NAME], bool):
            message = f"{_NAME} of {operation.title} must be true or false"
            hint = "write true or false, without quotes"
            yield Problem(Place(openapi, f"{operation.where}/{_NAME}"), message, "consequential", hint)


RULE = Rule(openapi=check, is_same_for_all=True)
