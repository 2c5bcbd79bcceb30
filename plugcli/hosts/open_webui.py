"""Open WebUI: a tool server is a URL that answers with its OpenAPI document, and each operation becomes a tool.

Source: `convert_openapi_to_tool_payload` in open-webui/open-webui, backend/open_webui/utils/tools.py, read in 2026, called `converter`
below. It accepts nearly everything and silently leaves out what it does not know. The model's own API may refuse the tools that it makes.
"""

from plugcli.hosts import Claim, Host, State, Tools, Yaml

HOST = Host(
    title="Open WebUI",
    state=State("docs.openwebui.com/openapi-servers"),
    tools=Tools(),
    yaml=Yaml("1.1", "tools.py: yaml.safe_load, which is PyYAML"),
    claims={
        "yaml-refused": Claim(
            "enforced",
            "measured: PyYAML 6 says: found duplicate anchor; could not determine a constructor for the tag",
        ),
        "openapi-missing": Claim("observed", "deduced: tools are made from the document", severity="note"),
        "openapi-syntax": Claim(
            "enforced", "converter: the document is read as JSON or YAML by its file extension"
        ),
        "openapi-dialect/other": Claim("enforced", "converter: it goes through paths, and there are none"),
        "openapi-dialect/swagger": Claim(
            "observed", "converter: knows neither body parameters nor their types there", loses="request body"
        ),
        "no-operations": Claim("observed", "converter: each operation becomes a tool"),
        "operation-id/missing": Claim(
            "observed",
            "converter; open-webui/open-webui#12902: before that, the model's API refused it",
            loses="operation",
        ),
        "operation-id/duplicate": Claim(
            "observed", "converter: tools are kept by name, and the last one is kept", loses="operation"
        ),
        "operation-text": Claim(
            "observed", 'converter: the model reads "No description available."', severity="note"
        ),
        "parameter-reference": Claim(
            "observed", "converter: a parameter without a name is left out", loses="parameter"
        ),
        "argument-type/parameter-reference": Claim(
            "observed",
            "converter: reads the type next to the reference, finds none, and uses string",
            loses="schema",
        ),
        "argument-collision": Claim(
            "observed", "converter: the body's property replaces the parameter", loses="argument"
        ),
        "request-body/reference": Claim(
            "observed", "converter: a body without content", loses="request body"
        ),
        "request-body/type": Claim("observed", "converter: application/json only", loses="request body"),
        "request-body/no-properties": Claim(
            "observed", "converter: only properties are used", loses="request body"
        ),
        "request-body/list": Claim(
            "observed", "converter: makes a list the whole input, which APIs of models refuse"
        ),
        "references/unresolved": Claim("observed", "converter: an empty schema", loses="schema"),
        "references/external": Claim("observed", "converter: looks only in components", loses="schema"),
        "references/circular": Claim(
            "observed", "converter: an empty schema from the second time on", loses="schema"
        ),
        "recursive-schema": Claim(
            "observed", "converter: an empty schema from the second time on", severity="note"
        ),
        "path-parameter": Claim("observed", "deduced: the path stays as written if no argument fills it in"),
        "duplicate-parameter": Claim("observed", "converter: the last one counts"),
        "duplicate-keys": Claim(
            "observed", "deduced: JSON and YAML readers keep the last value", loses="value"
        ),
    },
)
