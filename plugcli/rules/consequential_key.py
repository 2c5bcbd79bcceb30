"""The key that marks an operation as consequential has another name on this host.

The host asks the user before it calls such an operation. OpenAI reads `x-openai-isConsequential`, and so does Kiota; the documentation
of Microsoft 365 Copilot names `x-oai-isConsequential` (MicrosoftDocs/m365copilot-docs, confirmation prompts;
microsoft/kiota).

Bad:

    paths:
      /todos:
        post:
          operationId: addTodo
          description: Add a todo.
          x-openai-isConsequential: false
          responses: {"200": {description: The todo.}}

Good:

    paths:
      /todos:
        post:
          operationId: addTodo
          description: Add a todo.
          x-openai-isConsequential: false
          x-oai-isConsequential: false
          responses: {"200": {description: The todo.}}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.operation import operations
from plugcli.rules import Place, Problem, Problems, Rule

_KEYS = {
    "x-openai-isConsequential": ("x-oai-isConsequential", "consequential-key/openai"),
    "x-oai-isConsequential": ("x-openai-isConsequential", "consequential-key/oai"),
}


def check(openapi: Document, host: Host) -> Problems:
    for operation in operations(openapi):
        for key, (other, claim) in _KEYS.items():
            if key in operation.data and other not in operation.data:
                where = Place(openapi, f"{operation.where}/{key}", of_key=True)
                message = f"{operation.title} has {key} but not {other}"
                yield Problem(where, message, claim, f"write {other} too, with the same value")


RULE = Rule(openapi=check)
