"""The document is larger than the host accepts.

The size of the file is not what counts: GPT Actions reads it, writes it as indented JSON and measures that (yyjeqhc/webcodex#461). A YAML
file with anchors grows, and so does a JSON file without spaces. Most of the size is descriptions that nobody reads and schemas that
nothing refers to.

Bad:

    $ plugcli validate --for gpt-actions openapi.json
    openapi.json:1:1: error: as indented JSON the document has at least 3,612,551 characters; the limit is 1,048,576

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

# A file this much smaller than the limit stays below it, unless it has aliases.
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
        message = (
            f"as indented JSON the document has at least {size:,} characters; the limit is {limit.most:,}"
        )
        hint = "remove operations, schemas and examples that the model does not need"
        yield Problem(Place(openapi), message, limit.claim, hint)


def _size(openapi: Document, enough: int) -> int:
    """The characters of the document as indented JSON. Counting stops at the first number above `enough`."""
    text = openapi.text
    packed = 0 if openapi.is_yaml else len(text) - text.count(" ") - text.count("\n")
    if packed > enough:
        return packed
    on_one_line = len(json.dumps(openapi.data))
    return on_one_line if on_one_line > enough else on_one_line + _whitespace(openapi.data)


def _whitespace(data: Any) -> int:
    """How many characters the line ends and the indentation add to JSON on one line."""
    total, depth = 0, 0
    level = [data]
    while level:
        depth += 1
        below: list[Any] = []
        for container in level:
            values = container.values() if isinstance(container, dict) else container
            # json.dumps has already put a space after each comma.
            total += len(values) * _INDENT * depth + _INDENT * (depth - 1) + 2 if values else 0
            below += [each for each in values if isinstance(each, (dict, list))]
        level = below
    return total


def asks(host: Host) -> Iterator[tuple[str, Claim]]:
    for limit in host.limits.get("document", ()):
        yield f"more than {limit.most:,} characters", limit.claim


RULE = Rule(openapi=check, asks=asks)
