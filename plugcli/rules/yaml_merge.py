"""A merge key, `<<`, merges nothing for a host whose YAML parser does not support it.

YAML 1.2 has no merge keys, but PyYAML and js-yaml merge all the same. js-yaml with the schema that Microsoft's parser sets, and the
package yaml by default, treat `<<` as an ordinary key, and the OpenAPI specification has no such member.

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

# Below these is data, and below x- an extension: any key is allowed there. Below the others the author chooses every name.
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
_MESSAGE = "the merge key << merges nothing: to this host's YAML parser it is an ordinary key"


def check(openapi: Document, host: Host) -> Problems:
    for around, position in openapi.differences.merges:
        parts = pointer.split(around)
        is_data = any(
            (part in _DATA or part.startswith("x-")) and before not in _NAMES
            for before, part in pairwise(["", *parts])
        )
        claim = "yaml-merge/data" if is_data and "yaml-merge/data" in host.claims else "yaml-merge"
        where = Place(openapi, pointer.join(*parts, "<<"), of_key=True, position=position)
        yield Problem(where, _MESSAGE, claim, "write the merged members here, or use the alias alone")


RULE = Rule(openapi=check, is_of_any_version=True)
