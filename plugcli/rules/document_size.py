"""The document is larger than the host takes.

What counts is not the file: GPT Actions reads it, writes it out again as indented JSON and measures that (yyjeqhc/webcodex#461). A YAML
file with anchors, or a JSON file without spaces, grows. Descriptions that nobody reads and schemas that nobody refers to are most of it.

Bad:

    $ plugcli validate --for gpt-actions openapi.json
    openapi.json:1:1: error: written out, the document has 3,612,551 characters or more, and 1,048,576 is the most

Good:

    paths: {/a: {get: {operationId: listThem, summary: List them.}}}
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from plugcli.document import Document
from plugcli.hosts import Claim, Host
from plugcli.rules import Place, Problem, Problems, Rule, exceeded

# A file this much smaller than the limit stays below it, unless aliases multiply what it says.
_MOST_GROWTH = 4
_ALIAS = re.compile(r"[-:,\[]\s+\*\w")
_INDENT = 2


def check(openapi: Document, host: Host) -> Problems:
    limits = host.limits.get("document", ())
    is_small = len(openapi.text) * _MOST_GROWTH < min((each.most for each in limits), default=0)
    if not limits or (is_small and not (openapi.is_yaml and _ALIAS.search(openapi.text))):
        return
    size = _size(openapi, enough=max(each.most for each in limits))
    if limit := exceeded(limits, size):
        message = f"written out, the document has {size:,} characters or more, and {limit.most:,} is the most"
        hint = "leave out operations, schemas and examples that the model does not need"
        yield Problem(Place(openapi), message, limit.claim, hint)


def _size(openapi: Document, enough: int) -> int:
    """Characters of the document as indented JSON; where that is more than `enough`, the first count that says so."""
    text = openapi.text
    packed = 0 if openapi.is_yaml else len(text) - text.count(" ") - text.count("\n")
    if packed > enough:
        return packed
    on_one_line = len(json.dumps(openapi.data))
    return on_one_line if on_one_line > enough else on_one_line + _whitespace(openapi.data)


def _whitespace(data: Any) -> int:
    """How many characters of line ends and indentation JSON of one line is short of."""
    total, depth = 0, 0
    level = [data]
    while level:
        depth += 1
        below: list[Any] = []
        for container in level:
            values = container.values() if isinstance(container, dict) else container
            # json.dumps has put a space after each comma already.
            total += len(values) * _INDENT * depth + _INDENT * (depth - 1) + 2 if values else 0
            below += [each for each in values if isinstance(each, (dict, list))]
        level = below
    return total


def asks(host: Host) -> Iterator[tuple[str, Claim]]:
    for limit in host.limits.get("document", ()):
        yield f"more than {limit.most:,} characters", limit.claim


RULE = Rule(openapi=check, asks=asks)
