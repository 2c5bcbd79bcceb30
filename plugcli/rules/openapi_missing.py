"""There is no OpenAPI document here to judge.

A folder or a file is judged offline. The document is the one that `api.url` names, or a runtime of a Microsoft 365 Copilot
manifest, looked for beside the manifest; it may well be made by the server when it is asked.

Bad:

    $ ls -A
    ai-plugin.json
    $ plugcli validate .
    note: the OpenAPI document is not judged: there is no such file here [openapi-missing]

Good:

    $ ls -A
    ai-plugin.json  openapi.yaml
"""

from plugcli.copilot import runtimes
from plugcli.dialect import manifest_dialect
from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule

_HINT = "name the plugin's address to judge what its server says, or put openapi.yaml beside the manifest"


def check(plugin: Plugin, host: Host) -> Problems:
    if plugin.openapi_path is not None or plugin.manifest is None or plugin.live is not None:
        return
    dialect = manifest_dialect(plugin.manifest.data)
    if dialect in ("plugin", "baidu"):
        where = Place(plugin.manifest, "/api/url")
        message = "the OpenAPI document is not judged: there is no such file here"
        yield Problem(where, message, "openapi-missing", _HINT)
    elif dialect == "m365-copilot" and dialect in host.manifests:
        yield from _of_copilot(plugin.manifest)


def _of_copilot(manifest: Document) -> Problems:
    for runtime in runtimes(manifest):
        where, hint = Place(manifest, f"{runtime.where}/spec/url"), ""
        if runtime.openapi_url:
            message, hint = "the OpenAPI document is not judged: there is no such file here", _HINT
        elif "api_description" in runtime.spec:
            where = Place(manifest, f"{runtime.where}/spec/api_description")
            message = "the OpenAPI document is not judged: it is a text in the manifest"
            hint = "name it as a file: spec.url in place of spec.api_description"
        elif runtime.type == "RemoteMCPServer":
            message = "what the MCP server offers is not judged: it is asked when the plugin runs"
        else:
            continue
        yield Problem(where, message, "openapi-missing", hint)


RULE = Rule(plugin=check)
