"""OpenAI's API, where a model gets the operations as functions: `tools` of Chat Completions and Responses.

The messages are the API's own, as people report them. If it refuses one tool, it refuses the whole request. `docs`, as a source, are
the guides of developers.openai.com/api/docs.
"""

from plugcli.converters import CONVERTED, CONVERTED_TOOLS
from plugcli.hosts import Claim, Form, Host, Limit, State

INVALID = "Invalid schema for function '{name}': "
STRICT = Claim("documented", "docs, structured outputs: strict mode is optional", severity="note")

HOST = Host(
    title="OpenAI function calling",
    state=State("developers.openai.com/api/docs/guides/function-calling"),
    tools=CONVERTED_TOOLS,
    forms={
        "tool.name": (
            Form(
                r"[A-Za-z0-9_-]+",
                "letters, digits, _ and -",
                Claim(
                    "enforced",
                    "cyanheads/atlas-mcp-server#14 and others",
                    says="Invalid 'tools[{index}].function.name': string does not match pattern. "
                    "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
                ),
            ),
        ),
    },
    limits={
        "tool.name": (
            Limit(
                64,
                Claim(
                    "enforced",
                    "mrexodia/ida-pro-mcp#129, thedotmack/claude-mem#360",
                    says="Invalid 'tools[{index}].function.name': string too long. Expected a string with "
                    "maximum length 64, but got a string with length {length} instead.",
                ),
            ),
        ),
        "tool.description": (
            Limit(
                1024,
                Claim(
                    "enforced",
                    "OpenHands/OpenHands#4838, getsentry/sentry-mcp#106",
                    says="Invalid 'tools[{index}].function.description': string too long. Expected a string with "
                    "maximum length 1024, but got a string with length {length} instead.",
                ),
            ),
        ),
        "tools": (
            Limit(
                128,
                Claim(
                    "enforced",
                    "zed-industries/zed#32946, vishalmysore/Tools4AI#16",
                    says="Invalid 'tools': array too long. Expected an array with maximum length 128, "
                    "but got an array with length {number} instead.",
                ),
            ),
        ),
        "strict.depth": (Limit(10, STRICT),),
        "strict.enum": (Limit(1000, STRICT),),
        "strict.enum-text": (Limit(15_000, STRICT),),
        "strict.properties": (Limit(5000, STRICT),),
        "strict.text": (Limit(120_000, STRICT),),
    },
    claims={
        **CONVERTED,
        "operation-id/duplicate": Claim(
            "observed", "deduced: two functions with the same name, and only one is called", loses="operation"
        ),
        "tool-schema/items": Claim(
            "enforced",
            "sigoden/aichat#1049, open-webui/open-webui#14115",
            says=INVALID + "In context={context}, array schema missing items.",
        ),
        "tool-schema/type": Claim(
            "enforced",
            "derisk-ai/OpenDerisk#138",
            says=INVALID + "'{type}' is not valid under any of the given schemas.",
        ),
        "tool-schema/required": Claim(
            "enforced",
            "CherryHQ/cherry-studio#4188",
            says=INVALID + "{value} is not of type 'array'.",
        ),
        # If a converter passes the body on unchanged, these are the root of the input.
        "request-body/choice": Claim(
            "enforced",
            "langchain-ai/langchainjs#9804, nspady/google-calendar-mcp#39: where the body is the whole input",
            says=INVALID + "schema must have type 'object' and not have "
            "'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level.",
            severity="warning",
        ),
        "request-body/all-of": Claim(
            "enforced",
            "langchain-ai/langchainjs#9804: where the body is the whole input",
            says=INVALID + "schema must have type 'object' and not have "
            "'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level.",
            severity="note",
        ),
        "request-body/list": Claim(
            "enforced",
            "vercel/ai#1485: where the body is the whole input",
            says=INVALID + "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{type}\"'.",
            severity="warning",
        ),
        "request-body/free-form": Claim(
            "enforced",
            "reported in 2023 and 2024: where the body is the whole input",
            says=INVALID + "In context=(), object schema missing properties.",
            severity="warning",
        ),
        "strict-mode": STRICT,
    },
)
