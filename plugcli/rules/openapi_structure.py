"""The host's parser refuses the form of the OpenAPI document.

A host reads the document into its own classes before it looks at what it says, and one member of the wrong type is the end of it:
`required: true` on a property, a version that YAML reads as a number, a response without a description. GPT Actions prints the
complaints of a library that anybody can run (openapi-pydantic 0.5.1); here they have a place, a sentence and a way out. What the
specification says is the rule openapi-schema.

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
