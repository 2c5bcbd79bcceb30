"""There are more tools than the model's API accepts.

Every operation becomes one function in the list that the model gets with each message. Models' APIs refuse the whole request if the
list is too long. Long before that, the model begins to choose the wrong function.

Bad:

    paths:
      {/p1: &item {get: &get {operationId: p, summary: One.}, put: *get, post: *get, delete: *get, patch: *get},
      /p2: *item, /p3: *item, /p4: *item, /p5: *item, /p6: *item, /p7: *item, /p8: *item, /p9: *item, /p10: *item,
      /p11: *item, /p12: *item, /p13: *item, /p14: *item, /p15: *item, /p16: *item, /p17: *item, /p18: *item, /p19:
      *item, /p20: *item, /p21: *item, /p22: *item, /p23: *item, /p24: *item, /p25: *item, /p26: *item}

Good:

    paths: {/todos: {get: {operationId: getTodos, summary: List the entries., responses: {"200": {description: The list}}}}}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.openapi.tool import tools
from plugcli.rules import Place, Problem, Problems, Rule, exceeded, measured


def check(openapi: Document, host: Host) -> Problems:
    limits = host.limits.get("tools", ())
    if host.tools is None or not limits:
        return
    number = len(tools(openapi, host.tools))
    if limit := exceeded(limits, number):
        message = f"the operations become {number} tools, {number - limit.most} more than {limit.most}"
        hint = "give each host a document with only the operations that its users need"
        yield Problem(Place(openapi, "/paths"), message, limit.claim, hint, {"number": number})


RULE = Rule(openapi=check, asks=measured("tools"))
