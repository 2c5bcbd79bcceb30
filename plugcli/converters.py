"""What converters from OpenAPI to tools have in common, whoever calls the tools in the end."""

from collections.abc import Mapping

from plugcli.claim import Claim
from plugcli.openapi.recipe import Tools

CONVERTED_TOOLS = Tools(unnamed="{method}_{path}", unnamed_drops=r"[^A-Za-z0-9_-]")
"""The tools of a model's API: one per operation; one without an operationId is named after its method and path."""

CONVERTED: Mapping[str, Claim] = {
    "openapi-missing": Claim("observed", "deduced: tools are made of the document", severity="note"),
    "openapi-syntax": Claim("enforced", "deduced: no converter reads what is neither JSON nor YAML"),
    "openapi-dialect/other": Claim("enforced", "deduced: no converter finds an operation in it"),
    "openapi-dialect/swagger": Claim(
        "observed", "PrefectHQ/fastmcp: reads OpenAPI 3.0 and 3.1", leaves_open=True
    ),
    "openapi-dialect/version-missing": Claim(
        "observed", "PrefectHQ/fastmcp: the version decides how it is read"
    ),
    "no-operations": Claim("observed", "deduced: each operation becomes a tool, and there is none"),
    "operation-id/missing": Claim(
        "observed",
        "PrefectHQ/fastmcp#578: the name is made of summary or path; open-webui/open-webui#12902: an empty "
        "name is refused",
    ),
    "tool-name": Claim(
        "observed", "PrefectHQ/fastmcp#578: up to the first __, slugified, cut to 56", severity="note"
    ),
    "operation-text": Claim(
        "observed", "MCP: a description is optional, but the model has nothing else to go by", severity="note"
    ),
    "path-slash": Claim(
        "observed", "OpenAPI: a path starts with a slash, and is appended to the server's URL"
    ),
    "path-parameter": Claim(
        "observed", "deduced: the path stays as it is written where no argument fills it in"
    ),
    "duplicate-parameter": Claim("observed", "OpenAPI: a name and a place are given once"),
    "duplicate-keys": Claim("observed", "deduced: YAML and JSON readers keep the last value", loses="value"),
    "argument-collision": Claim(
        "observed",
        "tadata-org/fastapi_mcp#319: one overwrites the other; PrefectHQ/fastmcp#1107 renames one of them",
    ),
    "argument-collision/renamed": Claim(
        "observed",
        "PrefectHQ/fastmcp@d80f7864:src/fastmcp/utilities/openapi/schemas.py: the new name is not compared with the others",
        loses="argument",
    ),
    "request-body/list": Claim("observed", "tadata-org/fastapi_mcp#319: left out by some converters"),
    "request-body/free-form": Claim("observed", "tadata-org/fastapi_mcp#319: left out by some converters"),
    "references/unresolved": Claim("observed", "deduced: the model sees an empty schema", loses="schema"),
    "references/external": Claim("observed", "deduced: converters read one document", loses="schema"),
    "references/circular": Claim("observed", "PrefectHQ/fastmcp#786, #1206, #3242: faults with such schemas"),
    "recursive-schema": Claim(
        "observed", "PrefectHQ/fastmcp#786, #1206, #3242: faults with such schemas", severity="note"
    ),
    "schema-values": Claim("observed", "deduced: a value that does not fit its type can never be sent"),
}
