"""GPT Actions: the APIs that a custom GPT calls, since November 2023. Its editor is given an OpenAPI document and no manifest.

Sources, by the words used below. `docs`: OpenAI's pages on GPT Actions (production, sending files, authentication). `editor`: the messages
of the editor, as its users copied them into public repositories. It reads the document twice: first into classes (`openapi-pydantic`
0.5.1 prints the same messages; gpt_actions.json says what it accepts), then with its own parser, whose messages are quoted. If that
parser skips something, the rest still works, so it is a warning.
"""

from pathlib import Path

from plugcli.hosts import Claim, Host, Limit, OneOf, State

NO_URL = "Could not find a valid URL in `servers`"
IN_OPERATION = "In path {path}, method {method}, operationId {operation_id}, "
NO_PROPERTIES = "In context={context}, object schema missing properties"
SAME_PARSER = "ChatGPT's plugins, which had the same parser"

HOST = Host(
    title="GPT Actions",
    state=State(
        "help.openai.com/en/articles/9442513",
        "closing: for affected Enterprise workspaces on 11 December 2026, the other plans are expected to follow",
    ),
    structure=Path(__file__).with_suffix(".json"),
    limits={
        "operation.description": (
            Limit(
                300,
                Claim(
                    "enforced",
                    "docs, production. Words: robocorp/robocorp#250",
                    says=IN_OPERATION + "description has length {length} exceeding limit of 300",
                ),
            ),
        ),
        "operation.summary": (
            Limit(300, Claim("documented", "docs, production: description or summary of each endpoint")),
        ),
        "parameter.description": (
            Limit(700, Claim("documented", "docs, production; robocorp/robocorp#250 met no limit in a body")),
        ),
        "operations": (
            Limit(
                30,
                Claim(
                    "enforced",
                    "community.openai.com/t/586484",
                    says="OpenAPI spec can have a maximum of 30 operations",
                ),
            ),
        ),
        "document": (
            Limit(
                1_048_576,
                Claim("enforced", "yyjeqhc/webcodex#461", says="OpenAPI spec must be 1MB or smaller"),
            ),
            Limit(
                1_000_000,
                Claim("observed", "yyjeqhc/webcodex#461: 1 MB; which of the two is not known"),
            ),
        ),
    },
    openapi_versions=OneOf(
        ("3.1.1", "3.1.0"),
        Claim(
            "enforced",
            "editor; openapi-pydantic 0.5.1",
            says="('openapi',): Input should be '3.1.1' or '3.1.0'",
        ),
    ),
    claims={
        "openapi-missing": Claim("enforced", "editor: it is given a document", severity="note"),
        "openapi-syntax": Claim("enforced", "editor: it reads JSON and YAML, and nothing else"),
        "openapi-slip": Claim("observed", "editor: it reads YAML too"),
        "openapi-dialect/other": Claim("enforced", "deduced: no operations can be made from it", says=NO_URL),
        "openapi-dialect/version-missing": Claim(
            "observed", "openapi-pydantic 0.5.1 reads it as 3.1.1", leaves_open=True
        ),
        "openapi-dialect/swagger": Claim("enforced", "editor: only 3.1.0 and 3.1.1"),
        "openapi-structure": Claim("enforced", "openapi-pydantic 0.5.1, which prints the editor's messages"),
        "openapi-schema": Claim(
            "observed", "openapi-pydantic 0.5.1 accepts it; other readers may not", severity="note"
        ),
        "duplicate-keys": Claim(
            "observed", "YAML 1.2, 3.2.1.3, and RFC 8259, 4: readers keep the last", loses="value"
        ),
        "no-operations": Claim(
            "observed", "docs, getting started: an action is made of operations", loses="every operation"
        ),
        "operation-id/missing": Claim(
            "observed",
            "outline/openapi#3",
            says="In path {path}, method {method} is missing operationId; skipping",
            loses="operation",
        ),
        "operation-id/duplicate": Claim(
            "observed",
            "deduced: an operation is called by its id, so each id can exist only once",
            loses="operation",
        ),
        "operation-id/name": Claim(
            "observed", f"deduced: it names a type in the prompt, as with {SAME_PARSER}"
        ),
        "operation-text": Claim("observed", f"deduced: the prompt, as with {SAME_PARSER}", severity="note"),
        "components-schemas": Claim(
            "enforced",
            "editor, three repositories; its blank template has an empty one",
            says="In components section, schemas subsection is not an object",
        ),
        "recursive-schema": Claim(
            "enforced",
            "editor, three repositories",
            says="Components section contains a circular dependency",
        ),
        "servers/missing": Claim("enforced", "editor, two repositories", says=NO_URL),
        "servers/in-info": Claim("enforced", "editor, two repositories", says=NO_URL),
        "server-origin/no-url": Claim("enforced", "editor, two repositories", says=NO_URL),
        "server-origin/none": Claim(
            "enforced",
            "editor, four repositories",
            says="None of the provided servers is under the root origin {root}",
        ),
        "server-origin/not-yet": Claim(
            "enforced",
            "editor, four repositories",
            says="None of the provided servers is under the root origin {root}",
            severity="note",
            leaves_open=True,
        ),
        "server-origin/ignored": Claim(
            "observed",
            "editor, four repositories",
            says="Server URL {url} is not under the root origin {root}; ignoring it",
            loses="server",
        ),
        "server-origin/dropped": Claim(
            "observed",
            "editor, three repositories",
            says="Found multiple hostnames, dropping {url}",
            loses="server",
        ),
        "server-origin/several": Claim(
            "observed",
            "editor, three repositories",
            says="Multiple servers found, using {used}",
            loses="server",
        ),
        "server-origin/placeholder": Claim(
            "observed", "45 plugins in public repositories; a server may fill them in", leaves_open=True
        ),
        "security-schemes/several": Claim(
            "observed",
            "editor, three repositories",
            says="Found multiple security schemes, only 1 is supported",
            loses="security scheme",
        ),
        "security-schemes/kind": Claim(
            "documented", "docs, authentication: none, a key in a header, or OAuth with a code"
        ),
        # The addresses that count are typed into the form; those in the document are meant for it.
        "oauth-domain": Claim(
            "enforced",
            "docs, production: the form refuses it; Google, Microsoft and Adobe excepted",
            severity="warning",
        ),
        "header-parameter": Claim(
            "observed",
            "docs, production: no custom headers. Words: editor, three repositories",
            says="parameter {parameter} has location header; ignoring",
            loses="parameter",
        ),
        "parameter-reference": Claim(
            "observed",
            "DeepLcom/openapi#7",
            says=IN_OPERATION + "parameter {parameter} is has missing or non-string name; skipping",
            loses="operation",
        ),
        "duplicate-parameter": Claim(
            "observed",
            "editor, one repository",
            says="parameter {parameter} is duplicated; skipping function due to errors",
            loses="operation",
        ),
        "path-parameter": Claim(
            "observed", "OpenAPI, path templating: a parameter that is not declared is not filled in"
        ),
        "path-slash": Claim(
            "observed",
            "editor: its words, from a copy in mckaywrigley/chatbot-ui",
            says="Path {path} does not start with a slash; skipping",
            loses="path",
        ),
        "path-method/parameters": Claim(
            "observed",
            "editor, two repositories",
            says="Path {path} has unrecognized method {key}; skipping",
            loses="parameter list",
        ),
        "path-method/path": Claim(
            "observed",
            "editor, two repositories",
            says="Path {path} has unrecognized method {key}; skipping",
            loses="path",
        ),
        "path-method/text": Claim(
            "observed",
            "editor, two repositories",
            says="Path {path} has unrecognized method {key}; skipping",
            severity="note",
        ),
        "path-method/other": Claim(
            "observed",
            "editor, two repositories",
            says="Path {path} has unrecognized method {key}; skipping",
        ),
        "request-body/object": Claim(
            "observed",
            "editor, five repositories",
            says=IN_OPERATION + "request body schema is not an object schema; skipping",
            loses="operation",
        ),
        "request-body/untyped": Claim("observed", "editor: it requires an object schema"),
        "request-body/type": Claim("observed", "editor: no other body is known to be sent"),
        "object-properties/response": Claim("observed", "editor, three repositories", says=NO_PROPERTIES),
        "object-properties/request": Claim("observed", "editor, one repository", says=NO_PROPERTIES),
        "object-properties/component": Claim(
            "observed", "editor, imitated by one repository", says=NO_PROPERTIES
        ),
        "properties-null": Claim(
            "enforced", "editor, one repository", says="'NoneType' object has no attribute 'items'"
        ),
        "references/unresolved": Claim(
            "observed",
            "editor, two repositories; danny-avila/LibreChat, a copy",
            says="In context={context}, reference to unknown component {component}; using empty schema",
            loses="schema",
        ),
        "references/external": Claim("observed", "editor: it looks only in components", loses="schema"),
        "references/circular": Claim(
            "observed", "editor: references are written out in the text for the model"
        ),
        "schema-values": Claim("observed", "JSON Schema: such a value can never be sent"),
        "fragile-schema/choice": Claim("observed", "editor, one repository", severity="note"),
        "fragile-schema/untyped": Claim("observed", "editor, one repository", severity="note"),
        "fragile-schema/explode": Claim("observed", "community.openai.com/t/732623"),
        "consequential": Claim("documented", "docs, production: true or false"),
        "file-parameter": Claim("documented", "docs, sending files", loses="file parameter"),
        "file-response": Claim("documented", "docs, returning files, as public repositories restate them"),
    },
)
