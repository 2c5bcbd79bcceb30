"""The `properties` of a schema is null.

In YAML a key with nothing below it is null, not empty. GPT Actions tries to loop over the properties, and fails with an error of its
programming language. For an object without properties, write `properties: {}`.

Bad:

    components: {schemas: {Todo: {type: object, properties: }}}

Good:

    components: {schemas: {Todo: {type: object, properties: {}}}}
"""

from typing import Any

from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.openapi.operation import CALLED_METHODS
from plugcli.openapi.signature import json_body, signatures
from plugcli.rules import Place, Problem, Problems, Rule


def check(openapi: Document, host: Host) -> Problems:
    schemas = openapi.get("components", "schemas")
    found: dict[str, Any] = {
        pointer.join("components", "schemas", name): schema
        for name, schema in (schemas.items() if isinstance(schemas, dict) else ())
    }
    for signature in signatures(openapi):
        if signature.operation.method not in CALLED_METHODS:
            continue
        if (body := json_body(openapi, signature)) is not None:
            found[body[0]] = body[1]
    for where, schema in found.items():
        if isinstance(schema, dict) and "properties" in schema and schema["properties"] is None:
            message = "properties is null: there is nothing below it"
            yield Problem(
                Place(openapi, f"{where}/properties"), message, "properties-null", "write properties: {}"
            )


RULE = Rule(openapi=check, is_same_for_all=True)
