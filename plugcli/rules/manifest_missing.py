"""There is no manifest.

A host that reads manifests requests `/.well-known/ai-plugin.json` from the plugin's domain and nothing else. Without it nobody can
install the plugin (OpenAI's documentation, getting started). Hosts that are given only the OpenAPI document need no manifest.

Bad:

    $ ls -A
    openapi.yaml
    $ plugcli validate .
    .: error: there is no manifest here [manifest-missing]

Good:

    $ ls -A . .well-known
    .: .well-known  openapi.yaml
    .well-known: ai-plugin.json
"""

from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Problem, Problems, Rule


def check(plugin: Plugin, host: Host) -> Problems:
    if plugin.scope == "plugin" and plugin.manifest_path is None:
        hint = "put it at .well-known/ai-plugin.json"
        document = plugin.openapi_path or plugin.nearby
        if document is not None:
            hint += f", or validate {document} to judge only the OpenAPI document"
        yield Problem(None, "there is no manifest here", "manifest-missing", hint)


RULE = Rule(plugin=check)
