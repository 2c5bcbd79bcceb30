"""The plugin has more functions than the host accepts, or than it handles well.

GPT Actions refuses the whole document at the thirty-first operation (community.openai.com/t/586484). On other hosts each function takes up
part of what the model can read at once, and the more there are, the more often the model calls the wrong one. A Microsoft 365 Copilot
manifest lists its own functions; otherwise every method that a model can call counts, even if it is left out for another reason.

Bad:

    paths: {/a: &item {get: &get {operationId: a, summary: One.}, put: *get, post: *get, delete: *get, patch: *get},
      /b: *item, /c: *item, /d: *item, /e: *item, /f: *item, /g: *item}

Good:

    paths: {/a: {get: {operationId: listThem, summary: List them.}}}
"""

from plugcli.dialect import manifest_dialect
from plugcli.hosts import Host
from plugcli.m365 import functions
from plugcli.openapi.operation import CALLED_METHODS, operations
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule, exceeded, measured

_HINT = "remove what the model does not need, or split the document in two"


def check(plugin: Plugin, host: Host) -> Problems:
    limits = host.limits.get("operations", ())
    manifest = plugin.manifest
    if (
        manifest is not None
        and manifest_dialect(manifest.data) == "m365-copilot"
        and "functions" in manifest.data
    ):
        number = sum(1 for _ in functions(manifest))
        if limit := exceeded(limits, number):
            message = f"there are {number} functions, but the limit is {limit.most}"
            where = Place(manifest, "/functions", of_key=True)
            yield Problem(where, message, limit.claim, _HINT, {"number": number})
    elif plugin.openapi is not None:
        found = [each for each in operations(plugin.openapi) if each.method in CALLED_METHODS]
        if limit := exceeded(limits, len(found)):
            first = found[limit.most]
            message = f"there are {len(found)} operations, but the limit is {limit.most}: {first.title} is one too many"
            yield Problem(
                Place(plugin.openapi, first.where), message, limit.claim, _HINT, {"number": len(found)}
            )


RULE = Rule(plugin=check, asks=measured("operations"))
