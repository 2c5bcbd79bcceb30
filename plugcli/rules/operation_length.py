"""The description or summary of an operation is longer than the host allows.

OpenAI's documentation said 200 characters for plugins. The measured limit was 300, and only one approved plugin exceeds it; GPT Actions
allows 300. What the model must know about the plugin as a whole belongs in `description_for_model`.

Bad:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: |
            List the entries. Whoever reads this learns how the list is sorted, what each entry may hold, who can see it, when it was
            changed, how often it may be asked for, and much more that the model does not need here: above 200 characters of it.
          responses: {"200": {description: The list}}

Good:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries, the newest first
          responses: {"200": {description: The list}}
"""

from collections.abc import Iterator

from plugcli.document import Document
from plugcli.hosts import Claim, Host
from plugcli.openapi.operation import operations
from plugcli.openapi.tool import tools
from plugcli.rules import Place, Problem, Problems, Rule, exceeded, measured


def check(openapi: Document, host: Host) -> Problems:
    for operation in operations(openapi):
        for name in ("description", "summary"):
            text = operation.data.get(name)
            length = len(text.strip()) if isinstance(text, str) else 0
            limit = exceeded(host.limits.get(f"operation.{name}", ()), length)
            if limit is None:
                continue
            message = f"the {name} of {operation.title} has {length:,} characters"
            words = {**operation.words, "length": length}
            hint = f"shorten it to at most {limit.most:,} characters"
            yield Problem(Place(openapi, f"{operation.where}/{name}"), message, limit.claim, hint, words)
    yield from _of_tools(openapi, host)


def _of_tools(openapi: Document, host: Host) -> Problems:
    limits = host.limits.get("tool.description", ())
    for tool in tools(openapi, host.tools) if host.tools is not None and limits else ():
        length = len(tool.description)
        if limit := exceeded(limits, length):
            message = f"the {tool.text} of {tool.operation.title} has {length:,} characters"
            hint = f"shorten it to at most {limit.most:,} characters"
            words = {"index": tool.index, "length": length, "name": tool.name}
            yield Problem(
                Place(openapi, f"{tool.operation.where}/{tool.text}"), message, limit.claim, hint, words
            )


def asks(host: Host) -> Iterator[tuple[str, Claim]]:
    for name in ("description", "summary"):
        for limit in host.limits.get(f"operation.{name}", ()):
            yield f"{name} over {limit.most:,}", limit.claim
    yield from measured("tool.description")(host)


RULE = Rule(openapi=check, asks=asks)
