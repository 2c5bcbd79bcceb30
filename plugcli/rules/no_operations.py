"""The OpenAPI document has no operation.

Each operation becomes a function that the model can call. Without operations, the plugin can do nothing.

Bad:

    paths: {}

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


def check(openapi: Document, host: Host) -> Problems:
    if any(operation.method in CALLED_METHODS for operation in operations(openapi)):
        return
    has_paths = bool(openapi.data.get("paths"))
    message = "there are no operations" if has_paths else "there are no paths"
    # Some hosts have a message of their own if there are no paths at all.
    of_its_own = not has_paths and "no-operations/no-paths" in host.claims
    claim = "no-operations/no-paths" if of_its_own else "no-operations"
    hint = "add get, post, put, patch or delete to a path: the model can call these"
    yield Problem(Place(openapi, "/paths"), f"{message}: the plugin can do nothing", claim, hint)


RULE = Rule(openapi=check)
