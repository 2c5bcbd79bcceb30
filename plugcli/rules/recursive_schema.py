"""A schema contains itself.

A tree of comments, a category with sub-categories: OpenAPI allows it. ChatGPT writes schemas out for
the model, which has no end here; six approved plugins have one, GPT Actions refuses them.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule

_PREFIX = "#/components/schemas/"


def check(openapi: Document, host: Host) -> Problems:
    schemas = openapi.get("components", "schemas")
    if not isinstance(schemas, dict):
        return
    uses = {name: sorted(set(_used(schema)) & schemas.keys()) for name, schema in schemas.items()}
    reported: set[str] = set()
    for name in schemas:
        cycle = _cycle(name, uses)
        if cycle and not reported.intersection(cycle):
            reported.update(cycle)
            where = Place(openapi, pointer.join("components", "schemas", name))
            chain = " -> ".join([*cycle, name])
            yield Problem(where, f"the schema {name} contains itself: {chain}", "recursive-schema")


def _used(schema: Any) -> Iterator[str]:
    """Names of the schemas that `schema` refers to."""
    waiting, seen = [schema], set()
    while waiting:
        value = waiting.pop()
        if not isinstance(value, (dict, list)) or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, dict):
            reference = value.get("$ref")
            if isinstance(reference, str) and reference.startswith(_PREFIX):
                yield pointer.split(unquote(reference[1:]))[2]
            waiting.extend(each for key, each in value.items() if key not in ("example", "examples", "enum"))
        else:
            waiting.extend(value)


def _cycle(start: str, uses: dict[str, list[str]]) -> list[str]:
    """The shortest chain of schemas that leads from `start` back to it, empty where there is none."""
    came_from: dict[str, str] = {}
    waiting = [start]
    while waiting:
        following = []
        for name in waiting:
            for used in uses[name]:
                if used == start:
                    chain = [name]
                    while chain[-1] != start:
                        chain.append(came_from[chain[-1]])
                    return chain[::-1]
                if used not in came_from:
                    came_from[used] = name
                    following.append(used)
        waiting = following
    return []


RULE = Rule(openapi=check)
