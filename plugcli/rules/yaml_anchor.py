"""A YAML anchor is given twice.

YAML 1.2 lets a later anchor take the place of an earlier one of the same name; PyYAML, with which many hosts read, refuses the whole
document.

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

_CLAIM = Claim("observed", "PyYAML 6, run: found duplicate anchor")


def check(openapi: Document, host: Host) -> Problems:
    for again in openapi.anchored_again:
        message = (
            f"the anchor &{again.name} is given again, first at line {again.first.line}: PyYAML refuses it"
        )
        where = Place(openapi, again.pointer, position=again.position)
        yield Problem(where, message, host.claims.get("yaml-anchor", _CLAIM), "give it another name")


RULE = Rule(openapi=check, is_ours=True)
