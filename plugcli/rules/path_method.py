"""A path has a member that is not a method which a model can call.

OpenAPI lets a path hold `parameters` that all its operations share. GPT Actions takes every member of a path for a method: it skips
those it does not call, and the shared parameters with them, so that `/todos/{user}` is called without a user. `head`, `options` and
`trace` are skipped too. A path inside another path is an indentation slip, and lost everywhere.

Bad:

    paths: {"/todos/{user}": {parameters: [{name: user, in: path, required: true, schema: {type: string}}],
      get: {operationId: getTodos, summary: List them., responses: {"200": {description: The list}}}}}

Good:

    paths: {"/todos/{user}": {
      get: {operationId: getTodos, summary: List them., responses: {"200": {description: The list}},
        parameters: [{name: user, in: path, required: true, schema: {type: string}}]}}}
"""

from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.openapi.operation import CALLED_METHODS
from plugcli.rules import Place, Problem, Problems, Rule

_TEXTS = ("summary", "description")


def check(openapi: Document, host: Host) -> Problems:
    paths = openapi.data.get("paths")
    for path, item in paths.items() if isinstance(paths, dict) else ():
        for key in item if isinstance(item, dict) else ():
            if key in CALLED_METHODS or key.startswith("x-"):
                continue
            where = Place(openapi, pointer.join("paths", path, key), of_key=True)
            claim = "path-method/other"
            if key == "parameters":
                claim, message = "path-method/parameters", f"the parameters that {path} gives its operations"
                message, hint = f"{message} are not looked at", "repeat them in each operation of the path"
            elif key.startswith("/"):
                claim = "path-method/path"
                message, hint = f"the path {key} stands inside the path {path}", "remove its indentation"
            elif key in _TEXTS:
                claim, message = "path-method/text", f"the {key} of {path} is not looked at"
                hint = "write it into each operation of the path"
            elif key == "$ref":
                message, hint = f"{path} is a $ref, and is not looked up", "write the operations out here"
            else:
                message = f"{path} has {key}, which is no method that a model can call"
                hint = "remove it, unless another reader of the document needs it"
            yield Problem(where, message, claim, hint, {"path": path, "key": key})


RULE = Rule(openapi=check, is_same_for_all=True)
