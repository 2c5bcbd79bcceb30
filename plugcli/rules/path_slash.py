"""A path does not start with a slash.

The host skips it with all its operations, and OpenAPI forbids it.
"""

from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule


def check(openapi: Document, host: Host) -> Problems:
    paths = openapi.data.get("paths")
    for path in paths if isinstance(paths, dict) else ():
        if not path.startswith(("/", "x-")):
            where = Place(openapi, pointer.join("paths", path))
            message = f"the path {path} does not start with a slash: its operations are lost"
            yield Problem(where, message, "path-slash", f"write /{path}", {"path": path})


RULE = Rule(openapi=check)
