"""PyYAML, which many hosts use, refuses YAML that other parsers accept.

YAML allows an anchor to be defined twice, and the later one counts; `=` and `<<` as values are strings in YAML 1.2. PyYAML's safe loader
refuses the whole document for either, as OpenAPI's own tools in Python do.

Bad:

    x-one: &answer {description: The list}
    x-two: &answer {description: The entry}
    paths: {/todos: {get: {operationId: getTodos, summary: List them., responses: {"200": *answer}}}}

Good:

    x-one: &list {description: The list}
    x-two: &entry {description: The entry}
    paths: {/todos: {get: {operationId: getTodos, summary: List them., responses: {"200": *entry}}}}
"""

from plugcli.document import Document
from plugcli.hosts import Claim, Host
from plugcli.rules import Place, Problem, Problems, Rule

_CLAIM = Claim("observed", "PyYAML 6, run; js-yaml 4 and the package yaml 2 accept it")


def check(openapi: Document, host: Host) -> Problems:
    claim = host.claims.get("yaml-refused", _CLAIM)
    for again in openapi.differences.anchors:
        message = f"the anchor &{again.name} is defined twice, first at line {again.first.line}: PyYAML refuses this"
        where = Place(openapi, again.pointer, position=again.position)
        yield Problem(where, message, claim, "rename one of the two")
    for where, scalar in openapi.differences.scalars:
        if scalar.is_refused:
            message = f"{scalar.text} without quotes has a special meaning in YAML 1.1: PyYAML refuses it"
            yield Problem(where, message, claim, f'write "{scalar.text}"')


RULE = Rule(openapi=check, is_ours=True, is_of_any_version=True)
