"""An argument has a name that models' APIs do not accept.

A query parameter may be called `filter[id]` or `$top`, but the argument of a tool may not. The API refuses the whole request, with
every tool in it, even those of other plugins (anthropics/claude-code#79418).

Bad:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries
          parameters: [{name: "filter[done]", in: query, schema: {type: boolean}}]
          responses: {"200": {description: The list}}

Good:

    paths:
      /todos:
        get:
          operationId: getTodos
          summary: List the entries
          parameters: [{name: done, in: query, schema: {type: boolean}}]
          responses: {"200": {description: The list}}
"""

import re

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.tool import tools
from plugcli.rules import Place, Problem, Problems, Rule, measured


def check(openapi: Document, host: Host) -> Problems:
    forms = [(re.compile(form.pattern), form) for form in host.forms.get("tool.argument", ())]
    if host.tools is None or not forms:
        return
    seen = set()
    for tool in tools(openapi, host.tools):
        for argument in tool.arguments:
            if argument.where in seen:  # one parameter may belong to many operations
                continue
            seen.add(argument.where)
            form = next((form for pattern, form in forms if not pattern.fullmatch(argument.name)), None)
            if form is not None:
                # A property is named by its key, a parameter by its member `name`.
                is_key = argument.location == "body"
                where = Place(openapi, argument.where if is_key else f"{argument.where}/name", of_key=is_key)
                message = f"{argument.name} is not a valid name for an argument: use letters, digits and _"
                better = re.sub(r"[^A-Za-z0-9_]+", "_", argument.name).strip("_")[:64]
                hint = f"for example {better}" if better and better != argument.name else ""
                yield Problem(where, message, form.claim, hint, {"index": tool.index, "name": tool.name})


RULE = Rule(openapi=check, asks=measured("tool.argument"))
