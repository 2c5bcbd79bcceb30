"""A sound plugin, and ways to break it at one known place: the rule that must report it, and the key or value that it must point to."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from tests.contract.layout import Again

SOUND = Path(__file__).parent / "rules" / "manifest-syntax" / "good-json"
MANIFEST: dict[str, Any] = json.loads((SOUND / ".well-known/ai-plugin.json").read_text())
OPENAPI: dict[str, Any] = yaml.safe_load((SOUND / "openapi.yaml").read_text())
# After these characters, columns on the same line differ in bytes, in UTF-16 and in characters.
MANIFEST["description_for_human"] = "Zählt deine Aufgaben \U0001f600."
OPENAPI["info"]["title"] = "Tâches \U0001f600"
OPENAPI["components"] = {
    "schemas": {
        "Todo": {"type": "object", "properties": {"text": {"type": "string"}, "state": {"type": "string"}}},
        "List": {"type": "array", "items": {"$ref": "#/components/schemas/Todo"}},
    }
}
OAUTH = {
    "type": "oauth",
    "client_url": "https://todo.plugcli.dev/login",
    "scope": "",
    "authorization_url": "https://todo.plugcli.dev/token",
    "authorization_content_type": "application/json",
    "verification_tokens": {"openai": "3ff1a0f5d1a64d8b"},
}
GET = "/paths/~1todos~1{user}/get"


@dataclass(frozen=True)
class Mutation:
    """A change to a sound document, and the finding that it must cause: the rule, and which key or value it points to."""

    rule: str
    change: Callable[[Any], Any]
    at: str
    part: Literal["key", "value"] = "value"


def put(where: str, value: Any) -> Callable[[Any], Any]:
    """Set or add the value that the pointer `where` names."""

    def change(data: Any) -> Any:
        found, last = holder_of(data, where)
        found[last] = copy.deepcopy(value)
        return data

    return change


def drop(where: str) -> Callable[[Any], Any]:
    """Remove the value that the pointer `where` names."""

    def change(data: Any) -> Any:
        found, last = holder_of(data, where)
        del found[last]
        return data

    return change


def again(where: str) -> Callable[[Any], Any]:
    """Repeat the member that the pointer `where` names at the end of its object."""

    def change(data: Any) -> Any:
        found, last = holder_of(data, where)
        if found is data:
            return Again(data, {last: data[last]})
        parent, name = holder_of(data, where.rpartition("/")[0])
        parent[name] = Again(found, {last: found[last]})
        return data

    return change


def also(*changes: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def change(data: Any) -> Any:
        for each in changes:
            data = each(data)
        return data

    return change


def holder_of(data: Any, where: str) -> tuple[Any, Any]:
    *path, last = (part.replace("~1", "/").replace("~0", "~") for part in where.split("/")[1:])
    for part in path:
        data = data[int(part)] if isinstance(data, list) else data[part]
    return data, int(last) if isinstance(data, list) else last


OF_MANIFEST = {
    "name for the model missing": Mutation("member-missing", drop("/name_for_model"), ""),
    "name misspelt": Mutation(
        "member-missing",
        also(drop("/logo_url"), put("/logo_urll", "https://a.dev/l.png")),
        "/logo_urll",
        "key",
    ),
    "legal page null": Mutation("member-missing", put("/legal_info_url", None), "/legal_info_url", "key"),
    "name empty": Mutation("member-empty", put("/name_for_human", ""), "/name_for_human"),
    "version a number": Mutation("member-type", put("/schema_version", 1), "/schema_version"),
    "auth a list": Mutation("member-type", put("/auth", [{"type": "none"}]), "/auth", "key"),
    "flag a text": Mutation(
        "member-type", put("/api/is_user_authenticated", "false"), "/api/is_user_authenticated"
    ),
    "version of another format": Mutation("schema-version", put("/schema_version", "v2"), "/schema_version"),
    "name too long": Mutation("text-length", put("/name_for_human", "n" * 51), "/name_for_human"),
    "description too long": Mutation(
        "text-length", put("/description_for_human", "d" * 120 + "."), "/description_for_human"
    ),
    "space in the model's name": Mutation(
        "model-name", put("/name_for_model", "todo list"), "/name_for_model"
    ),
    "unknown auth": Mutation("auth-type", put("/auth/type", "api_key"), "/auth/type"),
    "no auth type": Mutation("auth-type", put("/auth", {}), "/auth", "key"),
    "log-in without the form of its body": Mutation(
        "auth-members", also(put("/auth", OAUTH), drop("/auth/authorization_content_type")), "/auth", "key"
    ),
    "log-in of an unknown form": Mutation(
        "auth-members",
        also(put("/auth", OAUTH), put("/auth/authorization_content_type", "xml")),
        "/auth/authorization_content_type",
    ),
    "log-in on http": Mutation(
        "oauth-url",
        also(put("/auth", OAUTH), put("/auth/client_url", "http://todo.plugcli.dev/login")),
        "/auth/client_url",
    ),
    "token to come": Mutation(
        "verification-token",
        also(put("/auth", OAUTH), put("/auth/verification_tokens/openai", "REPLACE_ME")),
        "/auth/verification_tokens/openai",
    ),
    "api no openapi": Mutation("api-type", put("/api/type", "mcp"), "/api/type"),
    "api without type": Mutation("api-type", drop("/api/type"), "/api", "key"),
    "api without address": Mutation("api-url", drop("/api/url"), "/api", "key"),
    "address without scheme": Mutation(
        "api-url", put("/api/url", "todo.plugcli.dev/openapi.yaml"), "/api/url"
    ),
    "address on http": Mutation(
        "api-url", put("/api/url", "http://todo.plugcli.dev/openapi.yaml"), "/api/url"
    ),
    "address with a port": Mutation(
        "api-url", put("/api/url", "https://todo.plugcli.dev:8443/openapi.yaml"), "/api/url"
    ),
    "picture on http": Mutation(
        "logo-url", put("/logo_url", "http://todo.plugcli.dev/logo.png"), "/logo_url"
    ),
    "picture a gif": Mutation("logo-url", put("/logo_url", "https://todo.plugcli.dev/logo.gif"), "/logo_url"),
    "legal page an e-mail": Mutation(
        "legal-info-url", put("/legal_info_url", "ada@plugcli.dev"), "/legal_info_url"
    ),
    "legal page elsewhere": Mutation(
        "other-domain", put("/legal_info_url", "https://law.dev/"), "/legal_info_url"
    ),
    "e-mail without a domain": Mutation("contact-email", put("/contact_email", "ada"), "/contact_email"),
    "placeholder": Mutation("placeholder", put("/logo_url", "{{BASE}}/logo.png"), "/logo_url"),
    "example address": Mutation("placeholder", put("/contact_email", "ada@example.com"), "/contact_email"),
    "unknown member": Mutation("unknown-member", put("/a~1b", [1]), "/a~1b", "key"),
    "unknown member of api": Mutation("unknown-member", put("/api/endpoints", []), "/api/endpoints", "key"),
    "reviewers' word": Mutation("review-words", put("/name_for_human", "Todo plugin"), "/name_for_human"),
    "no full stop": Mutation(
        "description-end", put("/description_for_human", "Zählt"), "/description_for_human"
    ),
    "key twice": Mutation("duplicate-keys", again("/name_for_human"), "/name_for_human#again", "key"),
    "key twice, deeper": Mutation("duplicate-keys", again("/api/url"), "/api/url#again", "key"),
}
OF_OPENAPI = {
    "no such version": Mutation("openapi-dialect", put("/openapi", "3.1.3"), "/openapi"),
    "no version": Mutation("openapi-dialect", drop("/openapi"), ""),
    "unknown member of info": Mutation("openapi-schema", put("/info/licence", "MIT"), "/info/licence", "key"),
    "title missing": Mutation("openapi-schema", drop("/info/title"), "/info", "key"),
    "no servers": Mutation("servers", drop("/servers"), ""),
    "servers inside info": Mutation(
        "servers",
        also(drop("/servers"), put("/info/servers", [{"url": "https://todo.plugcli.dev"}])),
        "/info/servers",
        "key",
    ),
    "server on http": Mutation("servers", put("/servers/0/url", "http://todo.plugcli.dev"), "/servers/0/url"),
    "path without slash": Mutation(
        "path-slash",
        put("/paths/todos", {"get": {"operationId": "a", "summary": "A", "responses": {"200": {"description": "B"}}}}),
        "/paths/todos",
        "key",
    ),
    "no paths": Mutation("no-operations", put("/paths", {}), "/paths", "key"),
    "no operationId": Mutation("operation-id", drop(f"{GET}/operationId"), GET, "key"),
    "operationId no name": Mutation(
        "operation-id", put(f"{GET}/operationId", "get todos"), f"{GET}/operationId"
    ),
    "operationId twice": Mutation(
        "operation-id",
        put(
            "/paths/~1all",
            {"get": {"operationId": "getTodos", "summary": "All", "responses": {"200": {"description": "B"}}}},
        ),
        "/paths/~1all/get/operationId",
    ),
    "no summary": Mutation("operation-text", drop(f"{GET}/summary"), GET, "key"),
    "summary too long": Mutation("operation-length", put(f"{GET}/summary", "s" * 301), f"{GET}/summary"),
    "parameter's text too long": Mutation(
        "parameter-length",
        put(f"{GET}/parameters/0/description", "d" * 201),
        f"{GET}/parameters/0/description",
    ),
    "parameter twice": Mutation(
        "duplicate-parameter",
        lambda data: put(
            f"{GET}/parameters", [copy.deepcopy(holder_of(data, f"{GET}/parameters/0")[0][0]) for _ in "ab"]
        )(data),
        f"{GET}/parameters/1",
    ),
    "parameter of the path undeclared": Mutation(
        "path-parameter", put(f"{GET}/parameters", []), f"{GET}/parameters", "key"
    ),
    "parameter not in the path": Mutation(
        "path-parameter",
        put("/paths/~1all", {
            "get": {
                "operationId": "all", "summary": "All", "responses": {"200": {"description": "B"}},
                "parameters": [{"name": "day", "in": "path", "required": True, "schema": {"type": "string"}}],
            }
        }),
        "/paths/~1all/get/parameters/0/name",
    ),
    "body on get": Mutation(
        "request-body-method",
        put(f"{GET}/requestBody", {"content": {"application/json": {"schema": {"type": "string"}}}}),
        f"{GET}/requestBody",
        "key",
    ),
    "components without schemas": Mutation("components-schemas", put("/components", {}), "/components", "key"),
    "reference to nothing": Mutation(
        "references",
        put("/components/schemas/List/items/$ref", "#/components/schemas/Nobody"),
        "/components/schemas/List/items/$ref",
    ),
    "reference elsewhere": Mutation(
        "references",
        put("/components/schemas/List/items/$ref", "https://plugcli.dev/todo.yaml"),
        "/components/schemas/List/items/$ref",
    ),
    "schema in itself": Mutation(
        "recursive-schema",
        put("/components/schemas/Todo/properties/parent", {"$ref": "#/components/schemas/Todo"}),
        "/components/schemas/Todo",
        "key",
    ),
    "required on a property": Mutation(
        "openapi-schema",
        put("/components/schemas/Todo/properties/text/required", True),
        "/components/schemas/Todo/properties/text/required",
    ),
    "unknown type": Mutation(
        "openapi-schema",
        put("/components/schemas/Todo/properties/text/type", "int"),
        "/components/schemas/Todo/properties/text/type",
    ),
    "property no object": Mutation(
        "openapi-schema",
        put("/components/schemas/Todo/properties/text", "string"),
        "/components/schemas/Todo/properties/text",
    ),
    "default of another type": Mutation(
        "schema-values",
        put("/components/schemas/Todo/properties/text/default", 7),
        "/components/schemas/Todo/properties/text/default",
    ),
    "enum of another type": Mutation(
        "schema-values",
        put("/components/schemas/Todo/properties/state/enum", ["done", True]),
        "/components/schemas/Todo/properties/state/enum",
        "key",
    ),
    "secret among settings": Mutation(
        "secret", put("/x-database", {"password": "correct horse"}), "/x-database/password"
    ),
    "key twice": Mutation("duplicate-keys", again(f"{GET}/summary"), f"{GET}/summary#again", "key"),
    "key twice at the top": Mutation("duplicate-keys", again("/servers"), "/servers#again", "key"),
}  # fmt: skip
