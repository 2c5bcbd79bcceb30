"""`components` has no `schemas`.

OpenAPI allows this, but OpenAI's parser does not: the plugin fails when a chat starts. An empty object is enough.

Bad:

    components:
      securitySchemes: {}

Good:

    components:
      schemas: {}
      securitySchemes: {}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule


def check(openapi: Document, host: Host) -> Problems:
    if "components" not in openapi.data or isinstance(openapi.get("components", "schemas"), dict):
        return
    if isinstance(openapi.data["components"], dict):
        where, message = "/components/schemas", "components must have a member schemas that is an object"
    else:
        where, message = "/components", "components is not an object"
    yield Problem(Place(openapi, where), message, "components-schemas", "add schemas: {} to components")


RULE = Rule(openapi=check)
