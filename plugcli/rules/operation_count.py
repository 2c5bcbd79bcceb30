"""The document has more operations than the host takes.

GPT Actions refuses the whole document for the thirty-first (community.openai.com/t/586484). All methods that a model can call count;
what is left out for another reason, such as a missing operationId, may not.

Bad:

    paths: {/a: &item {get: &get {operationId: a, summary: One.}, put: *get, post: *get, delete: *get, patch: *get},
      /b: *item, /c: *item, /d: *item, /e: *item, /f: *item, /g: *item}

Good:

    paths: {/a: {get: {operationId: listThem, summary: List them.}}}
"""

from collections.abc import Iterator

from plugcli.document import Document
from plugcli.hosts import Claim, Host
from plugcli.operation import CALLED_METHODS, operations
from plugcli.rules import Place, Problem, Problems, Rule


def check(openapi: Document, host: Host) -> Problems:
    limits = host.limits.get("operations", ())
    found = [each for each in operations(openapi) if each.method in CALLED_METHODS] if limits else []
    broken = [limit for limit in limits if len(found) > limit.most]
    if broken:
        limit = max(broken, key=lambda each: each.most)
        first = found[limit.most]
        message = (
            f"there are {len(found)} operations, and {limit.most} is the most: {first.title} is one more"
        )
        hint = "leave out what the model does not need, or make two documents of it"
        yield Problem(Place(openapi, first.where), message, limit.claim, hint, {"operations": len(found)})


def asks(host: Host) -> Iterator[tuple[str, Claim]]:
    for limit in host.limits.get("operations", ()):
        yield f"more than {limit.most:,} operations", limit.claim


RULE = Rule(openapi=check, asks=asks)
