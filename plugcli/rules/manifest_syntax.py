"""The manifest is not valid JSON.

Hosts read a manifest only as JSON. On localhost the browser fetches it, fails to parse it and blames CORS
(openai/plugins-quickstart#40, #45, #46, #47). This rule names the mistake itself, with its place.

Bad:

    "contact_email": "hello@plugcli.dev",

Good:

    "contact_email": "hello@plugcli.dev"
"""

from plugcli.dialect import is_copilot
from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Problem, Problems, Rule


def check(plugin: Plugin, host: Host) -> Problems:
    if problem := plugin.manifest_problem:
        yield Problem(problem, problem.message, "manifest-syntax", problem.hint)
        if _is_copilot(plugin):
            yield Problem(problem, problem.message, "manifest-syntax/copilot", problem.hint)


def _is_copilot(plugin: Plugin) -> bool:
    """Whether a text that does not parse was meant for Microsoft 365 Copilot, which reads no manifest from a server."""
    try:
        return is_copilot(plugin.read(plugin.manifest_path or ""))
    except FileNotFoundError:
        return False


RULE = Rule(plugin=check)
