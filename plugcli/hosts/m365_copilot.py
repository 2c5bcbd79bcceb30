"""Microsoft 365 Copilot: API plugins of declarative agents, with their own manifest format and an OpenAPI document.

Sources, by the words used below. `schema`: microsoft/json-schemas, copilot/plugin/v2.1 to v2.4. `docs`:
MicrosoftDocs/m365copilot-docs. `parser`: npm @microsoft/m365-spec-parser 0.3.2, which Microsoft 365 Agents Toolkit
uses to check an OpenAPI document and to make the manifest from it; its messages are quoted. `kiota`:
microsoft/kiota, `kiota plugin add`. A document that the toolkit refuses never becomes a plugin, so that is
enforced. Anything that it repairs or leaves out is a warning.
"""

from plugcli.hosts import Claim, Form, Host, Limit, OneOf, State, Yaml

_MAY_BE_IGNORED = "docs, plugin manifest: characters beyond it MAY be ignored"
_UNREADABLE = Claim("enforced", "parser: spec-not-valid; it cannot be read")
_NOT_AN_API = Claim("enforced", "parser: spec-not-valid; no OpenAPI version, no API")
_NO_API = (
    "No supported API is found in the OpenAPI description document: only GET and POST methods are supported, "
    "additionally, there can be at most one required parameter, and no auth is allowed."
)
_NAMES = Claim("documented", "docs, plugin manifest: a regular expression that is stricter than the schema's")

HOST = Host(
    title="Microsoft 365 Copilot",
    state=State("docs, plugin manifest 2.4, July 2026"),
    manifests=("m365-copilot",),
    schema_version=OneOf(("v2.1", "v2.2", "v2.3", "v2.4"), Claim("enforced", "schema: a constant in each")),
    limits={
        "name_for_human": (Limit(20, Claim("documented", _MAY_BE_IGNORED, loses="text ending")),),
        "description_for_human": (Limit(100, Claim("documented", _MAY_BE_IGNORED, loses="text ending")),),
        "description_for_model": (Limit(2048, Claim("documented", _MAY_BE_IGNORED, loses="text ending")),),
        "manifest text": (Limit(4000, Claim("documented", "docs, plugin manifest: SHOULD be at most 4K")),),
        "mcp tool.description": (
            Limit(
                1024,
                Claim("documented", "docs, MCP troubleshooting: the rest is ignored", loses="text ending"),
            ),
        ),
        "operations": (
            Limit(10, Claim("documented", "docs, overview of plugins: answers get worse", severity="note")),
        ),
    },
    forms={
        "namespace": (Form("[A-Za-z0-9]+", "letters and digits", _NAMES),),
        "function.name": (Form("[A-Za-z0-9_]+", "letters, digits and _", _NAMES),),
    },
    openapi_versions=OneOf(
        ("3.0.0", "3.0.1", "3.0.2", "3.0.3", "3.0.4"),
        Claim("enforced", "parser: swagger-parser 10.1.1 accepts these and 3.1.0, 3.1.1"),
    ),
    yaml=Yaml("1.2", "parser: swagger-parser 10.1.1 reads with js-yaml 4 and its JSON_SCHEMA"),
    claims={
        "manifest-dialect/own": Claim(
            "documented", "docs, plugin manifest: another format with the same file name", severity="note"
        ),
        "manifest-syntax/copilot": Claim("enforced", "docs, plugin manifest: a JSON document"),
        "copilot-schema": Claim("enforced", "schema; docs: unrecognised properties SHOULD make it invalid"),
        "copilot-schema/address": Claim(
            "documented",
            "schema: format uri or email; docs: a logo may be relative, legal pages are absolute",
        ),
        "copilot-text/blank": Claim(
            "documented", "docs, plugin manifest: MUST have a nonwhitespace character"
        ),
        "copilot-function/duplicate": Claim(
            "documented", "docs, plugin manifest: names MUST be unique", loses="function"
        ),
        "copilot-function/operation": Claim(
            "documented", "docs, function object: the value must match an operationId", loses="function"
        ),
        "copilot-runtime/none": Claim("documented", "docs, runtime object", loses="every function"),
        "copilot-runtime/unknown-function": Claim("documented", "docs, runtime object: names of functions"),
        "copilot-runtime/not-run": Claim("documented", "docs, runtime object", loses="function"),
        "copilot-runtime/several": Claim(
            "documented", "docs, runtime object: MUST NOT declare the same function"
        ),
        "copilot-tools": Claim(
            "documented", "docs, MCP server spec object: name, description, inputSchema", loses="tool"
        ),
        "copilot-file": Claim("documented", "docs, plugin manifest 2.4: relative to the manifest"),
        "copilot-auth": Claim("observed", "parser: makes auth from the operations' securitySchemes"),
        "openapi-missing": Claim("documented", "docs, OpenAPI spec object", severity="note"),
        "unfetched/openapi/remote": Claim("enforced", "parser: spec-not-valid; it cannot be fetched"),
        "unfetched/openapi/local": Claim("enforced", "parser: spec-not-valid; it cannot be fetched"),
        "openapi-syntax": _UNREADABLE,
        "openapi-syntax/tag": Claim(
            "enforced", "parser: spec-not-valid; js-yaml's JSON_SCHEMA has no such tag"
        ),
        "openapi-slip": Claim("observed", "parser: JSON is read as YAML if it is not valid JSON"),
        "duplicate-keys/yaml": Claim("enforced", "parser: spec-not-valid; duplicated mapping key"),
        "duplicate-keys/quotes": Claim("enforced", "parser: spec-not-valid; duplicated mapping key"),
        "yaml-merge": Claim(
            "enforced",
            "parser: js-yaml's JSON_SCHEMA has no merge; spec-not-valid: must NOT have additional properties",
        ),
        "yaml-merge/data": Claim("observed", "parser: js-yaml's JSON_SCHEMA has no merge", loses="value"),
        "openapi-dialect/other": _NOT_AN_API,
        "openapi-dialect/version-missing": _NOT_AN_API,
        "openapi-dialect/newer": Claim(
            "enforced",
            "parser: spec-version-not-supported",
            says="Unsupported OpenAPI version {version}. Please use version 3.0.x.",
        ),
        "openapi-dialect/swagger": Claim(
            "observed",
            "parser: convert-swagger-to-openapi; the result is not judged here",
            says="The Swagger 2.0 file has been converted to OpenAPI 3.0.",
            leaves_open=True,
        ),
        "openapi-schema": Claim("enforced", "parser: spec-not-valid; judged by the specification's schema"),
        "openapi-schema/circular": Claim(
            "observed", "parser: does not judge a document with circular references by the schema"
        ),
        "info-description": Claim(
            "documented", "docs, OpenAPI document guidance: essential", severity="note"
        ),
        "no-operations": Claim("enforced", "parser: no-supported-api", says=_NO_API),
        "operation-id/missing": Claim(
            "observed",
            "parser: operationid-missing; it makes one from method and path. kiota skips the operation",
            says="Missing operationIds: {title}.",
        ),
        "operation-id/duplicate": Claim(
            "observed", "parser: the later function replaces the earlier one", loses="operation"
        ),
        "operation-id/renamed": Claim(
            "observed",
            "parser: operationid-contains-special-characters",
            says="Operation id '{operation_id}' in OpenAPI description document contained special characters "
            "and was renamed to '{renamed}'.",
        ),
        "operation-text": Claim("documented", "docs, OpenAPI document guidance", severity="note"),
        "servers/in-info": Claim(
            "enforced", "parser: no-server-information, and the schema has no servers in info"
        ),
        "servers/none": Claim(
            "enforced",
            "parser: no-server-information",
            says="No server information is found in the OpenAPI description document.",
        ),
        "servers/not-everywhere": Claim(
            "enforced",
            "parser: no-server-information of one operation",
            severity="warning",
            loses="operation",
        ),
        "servers/relative": Claim(
            "enforced",
            "parser: relative-server-url-not-supported",
            says="Server url is not correct: relative server url is not supported.",
        ),
        "servers/protocol": Claim(
            "enforced",
            "parser: url-protocol-not-supported; http is allowed too",
            says="Server url is not correct: protocol {protocol} is not supported, you should use https protocol instead.",
        ),
        "servers/several": Claim(
            "observed", "kiota: MultipleServerEntries, the first is taken", severity="note"
        ),
        "operation-security/together": Claim(
            "enforced",
            "parser: multiple-auth-not-supported; the operation is left out",
            says="Multiple authentication methods are unsupported. Ensure all selected APIs use identical authentication.",
            severity="warning",
            loses="operation",
        ),
        "operation-security/none-left": Claim("enforced", "parser: no-supported-api", says=_NO_API),
        "operation-security/unsupported": Claim(
            "observed",
            "parser: unsupported-auth-type; it knows http bearer, apiKey outside cookies, OAuth's code flow",
            says="Unsupported authorization type in API '{operation_id}'. No authorization will be used.",
            loses="authorization",
        ),
        "operation-security/key": Claim(
            "documented",
            "docs, known issues: no key in a header, query or cookie; docs, API key authentication accept it",
            severity="note",
        ),
        "operation-security/several": Claim(
            "observed",
            "kiota",
            says="Multiple security requirements are not supported. Operations can only list one security requirement.",
        ),
        "references/unresolved": Claim("enforced", "parser: spec-not-valid; MissingPointerError"),
        "references/external": Claim(
            "enforced", "parser: remote-ref-not-supported", says="Remote reference is not supported: {paths}."
        ),
        "references/circular": Claim("documented", "docs, known issues: circular references"),
        "recursive-schema": Claim("documented", "docs, known issues: circular references"),
        "schema-union/request": Claim(
            "documented", "docs, known issues: polymorphic references; kiota takes the first"
        ),
        "schema-union/response": Claim(
            "documented",
            "docs, known issues; parser: generate-card-failed, no card is made from it",
            says="'oneOf', 'allOf', 'anyOf', and 'not' schema are not supported: {schema}.",
        ),
        "nested-object": Claim(
            "documented", "docs, known issues: nested objects in request bodies or parameters"
        ),
        "divergent-answers": Claim("observed", "kiota: DivergentResponseSchema", severity="note"),
        "form-body": Claim("observed", "kiota: UrlFormEncodedComplex", severity="note"),
        "schema-format/unknown": Claim(
            "observed",
            "kiota: KnownAndNotSupportedFormats",
            says="The format {format} is not supported by Kiota and the string type will be used.",
            severity="note",
        ),
        "schema-format/pair": Claim(
            "observed",
            "kiota: InconsistentTypeFormatPair",
            says="The format {format} is not supported by Kiota for the type {type} and will be ignored.",
            severity="note",
        ),
        "no-content-body": Claim("observed", "kiota: NoContentWithBody", severity="note"),
        "request-body-method": Claim("observed", "kiota: GetWithBody", severity="note"),
        "consequential-key/openai": Claim(
            "documented",
            "docs, confirmation prompts name x-oai-isConsequential; kiota reads the other",
            severity="note",
        ),
        "consequential-key/oai": Claim(
            "observed", "kiota reads x-openai-isConsequential; docs name the other", severity="note"
        ),
    },
)
