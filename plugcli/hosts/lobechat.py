"""LobeChat: a custom plugin is the URL of a manifest, whose `api.url` leads to the OpenAPI document.

Sources, by the words used below. `toolManifest.ts`: lobehub/lobe-chat, src/utils/toolManifest.ts. `openapi`: lobehub/chat-plugin-sdk,
src/openapi/index.ts. The host's own messages come from its locales/en-US/plugin.json. The tools then go to the API of a model, which may
refuse them.
"""

from plugcli.hosts import AuthType, Claim, Host, Member, State, Tools, Yaml

NO_JSON = "The link did not return JSON content, please ensure it is a valid link"
UNREACHABLE = (
    "Failed to request the manifest link, please ensure the link is valid and allows cross-origin access"
)
FAILS = Claim("enforced", "toolManifest.ts: fails on it")
NOT_ONE = Claim("enforced", "toolManifest.ts: read as LobeChat's own format, which it is not")

HOST = Host(
    title="LobeChat",
    state=State("lobehub/lobe-chat, read in 2026"),
    manifests=("plugin", "baidu"),
    members={
        "name_for_model": Member("text", Claim("enforced", "toolManifest.ts: the identifier"), None),
        "description_for_model": Member("text", NOT_ONE, NOT_ONE),
        "auth": Member("object", FAILS, None),
        "api": Member("object", FAILS, None),
    },
    auth_types={"none": AuthType(), "service_http": AuthType()},
    tools=Tools(unnamed="{METHOD} /{path}", texts=("summary", "description"), path_parameters=False),
    yaml=Yaml("1.2", "toolManifest.ts: the package yaml 2, if the answer's type is not application/json"),
    claims={
        "manifest-missing": Claim("enforced", "toolManifest.ts: the link to it would fail"),
        "manifest-syntax": Claim("enforced", "toolManifest.ts", says=NO_JSON),
        "manifest-dialect/other": NOT_ONE,
        "unfetched/manifest/remote": Claim("enforced", "toolManifest.ts", says=UNREACHABLE),
        "unfetched/manifest/local": Claim("enforced", "toolManifest.ts", says=UNREACHABLE),
        "unfetched/openapi/remote": Claim("enforced", "toolManifest.ts", says=UNREACHABLE),
        "unfetched/openapi/local": Claim("enforced", "toolManifest.ts", says=UNREACHABLE),
        "auth-type": Claim("observed", "toolManifest.ts: other types are not used"),
        "api-url/missing": Claim(
            "observed", "toolManifest.ts: the plugin has no tools", loses="every operation"
        ),
        "api-url/relative": Claim("enforced", "toolManifest.ts: resolved against LobeChat's own address"),
        "api-url/form": Claim("enforced", "toolManifest.ts: resolved against LobeChat's own address"),
        "api-url/no-scheme": Claim("enforced", "URL Standard: the host name is read as the scheme"),
        "openapi-missing": Claim("observed", "toolManifest.ts: it fetches api.url", severity="note"),
        "openapi-syntax": Claim(
            "enforced", "toolManifest.ts: JSON or YAML, by the type of the answer", says=NO_JSON
        ),
        "openapi-dialect/other": Claim("enforced", "openapi: fails without paths"),
        "openapi-dialect/swagger": Claim(
            "observed",
            "openapi: swagger-parser reads it; the result is not judged here",
            leaves_open=True,
        ),
        "no-operations": Claim("observed", "openapi: each operation becomes a tool"),
        "operation-id/missing": Claim(
            "observed",
            "lobehub/lobehub#745: the name is method and path, which APIs of models refuse",
        ),
        "operation-id/duplicate": Claim(
            "observed", "toolManifest.ts: the first one is kept", loses="operation"
        ),
        "operation-text": Claim("observed", "openapi: the name in place of the description", severity="note"),
        "summary-first": Claim(
            "observed", "openapi: summary, else description", severity="note", loses="description"
        ),
        "path-method/parameters": Claim(
            "observed", "openapi: reads only the operation's own", loses="parameter"
        ),
        "request-body/no-properties": Claim(
            "enforced", "openapi: fails, with every operation, on a body whose schema has no properties"
        ),
        "references/unresolved": Claim(
            "enforced", "openapi: swagger-parser resolves all references before anything else"
        ),
        "references/external": Claim(
            "observed", "openapi: swagger-parser fetches it, from LobeChat's own address", leaves_open=True
        ),
        "path-parameter": Claim("observed", "deduced: the path stays as written if no argument fills it in"),
        "duplicate-parameter": Claim("observed", "openapi: the last one counts"),
        "duplicate-keys": Claim(
            "observed", "toolManifest.ts: JSON readers keep the last value", loses="value"
        ),
        "duplicate-keys/yaml": Claim(
            "enforced", "toolManifest.ts: the package yaml, Map keys must be unique", says=NO_JSON
        ),
        "yaml-merge": Claim(
            "observed", "toolManifest.ts: the package yaml merges only if it is told to", loses="value"
        ),
    },
)
