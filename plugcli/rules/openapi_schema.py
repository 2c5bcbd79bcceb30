"""The OpenAPI document violates the specification.

This rule uses the schemas of openapi-spec-validator, the authority on OpenAPI, and for 3.1 the specification's own schema of August 2026,
which corrects some misprints. Chat hosts load many such documents all the same: three in ten approved plugins have one, and so has
OpenAI's own quickstart (`required: true` in a property). Code generators refuse them, and so do some hosts.

Bad:

    components:
      schemas:
        Todo:
          type: object
          properties:
            text: {type: string, required: true}

Good:

    components:
      schemas:
        Todo:
          type: object
          required: [text]
          properties:
            text: {type: string}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.recursion import recursive_schemas
from plugcli.openapi.specification import faults
from plugcli.rules import Place, Problem, Problems, Rule, is_version_judged


def check(openapi: Document, host: Host) -> Problems:
    if not is_version_judged(openapi, host):
        return
    is_circular = "openapi-schema/circular" in host.claims and bool(recursive_schemas(openapi))
    for fault in faults(openapi):
        where = Place(openapi, fault.where, of_key=fault.of_key)
        claim = "openapi-schema/circular" if is_circular else "openapi-schema"
        yield Problem(where, fault.message, claim, fault.hint)


RULE = Rule(openapi=check)
