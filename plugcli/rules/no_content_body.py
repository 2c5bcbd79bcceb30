"""A response whose status allows no content has content.

204 and 304 end with the headers (RFC 9110, 15.3.5 and 15.4.5). No answer ever matches a schema there, and a generator makes a client that
waits for one (microsoft/kiota, NoContentWithBody).

Bad:

    paths:
      /todos:
        delete:
          operationId: deleteTodos
          description: Delete all todos.
          responses: {"204": {description: Done., content: {application/json: {schema: {type: object}}}}}

Good:

    paths:
      /todos:
        delete:
          operationId: deleteTodos
          description: Delete all todos.
          responses: {"204": {description: Done.}}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.operation import operations
from plugcli.rules import Place, Problem, Problems, Rule


def check(openapi: Document, host: Host) -> Problems:
    for operation in operations(openapi):
        responses = operation.data.get("responses")
        for code, response in responses.items() if isinstance(responses, dict) else ():
            if code in ("204", "304") and isinstance(response, dict) and response.get("content"):
                where = Place(openapi, f"{operation.where}/responses/{code}/content", of_key=True)
                message = f"{operation.title} describes content for {code}, a status without content"
                yield Problem(where, message, "no-content-body", "remove content, or answer 200")


RULE = Rule(openapi=check, is_same_for_all=True)
