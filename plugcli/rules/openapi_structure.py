"""The host's parser refuses the structure of the OpenAPI document.

A host reads the document into its own classes before anything else, and a single member of the wrong type makes that fail:
`required: true` on a property, a version that YAML reads as a number, a response without a description. GPT Actions prints the
errors of a library that anybody can run (openapi-pydantic 0.5.1); this rule gives each a place, a sentence and a fix. The rule
openapi-schema checks the document against the specification.

Bad:

    info: {title: Todo list, version: 1.0}

Good:

    info: {title: Todo list, version: "1.0"}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.specification import faults_for_parser
from plugcli.rules import Place, Problem, Problems, Rule, is_version_judged


def check(openapi: Document, host: Host) -> Problems:
    if host.structure is None or not is_version_judged(openapi, host):
        return
    for fault in faults_for_parser(openapi, host.structure):
        where = Place(openapi, fault.where, of_key=fault.of_key)
        yield Problem(where, fault.message, "openapi-structure", fault.hint)


RULE = Rule(openapi=check)
