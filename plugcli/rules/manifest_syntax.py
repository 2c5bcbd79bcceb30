"""The manifest is not JSON.

Hosts read JSON here and nothing else. On localhost the browser fetches the manifest, fails to parse it and blames CORS
(openai/plugins-quickstart#40, #45, #46, #47): the mistake itself is named here, at its place.

Bad:

    "contact_email": "hello@plugcli.dev",

Good:

    "contact_email": "hello@plugcli.dev"
"""

from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Problem, Problems, Rule


def check(plugin: Plugin, host: Host) -> Problems:
    if problem := plugin.manifest_problem:
        yield Problem(problem, problem.message, "manifest-syntax", problem.hint)


RULE = Rule(plugin=check)
