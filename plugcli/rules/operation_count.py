"""The plugin has more functions than the host handles well.

Each function takes a part of what the model can read at once, and the more there are, the more often it calls the wrong one. A manifest of
Microsoft 365 Copilot lists its own functions; else each operation is one.

Bad:

    $ plugcli validate --for m365-copilot openapi.yaml
    openapi.yaml:7:1: note: there are 12 operations: better at most 10 [operation-count]
      7 | paths:
        | ^
      hint: keep what the model needs, in a document of its own

Good:

    $ plugcli validate --for m365-copilot openapi.yaml
    openapi.yaml: Microsoft 365 Copilot accepts it (no errors, no warnings)
"""

from plugcli.copilot import functions
from plugcli.dialect import manifest_dialect
from plugcli.hosts import Host
from plugcli.operation import CALLED_METHODS, operations
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule, measured

_HINT = "keep what the model needs, in a document of its own"


def check(plugin: Plugin, host: Host) -> Problems:
    limits = host.limits.get("operations", ())
    manifest = plugin.manifest
    if (
        manifest is not None
        and manifest_dialect(manifest.data) == "m365-copilot"
        and "functions" in manifest.data
    ):
        number, noun, where = (
            sum(1 for _ in functions(manifest)),
            "functions",
            Place(manifest, "/functions", of_key=True),
        )
    elif plugin.openapi is not None:
        number = sum(operation.method in CALLED_METHODS for operation in operations(plugin.openapi))
        noun, where = "operations", Place(plugin.openapi, "/paths", of_key=True)
    else:
        return
    broken = [limit for limit in limits if number > limit.most]
    if broken:
        limit = max(broken, key=lambda each: each.most)
        message = f"there are {number} {noun}: better at most {limit.most}"
        yield Problem(where, message, limit.claim, _HINT, {"number": number})


RULE = Rule(plugin=check, asks=measured("operations"))
