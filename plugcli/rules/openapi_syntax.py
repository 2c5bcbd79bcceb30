"""The OpenAPI document is neither JSON nor YAML.

An error page, an empty answer, a tab, an extra colon: the host says only that it could not parse the document, but this rule names
the mistake and its place. JSON that only a YAML parser accepts, such as JSON with a trailing comma, works on some hosts and gets a
warning. If plugcli's own parser refuses a document that the host's parser may accept, the document is not judged.

Bad:

    info:
      title: Todo: the list
      version: "1"

Good:

    info:
      title: "Todo: the list"
      version: "1"
"""

from plugcli.hosts import Claim, Host
from plugcli.plugin import Plugin
from plugcli.rules import Problem, Problems, Rule, named

_DOUBTED = Claim("observed", "PyYAML 6, js-yaml 4 and the package yaml 2, run", leaves_open=True)


def check(plugin: Plugin, host: Host) -> Problems:
    problem = plugin.openapi_problem
    if problem and host.yaml is not None and host.yaml.version in problem.doubted_by:
        message = (
            f"not judged: this host's YAML parser may accept it, but plugcli's does not: {problem.message}"
        )
        yield Problem(problem, message, _DOUBTED, problem.hint)
    elif problem:
        yield Problem(problem, problem.message, "openapi-syntax", problem.hint)
    elif plugin.openapi is not None and (slip := plugin.openapi.slip):
        message = f"only a YAML parser accepts this JSON: {slip.message}"
        yield Problem(slip, message, "openapi-slip", slip.hint)
    if plugin.openapi is not None and host.yaml is not None and host.yaml.version == "1.2":
        for where, refused in plugin.openapi.differences.refused:
            claim = "openapi-syntax/tag" if refused.is_tag else "openapi-syntax"
            message = f"{refused.message}: the host's YAML parser refuses it"
            yield Problem(where, message, claim, refused.hint)


RULE = Rule(plugin=check, asks=named("openapi-slip", "openapi-syntax/tag"), is_of_any_version=True)
