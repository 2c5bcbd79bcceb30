"""Find the operation that a request is for, by its method, path and query.

A web framework's routes cannot say this: in OpenAPI `{user-id}` and `{x:y}` are parameters, a name may occur twice, and a segment may
hold several. In real documents a path may also have a query, and only the query may tell two operations apart: `/services?funcs=A`.
"""

import re
from collections.abc import Set
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from plugcli.document import Document, remembered
from plugcli.openapi.operation import Operation, operations
from plugcli.openapi.servers import servers_of

_PARAMETER = re.compile(r"\{[^{}]*\}")
_ANY = "\0"  # stands for a parameter


def operation_at(document: Document, method: str, path: str, query: str = "") -> Operation | None:
    """The operation that the request is for, or None. See `operations_at`; `method` is in capitals, as HTTP sends it."""
    found = operations_at(document, path, query)
    return next((each for each in found if each.method.upper() == method), None)


def operations_at(document: Document, path: str, query: str = "") -> tuple[Operation, ...]:
    """The operations of any method that a request for `path` may be for. The best match is the first.

    `path` and `query` are as HTTP sends them, percent-encoded: `%2F` does not end a segment. The path begins with the base path of one
    of the operation's servers. A path without it is the second choice: a proxy may have removed it. Fixed segments win over parameters
    (OpenAPI, Paths Object), and a template that asks for more of the query wins over one that asks for less.
    """
    segments = [unquote(each) for each in path.split("/")]
    pairs = set(parse_qsl(query, keep_blank_values=True))
    found = []
    for operation, templates in _templates(document):
        if ranks := [each.rank for each in templates if each.fits(segments, pairs)]:
            found.append((min(ranks), operation))
    return tuple(operation for _, operation in sorted(found, key=lambda each: each[0]))


@dataclass(frozen=True)
class _Template:
    """A path below one base path. A segment is the fixed texts around its parameters; without a parameter it is one text.

    `names` are those that the query must have, `values` the pairs that it must have. `rank` is lower for a better match.
    """

    segments: tuple[tuple[str, ...], ...]
    names: Set[str]
    values: Set[tuple[str, str]]
    rank: tuple[Any, ...]

    def fits(self, segments: list[str], pairs: Set[tuple[str, str]]) -> bool:
        return (
            len(self.segments) == len(segments)
            and all(map(_fits, self.segments, segments))
            and self.values <= pairs
            and self.names <= {name for name, _ in pairs}
        )


def _fits(texts: tuple[str, ...], segment: str) -> bool:
    """Whether `segment` is `texts` with at least one character between any two. Some regular expressions would take minutes."""
    if len(texts) == 1:
        return segment == texts[0]
    first, *middle, last = texts
    if not segment.startswith(first) or not segment.endswith(last):
        return False
    start, end = len(first), len(segment) - len(last)
    for text in middle:
        found = segment.find(text, start + 1, end)
        if found < 0:
            return False
        start = found + len(text)
    return start < end


@remembered  # a server asks for every request
def _templates(document: Document) -> tuple[tuple[Operation, tuple[_Template, ...]], ...]:
    """The operations, each with its path below each of its base paths, and below none."""
    found = []
    for operation in operations(document):
        own = _base_paths(document, operation)
        bases = dict.fromkeys((*own, ""))
        templates = (_template(base, operation.path, is_fallback=base not in own) for base in bases)
        found.append((operation, tuple(templates)))
    return tuple(found)


def _base_paths(document: Document, operation: Operation) -> list[str]:
    """The paths of the operation's servers, without a slash at the end. A relative address starts at the root, as `serve` has it."""
    found = []
    for server in servers_of(document, operation):
        try:
            found.append(urlsplit(server.absolute_url("/")).path.rstrip("/"))
        except ValueError:
            continue  # not a valid URL: a rule reports it
    return found or [""]


def _template(base: str, path: str, *, is_fallback: bool) -> _Template:
    text = _PARAMETER.sub(_ANY, f"{base}/{path.removeprefix('/')}")
    text, _, query = text.partition("#")[0].partition("?")
    segments = tuple(tuple(map(unquote, each.split(_ANY))) for each in text.split("/"))
    pairs = {each for each in parse_qsl(query, keep_blank_values=True) if _ANY not in each[0]}
    values = {each for each in pairs if _ANY not in each[1]}
    order = tuple((len(texts) > 1, -sum(map(len, texts))) for texts in segments)
    rank = (is_fallback, order, -len(values), -len(pairs))
    return _Template(segments, {name for name, _ in pairs}, values, rank)
