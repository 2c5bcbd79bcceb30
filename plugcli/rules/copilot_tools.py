"""A Microsoft 365 Copilot manifest describes a tool of an MCP server incompletely.

With `mcp_tool_description` the host does not ask the server for its tools. The manifest gives each with its name, description and
`inputSchema`, in a file beside the manifest or under `tools` (MicrosoftDocs/m365copilot-docs, plugin manifest: MCP server spec object).

Bad:

    $ plugcli validate --for m365-copilot appPackage
    appPackage/ai-plugin.json:21:17: warning: the tool search_todos has no inputSchema [copilot-tools]
      21 |               { "name": "search_todos", "description": "Search todos." }
         |               ^

Good:

    $ plugcli validate --for m365-copilot appPackage
    no verdict for Microsoft 365 Copilot (no errors, no warnings)
"""

from typing import Any

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.m365 import Runtime, runtimes
from plugcli.rules import Place, Problem, Problems, Rule, measured

_MEMBERS = {"name": str, "description": str, "inputSchema": dict}
_HINT = '{"name": ..., "description": ..., "inputSchema": {"type": "object", "properties": {}}}'


def check(manifest: Document, host: Host) -> Problems:
    for runtime in runtimes(manifest):
        described = runtime.spec.get("mcp_tool_description")
        if runtime.type == "RemoteMCPServer" and isinstance(described, dict) and "file" not in described:
            yield from _tools(manifest, host, runtime, described.get("tools"))


def _tools(manifest: Document, host: Host, runtime: Runtime, tools: Any) -> Problems:
    parent = f"{runtime.where}/spec/mcp_tool_description"
    if not isinstance(tools, list):
        message = "mcp_tool_description has neither a file nor a list of tools"
        hint = "remove it, and the host asks the server for its tools"
        yield Problem(Place(manifest, parent), message, "copilot-tools", hint)
        return
    for index, tool in enumerate(tools):
        where = f"{parent}/tools/{index}"
        if not isinstance(tool, dict):
            yield Problem(Place(manifest, where), f"tools[{index}] is not an object", "copilot-tools", _HINT)
            continue
        title = f"the tool {tool['name']}" if isinstance(tool.get("name"), str) else f"tools[{index}]"
        for name, kind in _MEMBERS.items():
            if not isinstance(tool.get(name), kind):
                what = "has an invalid" if name in tool else "has no"
                yield Problem(
                    Place(manifest, f"{where}/{name}"), f"{title} {what} {name}", "copilot-tools", _HINT
                )
        text = tool.get("description")
        for limit in host.limits.get("mcp tool.description", ()):
            if isinstance(text, str) and len(text) > limit.most:
                message = (
                    f"the description of {title} has {len(text):,} characters: the limit is {limit.most:,}"
                )
                hint = "put what the model must know first, and the rest in the descriptions of the arguments"
                yield Problem(Place(manifest, f"{where}/description"), message, limit.claim, hint)


RULE = Rule(manifest=check, dialects=("m365-copilot",), asks=measured("mcp tool.description"))
