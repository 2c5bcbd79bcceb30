"""Dify: a custom tool is an OpenAPI document, or the manifest of a plugin, which leads to an OpenAPI document.

Source: langgenius/dify, api/core/tools/utils/parser.py, called `parser.py` below, and its tests. The host's own messages come from it.
Dify reads only `api.url` and `api.type` of a manifest.
"""

from plugcli.hosts import Claim, Host, Limit, Member, OneOf, State, Tools, Yaml

NO_PLUGIN = Claim("enforced", "parser.py", says="Invalid openai plugin json.")

HOST = Host(
    title="Dify",
    state=State("langgenius/dify, read in 2026"),
    manifests=("plugin", "baidu"),
    members={"api": Member("object", NO_PLUGIN, None)},
    api_type=OneOf(("openapi",), Claim("enforced", "parser.py", says="Only openapi is supported now.")),
    tools=Tools(unnamed="{path}_{method}", unnamed_drops=r"[^a-zA-Z0-9_-]", path_parameters=False),
    limits={"openapi.seconds": (Limit(5, Claim("enforced", "parser.py: within 5 seconds")),)},
    yaml=Yaml("1.1", "parser.py: yaml.safe_load, which is PyYAML"),
    claims={
        "yaml-refused": Claim(
            "enforced",
            "measured: PyYAML 6 says: found duplicate anchor; could not determine a constructor for the tag",
        ),
        "manifest-syntax": NO_PLUGIN,
        "manifest-dialect/other": Claim(
            "enforced", "parser.py: the member api is missing", says=NO_PLUGIN.says
        ),
        "api-type/missing": NO_PLUGIN,
        "api-url/missing": NO_PLUGIN,
        "api-url/relative": Claim("enforced", "parser.py: fetched as written, so it must be an absolute URL"),
        "api-url/form": Claim("enforced", "parser.py: fetched as written"),
        "api-url/no-scheme": Claim("enforced", "parser.py: fetched as written"),
        "unfetched/openapi/status": Claim("enforced", "parser.py", says="cannot get openapi yaml from url."),
        "unfetched/openapi/remote": Claim("enforced", "parser.py: within 5 seconds"),
        "unfetched/openapi/local": Claim("enforced", "parser.py: within 5 seconds"),
        "openapi-missing": Claim("observed", "parser.py: it fetches api.url", severity="note"),
        "openapi-syntax": Claim("enforced", "parser.py: neither JSON nor YAML"),
        "openapi-dialect/other": Claim("enforced", "parser.py: fails without info, servers and paths"),
        "openapi-dialect/swagger": Claim(
            "enforced", "parser.py: fails without servers, which Swagger does not have"
        ),
        "no-operations": Claim("observed", "parser.py: each operation becomes a tool"),
        "servers/missing": Claim("enforced", "parser.py fails; langgenius/dify#2914"),
        "servers/empty": Claim("enforced", "parser.py", says="No server found in the openapi yaml."),
        "servers/in-info": Claim("enforced", "parser.py fails without servers at the top level"),
        "servers/several": Claim("observed", "parser.py: servers[0]", severity="note"),
        "servers/path-only": Claim("observed", "parser.py: put before each path as written"),
        "operation-id/missing": Claim(
            "observed", "parser.py: path and method without slashes and braces", severity="note"
        ),
        "operation-id/duplicate": Claim(
            "observed", "deduced: two tools with the same name in a provider", loses="operation"
        ),
        "tool-name": Claim(
            "observed", "deduced: two tools with the same name in a provider", loses="operation"
        ),
        "operation-text": Claim("observed", "parser.py: the summary is empty", severity="note"),
        "path-method/parameters": Claim(
            "observed", "parser.py: reads only the operation's own", loses="parameter"
        ),
        "parameter-reference": Claim(
            "observed",
            "langgenius/dify#20534: 1.4.1 refuses the document; later versions follow it",
            severity="note",
        ),
        "argument-type/object": Claim(
            "observed", "parser.py: turns the type object into string", loses="schema"
        ),
        "argument-type/property-reference": Claim(
            "observed",
            "parser.py: reads the type next to the reference, finds none, and uses string",
            loses="schema",
        ),
        "duplicate-parameter": Claim(
            "observed", "parser.py: a warning", says="Parameter {parameter} is duplicated."
        ),
        "argument-collision": Claim(
            "observed", "parser.py: a warning", says="Parameter {parameter} is duplicated."
        ),
        "request-body/reference": Claim(
            "observed", "parser.py: a body without content", loses="request body"
        ),
        "request-body/no-properties": Claim(
            "observed", "parser.py: only properties are used", loses="request body"
        ),
        "references/unresolved": Claim("observed", "parser.py: fails if it is in a body", loses="schema"),
        "references/external": Claim("observed", "parser.py: looks only in the document", loses="schema"),
        "path-parameter": Claim("observed", "deduced: the path stays as written if no argument fills it in"),
        "duplicate-keys": Claim(
            "observed", "deduced: JSON and YAML readers keep the last value", loses="value"
        ),
    },
)
