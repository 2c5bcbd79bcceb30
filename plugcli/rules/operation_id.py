"""An operationId is missing, used twice, or not a name.

The model calls an operation by its id: the host skips an operation without one, and of two with the
same id only one can be called. It becomes the name of a type in the prompt, and the name of a function
elsewhere: letters, digits and underscores, 64 at most.
"""

import re

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.operation import CALLED_METHODS, Operation, operations, suggested_id
from plugcli.rules import Place, Problem, Problems, Rule


def check(openapi: Document, host: Host) -> Problems:
    seen: dict[str, Operation] = {}
    for operation in operations(openapi):
        where = Place(openapi, f"{operation.where}/operationId")
        if not operation.id:
            if operation.method in CALLED_METHODS and operation.data.get("operationId") in (None, ""):
                message = f"{operation.title} has no operationId: the host skips it"
                hint = f"for example operationId: {suggested_id(operation)}"
                words = {"path": operation.path, "method": operation.method}
                yield Problem(where, message, "operation-id/missing", hint, words)
        elif operation.id in seen:
            message = f"the operationId {operation.id} is already that of {seen[operation.id].title}"
            yield Problem(where, message, "operation-id/duplicate", f"for example {suggested_id(operation)}")
        else:
            seen[operation.id] = operation
            yield from _name(where, operation.id)


def _name(where: Place, name: str) -> Problems:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        message = f"the operationId {name} is no name: letters, digits and _ are safe"
        better = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
        yield Problem(where, message, "operation-id/name", f"for example {better}" if better else "")
    elif len(name) > 64:
        message = f"the operationId has {len(name)} characters: models call functions of at most 64"
        yield Problem(where, message, "operation-id/name")


RULE = Rule(openapi=check)
