"""Two operations become tools of the same name.

Hosts make up a name for an operation without an operationId, and shorten or rewrite others: what was different in the document is
the same to the model, which can call only one of the two. FastMCP ends a name at the first `__` and at 56 characters; LibreChat
leaves slashes and braces out of method and path.

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
        if tool.name != other or not (tool.operation.id and first.id):  # else operation-id speaks of it
            where = Place(openapi, f"{tool.operation.where}/operationId")
            message = f"{tool.operation.title} and {first.title} become tools of one name"
            hint = "give each an operationId that differs in its first letters, before any __"
            yield Problem(where, message, "tool-name", hint, {"name": name})


def _folded(name: str, how: Tools) -> str:
    for pattern, replacement in how.folds:
        name = re.sub(pattern, replacement, name)
    return name


RULE = Rule(openapi=check)
