"""A parameter is a `$ref`.

OpenAPI allows this, but OpenAI's parser does not follow references to parameters and skips the whole operation. Other hosts drop
the parameter, or follow the reference.

Bad:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries
          parameters: [{$ref: "#/components/parameters/user"}]
          responses: {"200": {description: The list}}
    components:
      schemas: {}
      parameters:
        user: {name: user, in: query, schema: {type: string}}

Good:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries
          parameters: [{name: user, in: query, schema: {type: string}}]
          responses: {"200": {description: The list}}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.operation import CALLED_METHODS, operations
from plugcli.rules import Place, Problem, Problems, Rule


def check(openapi: Document, host: Host) -> Problems:
    if "parameter-reference" not in host.claims:
        return
    for operation in operations(openapi):
        found = operation.data.get("parameters")
        title, known = operation.title, operation.words
        for index, parameter in enumerate(found if isinstance(found, list) else ()):
            if isinstance(parameter, dict) and "$ref" in parameter and operation.method in CALLED_METHODS:
                where = f"{operation.where}/parameters/{index}"
                words = {**known, "parameter": parameter}
                message = f"a parameter of {title} is a $ref"
                hint = "write the parameter itself in the operation"
                yield Problem(Place(openapi, where), message, "parameter-reference", hint, words)


RULE = Rule(openapi=check)
