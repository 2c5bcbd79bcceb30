"""The file in the place of the manifest is something else.

Microsoft 365 Copilot and Baidu use the same file name for formats of their own, and files get mixed up. One sentence says which
format it is, in place of one for every member that the host's own format does not have.

Bad:

    "$schema": "https://developer.microsoft.com/json-schemas/copilot/plugin/v2.2/schema.json"

Good:

    "schema_version": "v1"
"""

from plugcli.dialect import MANIFEST_DIALECTS, manifest_dialect
from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule

_MEMBERS = {
    "plugin": "ChatGPT's manifest has name_for_model, description_for_model, auth and api",
    "m365-copilot": "Microsoft 365 Copilot has a manifest of its own, with namespace, functions and runtimes, and does not read this",
}


def check(plugin: Plugin, host: Host) -> Problems:
    if plugin.manifest is None or not host.manifests:
        return
    data = plugin.manifest.data
    dialect = manifest_dialect(data)
    if dialect not in host.manifests:
        where = Place(plugin.manifest, "/$schema" if "$schema" in data else "")
        hint = _MEMBERS.get(host.manifests[0], "")
        # A host with a format of its own is judged by the OpenAPI document all the same.
        if "plugin" in host.manifests:
            yield Problem(where, MANIFEST_DIALECTS[dialect], "manifest-dialect/other", hint)
        else:
            yield Problem(where, MANIFEST_DIALECTS[dialect], "manifest-dialect/own", hint)
    elif dialect == "baidu":
        message = "`examples` is a member of Baidu Yiyan's manifests, and of no other"
        yield Problem(
            Place(plugin.manifest, "/examples"),
            message,
            "manifest-dialect/baidu",
            "leave it to the manifest that Baidu gets",
        )


RULE = Rule(plugin=check)
