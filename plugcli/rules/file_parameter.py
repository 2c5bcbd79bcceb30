"""`openaiFileIdRefs` is declared in a form that the host does not fill with files.

The host sends files of a conversation in a member of that name, which must be an array of strings in the body of a POST (OpenAI, sending
files with GPT Actions). In fact the host sends objects, with name, id, mime_type and a download_link that works for five minutes, but the
declaration must say strings. The host ignores any other form.

Bad:

    paths: {/read: {post: {operationId: readFile, summary: Read a file., responses: {"200": {description: Its text}},
      requestBody: {content: {application/json: {schema: {type: object, properties: {
        openaiFileIdRefs: {type: string}}}}}}}}}

Good:

    paths: {/read: {post: {operationId: readFile, summary: Read a file., responses: {"200": {description: Its text}},
      requestBody: {content: {application/json: {schema: {type: object, properties: {
        openaiFileIdRefs: {type: array, items: {type: string}}}}}}}}}}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.operation import follow
from plugcli.openapi.signature import json_body, signatures
from plugcli.rules import Place, Problem, Problems, Rule

_NAME = "openaiFileIdRefs"


def check(openapi: Document, host: Host) -> Problems:
    for signature in signatures(openapi) if _NAME in openapi.text else ():
        operation = signature.operation
        for declared in signature.declared:
            if declared.name == _NAME:
                message, hint = (
                    f"{_NAME} is a parameter of {operation.title}",
                    "move it to the body of a POST",
                )
                yield Problem(Place(openapi, declared.where), message, "file-parameter", hint)
        body = json_body(openapi, signature)
        properties = body[1].get("properties") if body else None
        if body is None or not isinstance(properties, dict) or _NAME not in properties:
            continue
        where, schema = follow(openapi, f"{body[0]}/properties/{_NAME}", properties[_NAME])
        items = schema.get("items") if isinstance(schema, dict) else None
        items = follow(openapi, where, items)[1]
        if operation.method != "post":
            message, hint = f"{_NAME} is in the body of {operation.title}", "make it a POST"
        elif (
            not isinstance(schema, dict)
            or schema.get("type") != "array"
            or not isinstance(items, dict)
            or items.get("type") != "string"
        ):
            message, hint = (
                f"{_NAME} is not an array of strings",
                "write {type: array, items: {type: string}}",
            )
        else:
            continue
        yield Problem(Place(openapi, where), message, "file-parameter", hint)


RULE = Rule(openapi=check, is_same_for_all=True)
