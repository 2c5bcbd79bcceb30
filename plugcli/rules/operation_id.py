"""An operationId is missing, used twice, or not a name.

The model calls an operation by its id. Without one, some hosts skip the operation, others make up a name that changes with the
path, and others refuse the document. If two operations have the same id, only one can be called. The id becomes the name of a type
in the prompt, or of a function: use letters, digits and underscores, at most 64.

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
from plugcli.openapi.operation import CALLED_METHODS, Operation, operations, suggested_id
from plugcli.openapi.tool import tools
from plugcli.rules import Place, Problem, Problems, Rule, exceeded, measured

_SAFE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNSAFE = re.compile(r"[^A-Za-z0-9_]")


def check(openapi: Document, host: Host) -> Problems:
    seen: dict[str, Operation] = {}
    made = tools(openapi, host.tools) if host.tools is not None else ()
    places = {tool.operation.where: tool.index for tool in made}
    for operation in operations(openapi):
        where = Place(openapi, f"{operation.where}/operationId")
        if not operation.id:
            if operation.method in CALLED_METHODS and operation.data.get("operationId") in (None, ""):
                message = f"{operation.title} has no operationId"
                hint = f"for example operationId: {suggested_id(operation)}"
                yield Problem(where, message, "operation-id/missing", hint, operation.words)
        elif operation.id in seen:
            message = f"the operationId {operation.id} is already used by {seen[operation.id].title}"
            hint = f"for example {suggested_id(operation)}"
            yield Problem(where, message, "operation-id/duplicate", hint, {"name": operation.id})
        else:
            seen[operation.id] = operation
            yield from _name(where, operation, host, places.get(operation.where, 0))


def _name(where: Place, operation: Operation, host: Host, index: int) -> Problems:
    name = operation.id
    form = next(
        (each for each in host.forms.get("tool.name", ()) if not re.fullmatch(each.pattern, name)), None
    )
    limit = exceeded(host.limits.get("tool.name", ()), len(name))
    words = {"name": name, "length": len(name), "index": index}
    is_safe = _SAFE.fullmatch(name)
    if not is_safe and _UNSAFE.search(name):
        renamed = re.sub(r"[^A-Za-z0-9]", "_", name)
        message = f"the operationId {name} is not a valid name: use letters, digits and _"
        told = {**words, "operation_id": name, "renamed": renamed}
        yield Problem(where, message, "operation-id/renamed", f"for example {renamed}", told)
    if form is not None or (limit is None and not is_safe):
        message = f"the operationId {name} is not a valid name: use letters, digits and _"
        better = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
        if better == name or not better:  # it starts with a digit, or has no letter at all
            message = f"the operationId {name} is not a valid name: start it with a letter or _"
            better = suggested_id(operation)
        hint = f"for example {better}"
        yield Problem(where, message, form.claim if form is not None else "operation-id/name", hint, words)
    elif limit is not None or len(name) > 64:
        message = f"the operationId has {len(name)} characters: many hosts allow at most 64 in the name of a function"
        hint = f"for example {suggested_id(operation)[:64]}"
        yield Problem(where, message, limit.claim if limit is not None else "operation-id/name", hint, words)


RULE = Rule(openapi=check, asks=measured("tool.name"))
