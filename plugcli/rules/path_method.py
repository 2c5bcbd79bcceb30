"""A path has a member that is not a method a model can call.

OpenAPI lets a path have `parameters` that all its operations share. GPT Actions treats every member of a path as a method and skips
those that it does not call. So it skips the shared parameters too, and calls `/todos/{user}` without a user. It also skips `head`,
`options` and `trace`. A path inside another path is an indentation mistake, and every host loses it.

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
                claim, message = "path-method/parameters", f"the shared parameters of {path}"
                message, hint = f"{message} are ignored", "repeat them in each operation of the path"
            elif key.startswith("/"):
                claim = "path-method/path"
                message, hint = f"the path {key} is inside the path {path}", "remove its indentation"
            elif key in _TEXTS:
                claim, message = "path-method/text", f"the {key} of {path} is ignored"
                hint = "write it in each operation of the path"
            elif key == "$ref":
                message, hint = (
                    f"{path} is a $ref, which the host does not follow",
                    "write the operations here",
                )
            else:
                message = f"{path} has {key}, which is not a method that a model can call"
                hint = "remove it, unless another reader of the document needs it"
            yield Problem(where, message, claim, hint, {"path": path, "key": key})


RULE = Rule(openapi=check, is_same_for_all=True)
