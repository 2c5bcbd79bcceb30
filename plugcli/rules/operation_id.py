"""An operationId is missing, used twice, or not a name.

The model calls an operation by its id. Without one, some hosts skip the operation, others make up a name that changes with the
path, and others refuse the document; of two with the same id only one can be called. It becomes the name of a type in the prompt,
and the name of a function elsewhere: letters, digits and underscores, 64 at most.

Bad:

    paths:
      /todos:
        get:
          summary: List the entries
          responses: {"200": {description: The list}}

Good:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries
          responses: {"200": {description: The list}}
"""

import re

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.operation import CALLED_METHODS, Operation, operations
from plugcli.rules import Place, Problem, Problems, Rule


def check(openapi: Document, host: Host) -> Problems:
    seen: dict[str, Operation] = {}
    for operation in operations(openapi):
        where = Place(openapi, f"{operation.where}/operationId")
        if not operation.id:
            if operation.method in CALLED_METHODS and operation.data.get("operationId") in (None, ""):
                message = f"{operation.title} has no operationId"
                hint = f"for example operationId: {_suggestion(operation)}"
                yield Problem(where, message, "operation-id/missing", hint, operation.words)
        elif operation.id in seen:
            message = f"the operationId {operation.id} is already that of {seen[operation.id].title}"
            yield Problem(where, message, "operation-id/duplicate", f"for example {_suggestion(operation)}")
        else:
            seen[operation.id] = operation
            yield from _name(where, operation.id)


def _name(where: Place, name: str) -> Problems:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        if re.search(r"[^A-Za-z0-9_]", name):
            words = {"operation_id": name, "renamed": re.sub(r"[^A-Za-z0-9]", "_", name)}
            message = f"the operationId {name} is no name: letters, digits and _ are safe"
            yield Problem(where, message, "operation-id/renamed", f"for example {words['renamed']}", words)
        message = f"the operationId {name} is no name: letters, digits and _ are safe"
        better = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
        yield Problem(where, message, "operation-id/name", f"for example {better}" if better else "")
    elif len(name) > 64:
        message = f"the operationId has {len(name)} characters: many hosts call functions of at most 64"
        yield Problem(where, message, "operation-id/name")


def _suggestion(operation: Operation) -> str:
    words = re.findall(r"[A-Za-z0-9]+", re.sub(r"\{[^}]*\}", "", operation.path))
    return operation.method + "".join(word[:1].upper() + word[1:] for word in words)


RULE = Rule(openapi=check)
