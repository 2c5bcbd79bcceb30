"""Two operations become tools with the same name.

Hosts make up a name for an operation without an operationId, and shorten or rewrite others. So two different operations can get the
same name, and the model can call only one of them. FastMCP cuts a name at the first `__` and at 56 characters; LibreChat joins method
and path without slashes and braces.

Bad:

    paths:
      /todos:
        get: {operationId: todos__get, summary: List the entries, responses: {"200": {description: The list}}}
        post: {operationId: todos__add, summary: Add an entry, responses: {"200": {description: Added}}}

Good:

    paths:
      /todos:
        get: {operationId: todosGet, summary: List the entries, responses: {"200": {description: The list}}}
        post: {operationId: todosAdd, summary: Add an entry, responses: {"200": {description: Added}}}
"""

import re

from plugcli.document import Document
from plugcli.hosts import Host, Tools
from plugcli.openapi.operation import Operation
from plugcli.openapi.tool import tools
from plugcli.rules import Place, Problem, Problems, Rule


def check(openapi: Document, host: Host) -> Problems:
    if host.tools is None or "tool-name" not in host.claims:
        return
    seen: dict[str, tuple[str, Operation]] = {}
    for tool in tools(openapi, host.tools):
        name = _folded(tool.name, host.tools)
        if name not in seen:
            seen[name] = tool.name, tool.operation
            continue
        other, first = seen[name]
        if tool.name != other or not (tool.operation.id and first.id):  # otherwise operation-id reports it
            where = Place(openapi, f"{tool.operation.where}/operationId")
            message = f"{tool.operation.title} and {first.title} become tools with the same name"
            hint = "give each an operationId that differs in its first letters, before any __"
            yield Problem(where, message, "tool-name", hint, {"name": name})


def _folded(name: str, how: Tools) -> str:
    for pattern, replacement in how.folds:
        name = re.sub(pattern, replacement, name)
    return name


RULE = Rule(openapi=check)
