"""A runtime of a Microsoft 365 Copilot manifest runs functions that do not exist, or that another runtime runs.

`run_for_functions` says which of `functions` a runtime runs; without it, the runtime runs them all. A function that no runtime runs cannot
be called, and two runtimes must not run the same function, even if one of them names no functions
(MicrosoftDocs/m365copilot-docs, plugin manifest: runtime object).

Bad:

    $ plugcli validate --for m365-copilot appPackage
    appPackage/ai-plugin.json:17:29: warning: a runtime runs listTodo, which is not in functions [copilot-runtime]
      17 |       "run_for_functions": ["listTodo"],
         |                             ^
      hint: did you mean listTodos?

Good:

    $ plugcli validate --for m365-copilot appPackage
    appPackage: Microsoft 365 Copilot accepts it (no errors, no warnings)
"""

from collections import Counter
from difflib import get_close_matches

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.m365 import Function, Runtime, functions, runtimes
from plugcli.rules import Place, Problem, Problems, Rule


def check(manifest: Document, host: Host) -> Problems:
    every_runtime, every_function = list(runtimes(manifest)), list(functions(manifest))
    if not every_runtime and not manifest.data.get("runtimes"):
        message = "there are no runtimes, so no function can be called"
        hint = "add a runtime that names the OpenAPI document or the MCP server"
        yield Problem(Place(manifest, "/runtimes"), message, "copilot-runtime/none", hint)
        return
    if "functions" in manifest.data:  # otherwise they are those of the OpenAPI document
        yield from _unknown(manifest, every_runtime, [each.name for each in every_function])
        yield from _not_run(manifest, every_runtime, every_function)


def _unknown(manifest: Document, every_runtime: list[Runtime], names: list[str]) -> Problems:
    known = set(names)
    for runtime in every_runtime:
        for name, index in (runtime.runs or {}).items():
            if name not in known:
                close = get_close_matches(name, names, n=1, cutoff=0.7)
                where = Place(manifest, f"{runtime.where}/run_for_functions/{index}")
                message = f"a runtime runs {name}, which is not in functions"
                hint = f"did you mean {close[0]}?" if close else "add it to functions, or remove it here"
                yield Problem(where, message, "copilot-runtime/unknown-function", hint)


def _not_run(manifest: Document, every_runtime: list[Runtime], every_function: list[Function]) -> Problems:
    of_every_function = sum(runtime.runs is None for runtime in every_runtime)
    named = Counter(name for runtime in every_runtime for name in runtime.runs or ())
    for function in every_function:
        number = of_every_function + named[function.name]
        where = Place(manifest, f"{function.where}/name")
        if number == 0:
            message = f"no runtime runs the function {function.name}"
            hint = "name it in the run_for_functions of a runtime"
            yield Problem(where, message, "copilot-runtime/not-run", hint)
        elif number > 1:
            message = f"{number} runtimes run the function {function.name}"
            hint = "a runtime without run_for_functions runs every function"
            yield Problem(where, message, "copilot-runtime/several", hint)


RULE = Rule(manifest=check, dialects=("m365-copilot",))
