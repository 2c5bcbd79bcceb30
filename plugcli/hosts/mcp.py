"""MCP: the operations as tools of a Model Context Protocol server, specification 2026-07-28, and what its clients make of them.

A converter makes the tools. Where converters differ, FastMCP's (PrefectHQ/fastmcp) is meant, which is the most used. Clients add limits
that the specification does not have: Claude Desktop, VS Code.
"""

from collections.abc import Mapping

from plugcli.hosts import Claim, Form, Host, Limit, State, Tools

# What becomes of a document on its way to tools, whoever calls them in the end.
CONVERTED: Mapping[str, Claim] = {
    "openapi-missing": Claim("observed", "tools are made of the document", severity="note"),
    "openapi-syntax": Claim("enforced", "no converter reads what is neither JSON nor YAML"),
    "openapi-dialect/other": Claim("enforced", "no converter finds an operation in it"),
    "openapi-dialect/swagger": Claim(
        "observed", "PrefectHQ/fastmcp: reads OpenAPI 3.0 and 3.1", leaves_open=True
    ),
    "openapi-dialect/version-missing": Claim(
        "observed", "PrefectHQ/fastmcp: the version decides how it is read"
    ),
    "no-operations": Claim("observed", "each operation becomes a tool: there is none"),
    "operation-id/missing": Claim(
        "observed",
        "PrefectHQ/fastmcp#578: the name is made of summary or path; open-webui/open-webui#12902: an empty "
        "name is refused",
    ),
    "tool-name": Claim(
        "observed", "PrefectHQ/fastmcp#578: up to the first __, slugified, cut to 56", severity="note"
    ),
    "operation-text": Claim(
        "observed", "MCP: a description is optional, and all the model goes by", severity="note"
    ),
    "path-slash": Claim(
        "observed", "OpenAPI: a path starts with a slash, and is put behind the server's address"
    ),
    "path-parameter": Claim("observed", "the path stays as it is written where no argument fills it in"),
    "duplicate-parameter": Claim("observed", "OpenAPI: a name and a place are given once"),
    "duplicate-keys": Claim("observed", "YAML and JSON readers keep the last value", loses="value"),
    "argument-collision": Claim(
        "observed",
        "tadata-org/fastapi_mcp#319: one overwrites the other; PrefectHQ/fastmcp#1107 renames one of them",
    ),
    "request-body/list": Claim("observed", "tadata-org/fastapi_mcp#319: left out by some converters"),
    "request-body/free-form": Claim("observed", "tadata-org/fastapi_mcp#319: left out by some converters"),
    "references/unresolved": Claim("observed", "the model sees an empty schema", loses="schema"),
    "references/external": Claim("observed", "converters read one document", loses="schema"),
    "references/circular": Claim("observed", "PrefectHQ/fastmcp#786, #1206, #3242: faults with such schemas"),
    "recursive-schema": Claim(
        "observed", "PrefectHQ/fastmcp#786, #1206, #3242: faults with such schemas", severity="note"
    ),
    "schema-values": Claim("observed", "a value that does not fit its type can never be sent"),
}

NOT_A_SCHEMA = Claim(
    "documented", "MCP 2026-07-28: inputSchema MUST be valid JSON Schema, 2020-12 where it does not say"
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
            "observed", "PrefectHQ/fastmcp refuses some of them, such as OpenAI's quickstart"
        ),
    },
)
