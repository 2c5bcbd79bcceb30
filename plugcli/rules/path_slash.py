"""A path does not start with a slash.

OpenAPI forbids this, and hosts skip such a path with all its operations.

Bad:

    paths:
      todos:
        get:
          operationId: getTodos
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

from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule


def check(openapi: Document, host: Host) -> Problems:
    paths = openapi.data.get("paths")
    for path in paths if isinstance(paths, dict) else ():
        if not path.startswith(("/", "x-")):
            where = Place(openapi, pointer.join("paths", path))
            hint = f"write /{path}" if path[:1].isalnum() or path[:1] == "{" else "for example /search"
            message = f"the path {path} does not start with a slash"
            yield Problem(where, message, "path-slash", hint, {"path": path})


RULE = Rule(openapi=check)
