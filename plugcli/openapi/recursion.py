"""Schemas of an OpenAPI document that contain themselves."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from plugcli.document import Document, pointer, remembered

# Enough to see the pattern if a generator has connected everything with everything.
_MOST_SCHEMAS = 1000
_EXAMPLES = ("example", "examples", "enum")
_PREFIX = "#/components/schemas/"


@remembered
def recursive_schemas(openapi: Document) -> tuple[tuple[str, list[str]], ...]:
    """The name of a schema in each cycle, and the names from it round the cycle."""
    return tuple(_recursive_schemas(openapi))


def _recursive_schemas(openapi: Document) -> Iterator[tuple[str, list[str]]]:
    schemas = openapi.get("components", "schemas")
    if not isinstance(schemas, dict):
        return
    uses = {name: sorted(set(_used(schema)) & schemas.keys()) for name, schema in schemas.items()}
    reported: set[str] = set()
    for name in _near_cycles(uses):
        cycle = _cycle(name, uses) if name not in reported and len(reported) < _MOST_SCHEMAS else []
        if cycle and not reported.intersection(cycle):
            reported.update(cycle)
            yield name, cycle


def _used(schema: Any) -> Iterator[str]:
    """Names of the schemas that `schema` refers to."""
    waiting, seen = [schema], set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if type(value) is dict:
            reference = value.get("$ref")
            if isinstance(reference, str) and reference.startswith(_PREFIX):
                yield pointer.split(unquote(reference[1:]))[2]
            waiting += [
                each
                for key, each in value.items()
                if (type(each) is dict or type(each) is list) and key not in _EXAMPLES
            ]
        elif type(value) is list:
            waiting += [each for each in value if type(each) is dict or type(each) is list]


def _near_cycles(uses: dict[str, list[str]]) -> list[str]:
    """The schemas that are in a cycle or lead to one: what is left after repeatedly removing the schemas that
    use no other."""
    users: dict[str, list[str]] = {name: [] for name in uses}
    for name, used in uses.items():
        for each in used:
            users[each].append(name)
    open_uses = {name: len(used) for name, used in uses.items()}
    done = [name for name, number in open_uses.items() if number == 0]
    for name in done:
        for user in users[name]:
            open_uses[user] -= 1
            if open_uses[user] == 0:
                done.append(user)
    finished = set(done)
    return [name for name in uses if name not in finished]


def _cycle(start: str, uses: dict[str, list[str]]) -> list[str]:
    """The shortest chain of schemas that leads from `start` back to it; empty if there is none."""
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
