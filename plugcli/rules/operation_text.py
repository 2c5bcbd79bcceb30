"""An operation has neither a summary nor a description.

Besides its name, that text is all the model knows about an operation. Without it, the model calls the wrong operation, or none.

Bad:

    paths:
      /todos:
        get:
          operationId: getTodos
          responses: {"200": {description: The list}}

Good:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries
          responses: {"200": {description: The list}}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.operation import CALLED_METHODS, operations
from plugcli.rules import Place, Problem, Problems, Rule

_HINT = "say in a sentence what it does, and when the model should call it"


def check(openapi: Document, host: Host) -> Problems:
    for operation in operations(openapi):
        texts = (operation.data.get("description"), operation.data.get("summary"))
        if operation.method in CALLED_METHODS and not any(texts):
            message = (
                f"{operation.title} has neither a summary nor a description: the model sees only its name"
            )
            yield Problem(Place(openapi, f"{operation.where}/description"), message, "operation-text", _HINT)


RULE = Rule(openapi=check, is_same_for_all=True)
