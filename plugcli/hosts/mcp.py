"""MCP: the operations as tools of a Model Context Protocol server, specification 2026-07-28, and what its clients make of them.

A converter makes the tools. If converters differ, this file describes FastMCP (PrefectHQ/fastmcp), the most used one. Clients such as
Claude Desktop and VS Code add limits that the specification does not have.
"""

from plugcli.converters import CONVERTED
from plugcli.hosts import Claim, Form, Host, Limit, State, Tools

NOT_A_SCHEMA = Claim(
    "documented", "MCP 2026-07-28: inputSchema MUST be valid JSON Schema, 2020-12 if it does not say"
)
NAMES_OF_FASTMCP = ((r"__.*", ""), (r"[\s\-.]+", "_"), (r"[^A-Za-z0-9_]", ""), (r"^(.{56}).+", r"\1"))

HOST = Host(
    title="MCP",
    state=State("modelcontextprotocol/modelcontextprotocol, specification 2026-07-28"),
    tools=Tools(unnamed="{method}_{path}", folds=NAMES_OF_FASTMCP),
    forms={
        "tool.name": (
            Form(
                r"[A-Za-z0-9_.-]+",
                "letters, digits and _ - .",
                Claim("documented", "MCP 2026-07-28: names SHOULD have only these"),
            ),
        ),
    },
    limits={
        "tool.name": (
            Limit(128, Claim("documented", "MCP 2026-07-28: names SHOULD have 1 to 128 characters")),
            Limit(
                64,
                Claim(
                    "observed",
                    "Claude Desktop, the server's name included: harsha-iiiv/openapi-mcp-generator#4, "
                    "anthropics/claude-code#34960",
                ),
            ),
        ),
        "tool.description": (Limit(1000, Claim("observed", "Azure API Management: Azure/MCP#50")),),
        "tools": (
            Limit(
                128,
                Claim(
                    "observed",
                    "VS Code: microsoft/vscode#258890",
                    says="Cannot have more than 128 tools per request.",
                ),
            ),
        ),
    },
    claims={
        **CONVERTED,
        "operation-id/duplicate": Claim(
            "documented", "MCP 2026-07-28: names SHOULD be unique on a server", loses="operation"
        ),
        "references/external": Claim(
            "documented", "MCP 2026-07-28: a network $ref MUST NOT be fetched automatically", loses="schema"
        ),
        "tool-schema/header": Claim(
            "documented", "MCP 2026-07-28: clients MUST exclude the tool", loses="operation"
        ),
        "tool-schema/type": NOT_A_SCHEMA,
        "tool-schema/required": NOT_A_SCHEMA,
        "tool-schema/bound": NOT_A_SCHEMA,
        "openapi-schema": Claim(
            "observed", "PrefectHQ/fastmcp: refuses some of them, such as OpenAI's quickstart"
        ),
    },
)
