"""An operation with GET, HEAD or DELETE has a request body.

HTTP gives such a body no meaning: servers, proxies and browsers drop or refuse it (RFC 9110, 9.3.1 and 9.3.5). OpenAI's own
quickstart has one on DELETE, and ChatGPT accepted it.

Bad:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries
          requestBody:
            content: {application/json: {schema: {type: object, properties: {user: {type: string}}}}}
          responses: {"200": {description: The list}}

Good:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries
          parameters: [{name: user, in: query, schema: {type: string}}]
          responses: {"200": {description: The list}}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.operation import operations
from plugcli.rules import Place, Problem, Problems, Rule


def check(openapi: Document, host: Host) -> Problems:
    for operation in operations(openapi):
        method = operation.method.upper()
        if method in ("GET", "HEAD", "DELETE") and operation.data.get("requestBody"):
            message = f"{operation.title} has a request body, which has no meaning with {method}"
            hint = "use a parameter in the path or the query, or use POST"
            yield Problem(
                Place(openapi, f"{operation.where}/requestBody"), message, "request-body-method", hint
            )


RULE = Rule(openapi=check, is_same_for_all=True)
