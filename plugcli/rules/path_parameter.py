"""A path and its parameters do not match.

`/todos/{user}` needs a parameter `user` with `in: path`, and a parameter with `in: path` needs a place in the path. The model fills in
only declared parameters; the rest of the path stays as it is.

Bad:

    paths:
      /todos/{user}:
        get:
          operationId: getTodos
          summary: List the entries
          responses: {"200": {description: The list}}

Good:

    paths:
      /todos/{user}:
        get:
          operationId: getTodos
          summary: List the entries
          parameters: [{name: user, in: path, required: true, schema: {type: string}}]
          responses: {"200": {description: The list}}
"""

import re

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.signature import signatures
from plugcli.rules import Place, Problem, Problems, Rule


def check(openapi: Document, host: Host) -> Problems:
    for signature in signatures(openapi):
        operation = signature.operation
        in_path = set(re.findall(r"\{([^{}]+)\}", operation.path))
        declared = {each.name: each.where for each in signature.declared if each.location == "path"}
        for name in sorted(in_path - declared.keys()):
            message = f"the path of {operation.title} has {{{name}}}, but there is no parameter {name}"
            hint = f"add {{name: {name}, in: path, required: true, schema: {{type: string}}}} to parameters"
            yield Problem(Place(openapi, f"{operation.where}/parameters"), message, "path-parameter", hint)
        for name in sorted(declared.keys() - in_path):
            message = f"the parameter {name} has in: path, but the path {operation.path} has no {{{name}}}"
            hint = f"write {operation.path.rstrip('/')}/{{{name}}} if it belongs in the path, otherwise in: query"
            yield Problem(Place(openapi, f"{declared[name]}/name"), message, "path-parameter", hint)


RULE = Rule(openapi=check, is_same_for_all=True)
