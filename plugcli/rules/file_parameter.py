"""`openaiFileIdRefs` is not what the host fills with files.

Files from a conversation reach the API in a member of that name: an array of strings in the body of a POST (OpenAI, sending files with
GPT Actions). The host puts objects into it, with name, id, mime_type and a download_link that works for five minutes; the declaration
says strings all the same. Of any other form the host takes no notice.

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
                    "put it into the body of a POST",
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
            message, hint = f"{_NAME} is sent by {operation.title}", "make it a POST"
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
