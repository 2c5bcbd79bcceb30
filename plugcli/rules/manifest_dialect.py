"""The manifest file has another format.

Microsoft 365 Copilot and Baidu use the same file name for their own formats, and files get mixed up. This rule says once which
format the file has, so that not every unknown member is reported.

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
    "m365-copilot": "Microsoft 365 Copilot has its own manifest, with namespace, functions and runtimes, and does not read this",
}


def check(plugin: Plugin, host: Host) -> Problems:
    if plugin.manifest is None or not host.manifests:
        return
    data = plugin.manifest.data
    dialect = manifest_dialect(data)
    if dialect not in host.manifests:
        where = Place(plugin.manifest, "/$schema" if "$schema" in data else "")
        hint = _MEMBERS.get(host.manifests[0], "")
        # For a host with its own format, the OpenAPI document is judged all the same.
        if "plugin" in host.manifests:
            yield Problem(where, MANIFEST_DIALECTS[dialect], "manifest-dialect/other", hint)
        else:
            yield Problem(where, MANIFEST_DIALECTS[dialect], "manifest-dialect/own", hint)
    elif dialect == "baidu":
        message = "only Baidu Yiyan's manifests have a member `examples`"
        yield Problem(
            Place(plugin.manifest, "/examples"),
            message,
            "manifest-dialect/baidu",
            "keep it only in the manifest for Baidu",
        )


RULE = Rule(plugin=check)
