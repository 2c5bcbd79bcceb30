"""The description of a parameter is longer than the host allows.

OpenAI's documentation said 200 characters for plugins, later 700 for GPT Actions; no approved plugin exceeds 700. Properties of a
request body have no such limit.

Bad:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries
          parameters:
            - name: user
              in: query
              schema: {type: string}
              description: |
                Whose list. Whoever reads this learns what a name may hold, who has given it, where it comes from, how long it lasts, why
                it is asked for, and much more that the model does not need here: above 200 characters of it.
          responses: {"200": {description: The list}}

Good:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries
          parameters:
            - {name: user, in: query, schema: {type: string}, description: Whose list}
          responses: {"200": {description: The list}}
"""

from collections.abc import Iterator

from plugcli.document import Document
from plugcli.hosts import Claim, Host
from plugcli.openapi.signature import signatures
from plugcli.rules import Place, Problem, Problems, Rule, exceeded


def check(openapi: Document, host: Host) -> Problems:
    limits = host.limits.get("parameter.description", ())
    # One parameter may belong to several operations.
    found = {each.where: each.parameter for signature in signatures(openapi) for each in signature.declared}
    for where, parameter in found.items():
        text = parameter.get("description")
        length = len(text.strip()) if isinstance(text, str) else 0
        if limit := exceeded(limits, length):
            name = parameter.get("name")
            message = f"the description of the parameter {name} has {length:,} characters: the limit is {limit.most:,}"
            hint = "say what it is and give one example; put a list of values into enum"
            yield Problem(Place(openapi, f"{where}/description"), message, limit.claim, hint)


def asks(host: Host) -> Iterator[tuple[str, Claim]]:
    for limit in host.limits.get("parameter.description", ()):
        yield f"over {limit.most:,}", limit.claim


RULE = Rule(openapi=check, asks=asks)
