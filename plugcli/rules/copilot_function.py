"""A function of a Microsoft 365 Copilot manifest is none of the API's operations, or cannot be told from another.

A function of an OpenAPI runtime is an operation, found by its operationId: one that the document does not have can never be
called. Names are unique (MicrosoftDocs/m365copilot-docs, plugin manifest: function object).

Bad:

    $ plugcli validate --for m365-copilot appPackage
    appPackage/ai-plugin.json:9:16: warning: the OpenAPI document has no operationId listTodo [copilot-function]
      9 |       "name": "listTodo",
        |               ^
      hint: did you mean listTodos?

Good:

    $ plugcli validate --for m365-copilot appPackage
    appPackage: Microsoft 365 Copilot accepts it (no errors, no warnings)
"""

import re
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import PurePosixPath

from plugcli.dialect import manifest_dialect
from plugcli.hosts import Host
from plugcli.m365 import Runtime, functions, runtimes
from plugcli.openapi.operation import operations
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule


def check(plugin: Plugin, host: Host) -> Problems:
    manifest = plugin.manifest
    if manifest is None or manifest_dialect(manifest.data) != "m365-copilot":
        return
    ids = {operation.id for operation in operations(plugin.openapi)} if plugin.openapi else set()
    all_runtimes = list(runtimes(manifest))
    may_be_elsewhere = _runs([each for each in all_runtimes if not _is_of(each, plugin)])
    may_be_here = _runs([each for each in all_runtimes if _is_of(each, plugin)])
    seen: set[str] = set()
    for function in functions(manifest):
        where = Place(manifest, f"{function.where}/name")
        is_here = may_be_here(function.name) and not may_be_elsewhere(function.name)
        if function.name in seen:
            message = f"the function {function.name} is here twice"
            yield Problem(where, message, "copilot-function/duplicate", "keep one of them")
        elif ids and is_here and function.name not in ids and re.fullmatch(r"[\w-]+", function.name):
            close = get_close_matches(function.name, ids, n=1, cutoff=0.7)
            hint = f"did you mean {close[0]}?" if close else "a function is named like the operation it calls"
            message = f"the OpenAPI document has no operationId {function.name}"
            yield Problem(where, message, "copilot-function/operation", hint)
        seen.add(function.name)


def _runs(some: list[Runtime]) -> Callable[[str], bool]:
    """Whether one of `some` runs the function of a name."""
    is_any = any(runtime.runs is None for runtime in some)
    named = {name for runtime in some for name in runtime.runs or ()}
    return lambda name: is_any or name in named


def _is_of(runtime: Runtime, plugin: Plugin) -> bool:
    """Whether the runtime's OpenAPI document is the one that is judged, as far as its name tells."""
    named = PurePosixPath(runtime.openapi_url.partition("?")[0]).name
    return bool(named) and named == PurePosixPath(plugin.openapi_path or "").name


RULE = Rule(plugin=check)
