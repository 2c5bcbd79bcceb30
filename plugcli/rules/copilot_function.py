"""A function of a Microsoft 365 Copilot manifest matches no operation of the API, or has the name of another function.

The host finds the operation of a function by its operationId. A function whose operation is not in the document can never be
called. Names must be unique (MicrosoftDocs/m365copilot-docs, plugin manifest: function object).

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
            message = f"there are two functions named {function.name}"
            yield Problem(where, message, "copilot-function/duplicate", "keep one of them")
        elif ids and is_here and function.name not in ids and re.fullmatch(r"[\w-]+", function.name):
            close = get_close_matches(function.name, ids, n=1, cutoff=0.7)
            hint = (
                f"did you mean {close[0]}?"
                if close
                else "give the function the name of the operation that it calls"
            )
            message = f"the OpenAPI document has no operationId {function.name}"
            yield Problem(where, message, "copilot-function/operation", hint)
        seen.add(function.name)


def _runs(some: list[Runtime]) -> Callable[[str], bool]:
    """Whether one of `some` runs the function with that name."""
    is_any = any(runtime.runs is None for runtime in some)
    named = {name for runtime in some for name in runtime.runs or ()}
    return lambda name: is_any or name in named


def _is_of(runtime: Runtime, plugin: Plugin) -> bool:
    """Whether the runtime's OpenAPI document is the one that is judged, going by its name."""
    named = PurePosixPath(runtime.openapi_url.partition("?")[0]).name
    return bool(named) and named == PurePosixPath(plugin.openapi_path or "").name


RULE = Rule(plugin=check)
