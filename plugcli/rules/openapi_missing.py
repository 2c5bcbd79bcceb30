"""There is no OpenAPI document here to judge.

plugcli validates a folder or a file offline. It looks beside the manifest for the document that `api.url` names, or that a runtime
of a Microsoft 365 Copilot manifest names. The server may well generate the document when a host requests it.

Bad:

    $ ls -A
    ai-plugin.json
    $ plugcli validate .
    note: the OpenAPI document is not judged: there is no such file here [openapi-missing]

Good:

    $ ls -A
    ai-plugin.json  openapi.yaml
"""

from plugcli.address import address
from plugcli.dialect import manifest_dialect
from plugcli.document import Document
from plugcli.exchange import Exchanges
from plugcli.hosts import Host
from plugcli.m365 import runtimes
from plugcli.missing import missing_files
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule

_HINT = "validate the plugin's URL to judge what its server sends, or put openapi.yaml beside the manifest"


def check(plugin: Plugin, host: Host) -> Problems:
    if plugin.openapi_path is not None or plugin.manifest is None:
        return
    if plugin.live is not None:
        yield from _unasked(plugin, plugin.manifest, plugin.live)
        return
    dialect = manifest_dialect(plugin.manifest.data)
    if dialect in ("plugin", "baidu"):
        where = Place(plugin.manifest, "/api/url")
        file = next(
            (each.file for each in missing_files(plugin) if each.pointer == where.pointer), "such file"
        )
        message = f"the OpenAPI document is not judged: there is no {file} here"
        yield Problem(where, message, "openapi-missing", _HINT + _nearby(plugin))
    elif dialect == "m365-copilot" and dialect in host.manifests:
        yield from _of_copilot(plugin.manifest)


def _unasked(plugin: Plugin, manifest: Document, live: Exchanges) -> Problems:
    """The manifest names a document that a host would not request, so plugcli did not request it."""
    url = manifest.get("api", "url")
    if live.of("openapi") or not isinstance(url, str) or not address(url).host:
        return
    message = f"the OpenAPI document is not judged: {url} is not on the plugin's own domain, so it was not requested"
    hint = f"validate it directly: {plugin.nearby or url}"
    yield Problem(Place(manifest, "/api/url"), message, "openapi-missing", hint)


def _nearby(plugin: Plugin) -> str:
    return f"; {plugin.nearby} is an OpenAPI document: validate it directly" if plugin.nearby else ""


def _of_copilot(manifest: Document) -> Problems:
    for runtime in runtimes(manifest):
        where, hint = Place(manifest, f"{runtime.where}/spec/url"), ""
        if runtime.openapi_url:
            message, hint = "the OpenAPI document is not judged: the file is not here", _HINT
        elif "api_description" in runtime.spec:
            where = Place(manifest, f"{runtime.where}/spec/api_description")
            message = "the OpenAPI document is not judged: it is a string in the manifest"
            hint = "put it in a file: name that in spec.url in place of spec.api_description"
        elif runtime.type == "RemoteMCPServer":
            message = "the tools of the MCP server are not judged: the host asks the server for them when the plugin runs"
        else:
            continue
        yield Problem(where, message, "openapi-missing", hint)


RULE = Rule(plugin=check)
