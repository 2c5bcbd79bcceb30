"""A schema contains itself.

OpenAPI allows this, for example for a tree of comments or a category with sub-categories. But hosts that expand schemas for the model
never reach an end. Six approved plugins have such a schema; GPT Actions refuses them.

Bad:

    components:
      schemas:
        Todo:
          type: object
          properties:
            parts: {type: array, items: {$ref: "#/components/schemas/Todo"}}

Good:

    components:
      schemas:
        Todo:
          type: object
          properties:
            parts: {type: array, items: {type: string, description: The id of another entry}}
"""

from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.openapi.recursion import recursive_schemas
from plugcli.rules import Place, Problem, Problems, Rule


def check(openapi: Document, host: Host) -> Problems:
    for name, cycle in recursive_schemas(openapi):
        where = Place(openapi, pointer.join("components", "schemas", name))
        chain = " -> ".join([*cycle, name])
        hint = f"break the cycle: give the inner {cycle[-1]} its own schema, one that does not refer back"
        yield Problem(where, f"the schema {name} contains itself: {chain}", "recursive-schema", hint)


RULE = Rule(openapi=check, is_same_for_all=True)
