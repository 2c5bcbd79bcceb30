"""The model is shown the summary, not the description.

ChatGPT used the description, and the summary only if there was none. Some hosts do the opposite, and there the model never sees the
description.

Bad:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries
          description: List the entries, the newest first; each has an id, which the other operations take
          responses: {"200": {description: The list}}

Good:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries, the newest first; each has an id, which the other operations take
          responses: {"200": {description: The list}}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.tool import tools
from plugcli.rules import Place, Problem, Problems, Rule


def check(openapi: Document, host: Host) -> Problems:
    if host.tools is None or "summary-first" not in host.claims:
        return
    for tool in tools(openapi, host.tools):
        description = tool.operation.data.get("description")
        # Nothing is lost if the description says no more than the summary.
        if (
            tool.text == "summary"
            and isinstance(description, str)
            and len(description) > len(tool.description)
        ):
            message = f"the model is shown only the summary of {tool.operation.title}, which is shorter"
            hint = "say in the summary what the model must know, or remove the summary"
            where = Place(openapi, f"{tool.operation.where}/description", of_key=True)
            yield Problem(where, message, "summary-first", hint)


RULE = Rule(openapi=check)
