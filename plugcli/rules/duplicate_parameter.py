"""An operation has the same parameter twice.

A parameter is identified by its name and its `in` together (OpenAPI, Operation Object). Nobody knows which of the two the model is
shown, and some hosts skip the operation or refuse the document.

Bad:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries
          parameters:
            - {name: user, in: query, schema: {type: string}}
            - {name: user, in: query, schema: {type: integer}}
          responses: {"200": {description: The list}}

Good:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries
          parameters:
            - {name: user, in: query, schema: {type: string}}
          responses: {"200": {description: The list}}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.operation import follow, operations
from plugcli.rules import Place, Problem, Problems, Rule


def check(openapi: Document, host: Host) -> Problems:
    for operation in operations(openapi):
        found = operation.data.get("parameters")
        seen = set()
        for index, parameter in enumerate(found if isinstance(found, list) else ()):
            own = f"{operation.where}/parameters/{index}"
            value = follow(openapi, own, parameter)[1]
            if not isinstance(value, dict) or not isinstance(value.get("name"), str):
                continue
            key = (value["name"], str(value.get("in")))
            if key in seen:
                message = f"{operation.title} has the {key[1]} parameter {key[0]} twice"
                hint = "remove one of them"
                words = {**operation.words, "parameter": key[0]}
                yield Problem(Place(openapi, own), message, "duplicate-parameter", hint, words)
            seen.add(key)


RULE = Rule(openapi=check, is_same_for_all=True)
