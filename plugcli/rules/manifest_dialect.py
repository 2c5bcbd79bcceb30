"""The file in the place of the manifest is something else.

Microsoft 365 Copilot and Baidu use the same file name for formats of their own, and files get mixed up. One sentence says which
format it is, in place of one for every member that this format does not have.

Bad:

    "$schema": "https://developer.microsoft.com/json-schemas/copilot/plugin/v2.2/schema.json"

Good:

    "schema_version": "v1"
"""

from plugcli.dialect import manifest_dialect
from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule

_FORMATS = {
    "m365-copilot": "this is a manifest of Microsoft 365 Copilot, another format of the same file name",
    "agent-plugin": "this is a plugin.json of the Agent Plugins format, not the manifest of a chat plugin",
    "openapi": "this is an OpenAPI document, not a manifest",
    "other": "this is not a plugin's manifest: it has none of the members of one",
}


def check(plugin: Plugin, host: Host) -> Problems:
    if plugin.manifest is None:
        return
    dialect = manifest_dialect(plugin.manifest.data)
    where = Place(plugin.manifest, "/$schema" if "$schema" in plugin.manifest.data else "")
    if dialect == "baidu":
        yield Problem(
            Place(plugin.manifest, "/examples"),
            "`examples` is a member of Baidu Yiyan's manifests, and of no other",
            "manifest-dialect/baidu",
        )
    elif message := _FORMATS.get(dialect):
        hint = "ChatGPT's manifest has name_for_model, description_for_model, auth and api"
        yield Problem(where, message, "manifest-dialect/other", hint)


RULE = Rule(plugin=check)
