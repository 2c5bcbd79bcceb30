"""The OpenAPI document is neither JSON nor YAML.

An error page, an empty answer, a tab, a colon too many: the host says only that it could not parse the document, here the mistake
has a name and a place. JSON that only a YAML reader takes, such as one with a trailing comma, works on some hosts: a warning.

Bad:

    info:
      title: Todo: the list
      version: "1"

Good:

    info:
      title: "Todo: the list"
      version: "1"
"""

from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Problem, Problems, Rule, named


def check(plugin: Plugin, host: Host) -> Problems:
    if problem := plugin.openapi_problem:
        yield Problem(problem, problem.message, "openapi-syntax", problem.hint)
    elif plugin.openapi is not None and (slip := plugin.openapi.slip):
        message = f"only a YAML reader takes this JSON: {slip.message}"
        yield Problem(slip, message, "openapi-slip", slip.hint)


RULE = Rule(plugin=check, asks=named("openapi-slip"), is_of_any_version=True)
