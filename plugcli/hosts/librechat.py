"""LibreChat: an action is an OpenAPI document that somebody pastes into an agent.

Sources, by the words used below. `actions.ts`: danny-avila/LibreChat@0371338, packages/data-provider/src/actions.ts, the source of the
host's own messages. It imitates GPT Actions, but is far less strict about a document.
"""

from plugcli.hosts import Claim, Host, State, Tools, Yaml

REPEATED = Claim(
    "enforced", "actions.ts: js-yaml, duplicated mapping key", says="Error parsing OpenAPI spec."
)
NO_SERVER = Claim("enforced", "actions.ts", says="Could not find a valid URL in `servers`")

HOST = Host(
    title="LibreChat",
    state=State("danny-avila/LibreChat, read in 2026"),
    tools=Tools(
        unnamed="{method}_/{path}",
        unnamed_drops=r"[^a-zA-Z0-9_-]",
        texts=("summary", "description"),
        path_parameters=False,
    ),
    yaml=Yaml("1.2", "actions.ts: js-yaml 4, if JSON.parse fails; it was run"),
    claims={
        "openapi-missing": Claim("observed", "deduced: the document is pasted", severity="note"),
        "openapi-syntax": Claim("enforced", "actions.ts", says="Error parsing OpenAPI spec."),
        "openapi-dialect/other": NO_SERVER,
        "openapi-dialect/swagger": Claim(
            "enforced", "actions.ts: Swagger has no servers", says=NO_SERVER.says
        ),
        "no-operations": Claim("observed", "actions.ts: each operation becomes a function"),
        "no-operations/no-paths": Claim("enforced", "actions.ts", says="No paths found in the OpenAPI spec."),
        "servers/missing": NO_SERVER,
        "servers/in-info": NO_SERVER,
        "servers/several": Claim("observed", "actions.ts: servers[0]", severity="note"),
        "servers/path-only": Claim("observed", "actions.ts: new URL(domain and path) at the first call"),
        "servers/own-machine": Claim(
            "enforced",
            "danny-avila/LibreChat#11143, #11194: unless actions.allowedDomains names it",
            says="Domain not allowed",
            severity="note",
            leaves_open=True,
        ),
        "operation-id/missing": Claim(
            "observed", "actions.ts: method and path without their slashes and braces", severity="note"
        ),
        "operation-id/duplicate": Claim("observed", "actions.ts: the last one is called", loses="operation"),
        "tool-name": Claim("observed", "actions.ts: the last one is called", loses="operation"),
        "operation-text": Claim("observed", "actions.ts: the description is empty", severity="note"),
        "summary-first": Claim(
            "observed", "actions.ts: summary, else description", severity="note", loses="description"
        ),
        "path-method/parameters": Claim(
            "observed", "actions.ts: every member of a path is read as a method", loses="parameter"
        ),
        "path-method/text": Claim(
            "observed", "actions.ts: becomes a function that cannot be called", severity="note"
        ),
        "path-method/path": Claim(
            "observed", "actions.ts: becomes a function of the path that contains it", loses="path"
        ),
        "path-method/other": Claim("observed", "actions.ts: becomes a function"),
        "argument-type/property-reference": Claim(
            "observed",
            "actions.ts: references inside a body are left as they are, and lead nowhere",
            loses="schema",
        ),
        "argument-collision": Claim("observed", "actions.ts: both are sent in the body", loses="argument"),
        "request-body/reference": Claim(
            "observed", "actions.ts: fails, with every operation", loses="every operation"
        ),
        "request-body/type": Claim("observed", "actions.ts: still sent as application/json"),
        "request-body/no-properties": Claim(
            "observed", "actions.ts: only properties are used", loses="request body"
        ),
        "references/unresolved": Claim(
            "observed",
            "actions.ts: throws for a body, an empty schema for an answer",
            says="In context=('paths', '{path}', '{method}', '{status}', 'response', 'content', 'application/json', "
            "'schema'), reference to unknown component {component}; using empty schema",
            loses="schema",
        ),
        "references/external": Claim("observed", "actions.ts: looks only in components", loses="schema"),
        "path-parameter": Claim("observed", "actions.ts: the path stays as written"),
        "duplicate-parameter": Claim("observed", "actions.ts: the last one counts"),
        "duplicate-keys": Claim("observed", "actions.ts: JSON.parse keeps the last value", loses="value"),
        "duplicate-keys/yaml": REPEATED,
        "duplicate-keys/quotes": REPEATED,
    },
)
