"""ChatGPT plugins, 2023 and 2024: the host that the manifest was made for.

Sources, by the words used below. `docs`: OpenAI's documentation: platform.openai.com/docs/plugins, archived 2023-09-22, unless the source
names another page of it.
`client`: the web client's own code (0xdevalias/chatgpt-source-watch). `store`: 1,162 manifests and 811
OpenAPI documents of plugins that OpenAI approved, from June 2023 to April 2024. If the docs forbid something
that approved plugins do, it is a warning. Nobody knows the host's own messages about single members of the
manifest, so none are quoted.
"""

from plugcli.hosts import AuthType, Claim, Host, Limit, Member, OneOf, State

REQUIRED = Claim("enforced", "docs, getting started: marked as required; in all 1,162 of the store")
NEVER_EMPTY = Claim("enforced", "docs, getting started: required; not empty in any of the store")
SOMETIMES_EMPTY = Claim("documented", "docs, getting started: required; empty in up to 4 of the store")
EMPTY_IN_USE = Claim("documented", "docs, getting started: required; empty in plugins used from localhost")
# An author may not want to give an e-mail address before the plugin is ready.
NO_EMAIL = Claim("documented", "docs, getting started: required; empty in 2 of the store", severity="note")

CORS = (
    "Failed to fetch localhost manifest. Check to ensure your localhost is running "
    "and your localhost server has CORS enabled."
)

OPERATION_LIMITS = (
    Limit(
        300,
        Claim(
            "enforced",
            "wfhbrian.com, Mastering ChatGPT plugins prompt space: measured; one of the store is longer. "
            "Words: robocorp/robocorp#250",
            says="In path {path}, method {method}, operationId {operation_id}, "
            "description has length {length} exceeding limit of 300",
        ),
    ),
    Limit(200, Claim("documented", "docs, getting started; 185 of the store are longer")),
)

HOST = Host(
    title="ChatGPT",
    state=State("the store's last records are of April 2024", "closed in April 2024"),
    manifests=("plugin", "baidu"),
    members={
        "schema_version": Member("text", REQUIRED, NEVER_EMPTY),
        "name_for_human": Member("text", REQUIRED, NEVER_EMPTY),
        "name_for_model": Member("text", REQUIRED, NEVER_EMPTY),
        "description_for_human": Member("text", REQUIRED, EMPTY_IN_USE),
        "description_for_model": Member("text", REQUIRED, EMPTY_IN_USE),
        "auth": Member("object", REQUIRED, None),
        "api": Member("object", REQUIRED, None),
        "logo_url": Member("text", REQUIRED, NEVER_EMPTY),
        "contact_email": Member("text", NO_EMAIL, NO_EMAIL),
        "legal_info_url": Member("text", REQUIRED, SOMETIMES_EMPTY),
    },
    ignored_members={
        "api": ("type", "url", "is_user_authenticated", "has_user_authentication"),
        # `instructions` is in every record of the store, `custom_auth_header` and the last two in later ones.
        "auth": (
            "type",
            "instructions",
            "authorization_type",
            "verification_tokens",
            "client_url",
            "scope",
            "authorization_url",
            "authorization_content_type",
            "custom_auth_header",
            "pkce_required",
            "token_exchange_method",
        ),
    },
    limits={
        "name_for_human": (
            Limit(50, Claim("enforced", "docs, March 2023; the longest of the store has 30")),
            Limit(20, Claim("documented", "docs, September 2023; 6 of the store are longer")),
        ),
        "name_for_model": (
            Limit(50, Claim("enforced", "docs, getting started; the longest of the store has 47")),
        ),
        "description_for_human": (
            Limit(
                120, Claim("enforced", "docs, March 2023; many of the store have exactly 120, 2 are longer")
            ),
            Limit(100, Claim("documented", "docs, September 2023; 328 of the store are longer")),
        ),
        "description_for_model": (
            Limit(8000, Claim("enforced", "docs, getting started; one of the store is longer")),
        ),
        "answer.seconds": (Limit(15, Claim("enforced", "docs, production: fetched within 15 seconds")),),
        "operation.description": OPERATION_LIMITS,
        "operation.summary": OPERATION_LIMITS,
        "parameter.description": (
            Limit(700, Claim("enforced", "docs, GPT Actions in production; none of the store is longer")),
            Limit(200, Claim("documented", "docs, getting started; 64 of the store are longer")),
        ),
    },
    schema_version=OneOf(("v1",), Claim("documented", "docs, getting started; 2 of the store say v2")),
    api_type=OneOf(
        ("openapi",), Claim("enforced", "docs, getting started; openapi or absent in all of the store")
    ),
    auth_types={
        "none": AuthType(),
        "service_http": AuthType(
            choices={
                "authorization_type": OneOf(("bearer", "basic"), Claim("documented", "docs, authentication"))
            },
            has_token=True,
        ),
        "user_http": AuthType(
            choices={
                "authorization_type": OneOf(("bearer", "basic"), Claim("documented", "docs, authentication"))
            },
        ),
        "oauth": AuthType(
            members={
                "client_url": Claim("enforced", "docs, authentication; in all 270 of the store"),
                "authorization_url": Claim("enforced", "docs, authentication; in all 270 of the store"),
                "authorization_content_type": Claim(
                    "enforced", "docs, authentication; in all 270 of the store"
                ),
                "scope": Claim("documented", "docs, authentication; may be empty, and is in 86 of the store"),
            },
            choices={
                "authorization_content_type": OneOf(
                    ("application/json", "application/x-www-form-urlencoded"),
                    Claim("observed", "store: no other value"),
                )
            },
            has_token=True,
        ),
    },
    openapi_versions=OneOf(
        ("3.0.0", "3.0.1", "3.0.2", "3.0.3", "3.0.4", "3.1.0", "3.1.1", "3.1.2"),
        Claim("observed", "store: 3 documents have another version"),
    ),
    claims={
        "manifest-missing": Claim(
            "enforced",
            "docs, getting started: without it the plugin cannot be installed. Words: client",
            says="Couldn't find manifest.",
        ),
        "manifest-place": Claim(
            "enforced",
            "docs, getting started: the folder, at the top of the domain. Words: client",
            says="Couldn't find manifest.",
        ),
        "manifest-syntax": Claim(
            "enforced",
            "openai/plugins-quickstart#40, #45, #46, #47: an install from localhost reports it this way",
            says_on_localhost=CORS,
        ),
        "manifest-dialect/other": Claim(
            "enforced", "docs, getting started: it has none of the required members"
        ),
        "manifest-dialect/baidu": Claim(
            "observed", "measured: 6 plugins of Baidu Yiyan have the same members and `examples`"
        ),
        "unknown-member": Claim("observed", "store: dropped, never an error", severity="note"),
        "model-name": Claim(
            "documented",
            "docs, getting started: letters and numbers; 400 of the store have underscores, none anything "
            "else; the host took a name with spaces from localhost (kieckhefen.eu/post/pygpt)",
        ),
        "api-type/missing": Claim("observed", "store: absent in 3, and in OpenAI's first example"),
        "api-url/missing": Claim(
            "enforced", "client", says_on_localhost="Localhost manifest is missing OpenAPI spec URL."
        ),
        "api-url/form": Claim(
            "enforced",
            "client",
            says_on_localhost="Localhost manifest OpenAPI spec URL is not a valid URL or path.",
        ),
        "api-url/no-scheme": Claim("enforced", "URL Standard: the host name is read as the scheme"),
        "api-url/http": Claim("enforced", "docs, production: http only on localhost; none in the store"),
        "api-url/port": Claim(
            "enforced", "docs, production: only port 443; no other in the 572 of the store that we have"
        ),
        "api-url/home-page": Claim("observed", "3 plugins in public repositories"),
        "domain/api-url": Claim("enforced", "docs, production; in all 1,011 absolute ones of the store"),
        # The author is still working on it, or a server writes its own address there, as `plugcli serve` does.
        "domain/not-deployed": Claim(
            "enforced", "docs, production; in all 1,011 absolute ones of the store", severity="warning"
        ),
        "domain/http": Claim("enforced", "docs, production: http only on localhost"),
        "unfetched/manifest/remote": Claim("enforced", "client", says="Couldn't find manifest."),
        "unfetched/manifest/local": Claim("enforced", "client", says_on_localhost=CORS),
        "unfetched/manifest/redirect": Claim(
            "enforced", "docs, production: redirects of the manifest, only to a subdomain"
        ),
        "unfetched/openapi/remote": Claim("enforced", "docs, production: fetched within 15 seconds"),
        "unfetched/openapi/local": Claim(
            "enforced", "client", says_on_localhost="Failed to fetch localhost OpenAPI spec."
        ),
        "unfetched/openapi/redirect": Claim(
            "observed", "docs, production: the document is on the plugin's domain"
        ),
        "cors/manifest": Claim(
            "enforced",
            "client; Fetch Standard, which browsers follow; openai/plugins-quickstart#11, #22",
            says_on_localhost=CORS,
        ),
        "cors/openapi": Claim(
            "enforced",
            "client; Fetch Standard, which browsers follow",
            says_on_localhost="Failed to fetch localhost OpenAPI spec.",
        ),
        # The plugin can still be installed, but fails when it is called.
        "cors/operation": Claim(
            "enforced", "client: the browser makes the calls; Fetch Standard", severity="warning"
        ),
        "cors/private-network": Claim(
            "observed",
            "openai/plugins-quickstart#11: Chrome; since version 142 it asks the user instead "
            "(developer.chrome.com/blog/local-network-access)",
            says_on_localhost=CORS,
        ),
        "browser": Claim(
            "observed",
            "openai/plugins-quickstart#11; developer.chrome.com/blog/local-network-access",
            severity="note",
        ),
        "content-type": Claim("observed", "client: parses the text, whatever its type", severity="note"),
        "logo/missing": Claim("observed", "docs, getting started: a URL; without it a page shows no picture"),
        "logo/no-file": Claim(
            "observed",
            "deduced: without the file a page shows no picture; another program may serve it",
            severity="note",
        ),
        "logo/no-picture": Claim("documented", "docs, getting started: the logo is an image"),
        "logo/type": Claim("observed", "MIME Sniffing Standard; Chrome's opaque response blocking"),
        "logo/policy": Claim("observed", "Fetch Standard: Cross-Origin-Resource-Policy"),
        "logo/size": Claim(
            "documented",
            "docs, getting started: suggested 512 x 512; the store has every size",
            severity="note",
        ),
        "logo/large": Claim(
            "observed", "deduced: a page waits for it; no limit is documented", severity="note"
        ),
        "domain/port": Claim("enforced", "docs, production: only port 443"),
        "loopback": Claim(
            "observed",
            "openai/plugins-quickstart#22; client: only localhost with a port is a developer's own machine",
            says="Couldn't find manifest.",
        ),
        "auth-type": Claim("enforced", "docs, authentication: four types; no other in the store"),
        "auth-type/user-http": Claim(
            "observed", "store: none; installed by each user, unverified", severity="note"
        ),
        "oauth-url": Claim("documented", "docs, production: https; all 136 of the store that we have use it"),
        "secret": Claim(
            "documented",
            "docs, authentication: the host asks for the client's secret while the plugin is installed",
        ),
        "other-domain": Claim(
            "documented",
            "docs, production and authentication: the plugin's own domain; of the store, 242 of 1,039 legal "
            "pages and 112 of 253 log-in pages are elsewhere",
            severity="note",
        ),
        "review-words": Claim(
            "review",
            "docs, OpenAI's guide to its review; 2 names and 15 descriptions of 1,039 of the store have one",
        ),
        "description-end": Claim(
            "review", "docs, OpenAI's guide to its review; 1,010 of 1,039 of the store do", severity="note"
        ),
        "member-type/flag": Claim(
            "observed", "store: both flags are dropped; 2 of them are text", severity="note"
        ),
        "verification-token": Claim(
            "documented",
            "docs, authentication: the host gives it while the plugin is installed. Words: client",
            says='Please add the "openai" token to your manifest file.',
            severity="note",
        ),
        "localhost": Claim(
            "documented",
            "docs, production and authentication: https and a domain; no authentication on localhost",
            severity="note",
        ),
        # It is refused on localhost, but may be accepted once it is deployed.
        "localhost/log-in": Claim(
            "documented",
            "docs, authentication: only localhost development without authentication",
            severity="note",
            leaves_open=True,
        ),
        "localhost/authentication": Claim(
            "enforced", "docs, authentication: only localhost development without authentication"
        ),
        "contact-email": Claim(
            "documented", "docs, getting started; 7 of the store are not e-mail addresses"
        ),
        "legal-info-url/missing": Claim(
            "observed", "deduced: the link in the plugin's description leads nowhere"
        ),
        "legal-info-url/no-file": Claim(
            "observed",
            "deduced: without the file the link leads nowhere; another program may serve it",
            severity="note",
        ),
        "legal-info-url": Claim("documented", "docs, getting started; 12 of the store are not URLs"),
        "logo-url/relative": Claim("documented", "docs, getting started: a URL; 4 of the store are relative"),
        "logo-url/http": Claim(
            "observed", "deduced: a page on https shows no picture from http; 4 of the store do this"
        ),
        "logo-url/localhost": Claim(
            "observed", "39 plugins in public repositories; each browser asks its own machine"
        ),
        "logo-url/no-picture": Claim("documented", "docs, getting started: must be a picture"),
        "logo-url/gif": Claim("documented", "docs, getting started: no GIF; 1 of the store is one"),
        "placeholder": Claim(
            "observed", "45 plugins in public repositories; a server may fill them in", leaves_open=True
        ),
        "example-address": Claim("observed", "65 e-mail addresses in public repositories", severity="note"),
        "duplicate-keys": Claim("observed", "store: 5 documents; the last value wins", loses="value"),
        "openapi-missing": Claim("enforced", "client", severity="note"),
        "openapi-syntax": Claim(
            "enforced", "client", says_on_localhost="Failed to parse localhost OpenAPI spec as JSON or YAML."
        ),
        "openapi-slip": Claim("observed", "store: 2 documents are JSON with trailing commas, read as YAML"),
        "openapi-dialect/other": Claim(
            "enforced", "store: none when approved; no operations can be made from it"
        ),
        "openapi-dialect/version-missing": Claim("observed", "store: 1 document; GPT Actions takes it too"),
        "openapi-dialect/swagger": Claim(
            "observed", "store: no document is Swagger 2.0; GPT Actions refuses it", leaves_open=True
        ),
        "openapi-schema": Claim("observed", "store: 29 % of the documents are not valid OpenAPI"),
        "no-operations": Claim("observed", "store: none without operations", loses="every operation"),
        "operation-id/missing": Claim(
            "observed",
            "store: 2 documents. Words: outline/openapi#3",
            says="In path {path}, method {method} is missing operationId; skipping",
            loses="operation",
        ),
        "operation-id/duplicate": Claim("observed", "store: 6 documents", loses="operation"),
        "operation-id/name": Claim(
            "observed", "store: 20 documents; it names a TypeScript type in the prompt"
        ),
        "operation-text": Claim("observed", "store: 29 documents", severity="note"),
        "components-schemas": Claim(
            "enforced",
            "measured: three projects work around it; none in the store",
            says="Could not parse OpenAPI spec for plugin: "
            "['In components section, schemas subsection is not an object']",
        ),
        "servers/missing": Claim(
            "documented", "docs, production: otherwise the host of api.url; 139 of the store do this"
        ),
        "servers/in-info": Claim("observed", "store: 31 documents, copied from an early example"),
        "servers/elsewhere": Claim(
            "documented", "docs, production: otherwise the host of api.url; 5 of the store do this"
        ),
        "servers/form": Claim("documented", "docs, production: an https URL of the plugin's domain"),
        "servers/port": Claim("documented", "docs, production: only port 443"),
        "servers/not-localhost": Claim(
            "observed",
            "client: it calls a plugin on localhost itself, and only at localhost",
            says_on_localhost="Refusing to make localhost plugin HTTP call with non-localhost URL",
        ),
        "servers/localhost": Claim("observed", "store: 4 documents; the host of api.url is used instead"),
        "auth-schemes/demanded": Claim(
            "observed", "docs, authentication: the manifest says how to log in; 6 of the store do this"
        ),
        "auth-schemes/none": Claim(
            "observed", "measured: 29 public plugins have security schemes and auth none", severity="note"
        ),
        "auth-schemes/other": Claim(
            "observed", "docs, authentication: the manifest says how to log in", severity="note"
        ),
        "auth-schemes/form": Claim(
            "observed", "docs, authentication: the manifest says how the key is sent; the API answers 401"
        ),
        "references/unresolved": Claim(
            "observed",
            "store: 40 documents. Words: danny-avila/LibreChat, a copy",
            loses="schema",
        ),
        "references/external": Claim("observed", "store: 2 documents", loses="schema"),
        "references/circular": Claim(
            "observed", "deduced: the text for the model would never end, as references are written out in it"
        ),
        "parameter-reference": Claim(
            "observed",
            "DeepLcom/openapi#7",
            says="In path {path}, method {method}, operationId {operation_id}, "
            "parameter {parameter} is has missing or non-string name; skipping",
            loses="operation",
        ),
        "recursive-schema": Claim("observed", "store: 6 documents; GPT Actions refuses them"),
        "path-slash": Claim(
            "observed",
            "store: 5 documents. Words: mckaywrigley/chatbot-ui, a copy",
            says="Path {path} does not start with a slash; skipping",
            loses="path",
        ),
        "path-parameter": Claim("observed", "store: 2 documents"),
        "duplicate-parameter": Claim("observed", "OpenAPI: the same name and place are given only once"),
        "request-body-method": Claim(
            "observed",
            "measured: OpenAI's own quickstart has a body on DELETE; 23 documents have one on GET or DELETE",
        ),
        "schema-values": Claim("observed", "store: 5 documents, most of them yes and no read as booleans"),
    },
)
