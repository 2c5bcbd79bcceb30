"""Anthropic's API, where a model gets the operations as tools of the Messages API.

The messages are the API's own, as people report them. If it refuses one tool, it refuses the whole request.
"""

from plugcli.converters import CONVERTED, CONVERTED_TOOLS
from plugcli.hosts import Claim, Form, Host, Limit, State

COMBINED = (
    "tools.{index}.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level"
)
NOT_A_SCHEMA = Claim(
    "enforced",
    "anthropics/claude-code#63673, boshyxd/robloxstudio-mcp#69",
    says="tools.{index}.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12 "
    "(https://json-schema.org/draft/2020-12). Learn more about tool use at https://docs.claude.com/en/docs/tool-use.",
)

HOST = Host(
    title="Anthropic tools",
    state=State("platform.claude.com/docs/en/agents-and-tools/tool-use/overview"),
    tools=CONVERTED_TOOLS,
    forms={
        "tool.name": (
            Form(
                r"[A-Za-z0-9_-]+",
                "letters, digits, _ and -",
                Claim(
                    "enforced",
                    "home-assistant/core#147760, anthropics/claude-code#96152",
                    says="tools.{index}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
                ),
            ),
        ),
        "tool.argument": (
            Form(
                r"[A-Za-z0-9_.-]{1,64}",
                "letters, digits, _ - and ., at most 64",
                Claim(
                    "enforced",
                    "anthropics/claude-code#79418, ComposioHQ/composio#3500",
                    says="tools.{index}.custom.input_schema.properties: Property keys should match pattern "
                    "'^[a-zA-Z0-9_.-]{1,64}$'",
                ),
            ),
        ),
    },
    limits={
        "tool.name": (
            Limit(
                128,
                Claim(
                    "enforced",
                    "anthropics/claude-code#96152; 64 until 2025",
                    says="tools.{index}.custom.name: String should have at most 128 characters",
                ),
            ),
        ),
    },
    claims={
        **CONVERTED,
        "operation-id/duplicate": Claim(
            "enforced", "danny-avila/LibreChat#13162", says="tools: Tool names must be unique."
        ),
        "tool-schema/type": NOT_A_SCHEMA,
        "tool-schema/required": NOT_A_SCHEMA,
        "tool-schema/bound": NOT_A_SCHEMA,
        # If a converter passes the body on unchanged, these are the root of the input.
        "request-body/choice": Claim(
            "enforced",
            "anthropics/claude-code#5319, #27337: where the body is the whole input",
            says=COMBINED,
            severity="warning",
        ),
        "request-body/all-of": Claim(
            "enforced",
            "anthropics/claude-code#5319: where the body is the whole input",
            says=COMBINED,
            severity="note",
        ),
    },
)
