"""A file that a Microsoft 365 Copilot manifest names does not exist.

Cards and descriptions of MCP tools may be in files of the app's package, named relative to the manifest. Without its card an
answer is plain text; without its file a server has no tools (MicrosoftDocs/m365copilot-docs, plugin manifest 2.4).

Bad:

    $ plugcli validate --for m365-copilot appPackage
    appPackage/ai-plugin.json:12:62: warning: there is no file adaptiveCards/list.json beside the manifest [copilot-file]
      12 |           "static_template": { "file": "adaptiveCards/list.json" }
         |                                        ^

Good:

    $ plugcli validate --for m365-copilot appPackage
    appPackage: Microsoft 365 Copilot accepts it (no errors, no warnings)
"""

from collections.abc import Iterator
from pathlib import PurePosixPath

from plugcli.dialect import manifest_dialect
from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.m365 import functions, runtimes
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule

_HINT = "add the file, or correct its path, which is relative to the manifest"


def check(plugin: Plugin, host: Host) -> Problems:
    manifest = plugin.manifest
    if manifest is None or plugin.url is not None or manifest_dialect(manifest.data) != "m365-copilot":
        return
    beside = PurePosixPath(plugin.manifest_path or ".").parent
    for where in _places(manifest):
        name = manifest.get(*pointer.split(where))
        if isinstance(name, str) and "${{" not in name and not _is_there(plugin, beside, name):
            message = f"there is no file {name} beside the manifest"
            yield Problem(Place(manifest, where), message, "copilot-file", _HINT)


def _places(manifest: Document) -> Iterator[str]:
    for function in functions(manifest):
        yield f"{function.where}/capabilities/response_semantics/static_template/file"
    for runtime in runtimes(manifest):
        yield f"{runtime.where}/spec/mcp_tool_description/file"


def _is_there(plugin: Plugin, beside: PurePosixPath, name: str) -> bool:
    try:
        plugin.read(str(beside / name))
    except FileNotFoundError:
        return False
    return True


RULE = Rule(plugin=check)
