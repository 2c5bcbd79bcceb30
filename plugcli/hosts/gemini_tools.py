"""Google's Gemini API, where a model gets the operations as function declarations.

The messages are the API's own, as people report them. If it refuses one declaration, it refuses the whole request.
"""

from plugcli.converters import CONVERTED, CONVERTED_TOOLS
from plugcli.hosts import Claim, Form, Host, Limit, State

BAD_NAME = Claim(
    "enforced",
    "kaitranntt/ccs#219, google-gemini/gemini-cli#6704",
    says="tools[0].function_declarations[{index}].name: [FIELD_INVALID] Invalid function name. Must start with a "
    "letter or an underscore. Must be a-z, A-Z, 0-9, or contain underscores (_), dots (.), colons (:), or dashes "
    "(-), with a maximum length of 64.",
)

HOST = Host(
    title="Gemini tools",
    state=State("ai.google.dev/gemini-api/docs/function-calling"),
    tools=CONVERTED_TOOLS,
    forms={
        "tool.name": (
            Form(
                r"[A-Za-z_][A-Za-z0-9_.:-]*",
                "letters, digits, _ . : and -, starting with a letter or _",
                BAD_NAME,
            ),
        ),
        "tool.argument": (
            Form(
                r"[A-Za-z_][A-Za-z0-9_]{0,63}",
                "at most 64 letters, digits and _, starting with a letter or _",
                Claim("documented", "cloud.google.com, FunctionDeclaration: the names of parameters"),
            ),
        ),
    },
    limits={"tool.name": (Limit(64, BAD_NAME),)},
    claims={
        **CONVERTED,
        "operation-id/duplicate": Claim(
            "enforced",
            "owndev/Open-WebUI-Functions#135",
            says="Duplicate function declaration found: {name}",
        ),
        "tool-schema/items": Claim(
            "enforced",
            "cline/cline#7339, DEEIX-AI/DEEIX-Chat#546",
            says="GenerateContentRequest.tools[0].function_declarations[{index}].parameters.{steps}.items: missing field.",
        ),
        "tool-schema/type": Claim("documented", "ai.google.dev, Schema: the types are those of OpenAPI 3.0"),
        "tool-schema/required": Claim("documented", "ai.google.dev, Schema: required is a list of names"),
        "request-body/untyped": Claim(
            "observed",
            "diegosouzapw/OmniRoute#3360: the parameters must be of type OBJECT, where the body is the whole input",
        ),
        "request-body/object": Claim(
            "observed",
            "diegosouzapw/OmniRoute#3360: the parameters must be an OBJECT, where the body is the whole input",
        ),
    },
)
