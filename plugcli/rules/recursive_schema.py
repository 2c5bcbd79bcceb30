"""A schema contains itself.

A tree of comments, a category with sub-categories: OpenAPI allows it. Hosts that write schemas out for the model find no end
here; six approved plugins have one, GPT Actions refuses them.

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
        hint = (
            f"cut the circle: describe the inner {cycle[-1]} by a schema of its own that does not lead back"
        )
        yield Problem(where, f"the schema {name} contains itself: {chain}", "recursive-schema", hint)


RULE = Rule(openapi=check, is_same_for_all=True)
