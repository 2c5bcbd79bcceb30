"""A merge key, `<<`, merges nothing for a host whose reader of YAML does not know it.

YAML 1.2 has no merge keys. PyYAML and js-yaml merge all the same; js-yaml with the schema that Microsoft's parser asks for, and the
package yaml unless it is told to, take `<<` for a key like any other, and the specification has no such member.

Bad:

    x-common: &common {description: The list}
    paths: {/todos: {get: {operationId: getTodos, summary: List them., responses: {"200": {<<: *common}}}}}

Good:

    x-common: &common {description: The list}
    paths: {/todos: {get: {operationId: getTodos, summary: List them., responses: {"200": *common}}}}
"""

from itertools import pairwise

from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule

# What stands below these is data, and below x- an extension: any key may be there. Below the others each name is the author's own.
_DATA = ("example", "default", "enum", "const", "value")
_NAMES = (
    "properties",
    "responses",
    "schemas",
    "parameters",
    "headers",
    "examples",
    "links",
    "callbacks",
    "variables",
)
_MESSAGE = "the merge key << merges nothing for this host's reader of YAML, and is a key like any other"


def check(openapi: Document, host: Host) -> Problems:
    for around, position in openapi.differences.merges:
        parts = pointer.split(around)
        is_data = any(
            (part in _DATA or part.startswith("x-")) and before not in _NAMES
            for before, part in pairwise(["", *parts])
        )
        claim = "yaml-merge/data" if is_data and "yaml-merge/data" in host.claims else "yaml-merge"
        where = Place(openapi, pointer.join(*parts, "<<"), of_key=True, position=position)
        yield Problem(where, _MESSAGE, claim, "write its members out, or use the alias alone")


RULE = Rule(openapi=check, is_of_any_version=True)
