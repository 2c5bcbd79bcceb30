"""The OpenAPI document breaks the specification.

Judged by the schemas of openapi-spec-validator, the authority on OpenAPI. Chat hosts load many such documents all the same: three
in ten approved plugins have one, and so has OpenAI's own quickstart (`required: true` in a property). Code generators refuse them,
and some hosts do.

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
from plugcli.rules import Place, Problem, Problems, Rule
from plugcli.specification import faults


def check(openapi: Document, host: Host) -> Problems:
    for fault in faults(openapi):
        where = Place(openapi, fault.where, of_key=fault.of_key)
        yield Problem(where, fault.message, "openapi-schema", fault.hint)


RULE = Rule(openapi=check)
