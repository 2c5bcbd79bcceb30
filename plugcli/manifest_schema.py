"""The JSON Schema (2020-12) of a plugin's manifest, for editors: made from what `validate` knows about ChatGPT, so it cannot go stale.

It refuses only what that host enforces; limits that are only documented are in descriptions and examples. It sees one document at a
time: what depends on two documents, or on where the plugin is, only `validate` can check.
"""

from typing import Any

from plugcli.hosts import AuthType, Host, Member, OneOf, all_hosts

Schema = dict[str, Any]

# What each member is for, in plugcli's words, and an example of a good value.
_MEMBERS: dict[str, tuple[str, object]] = {
    "schema_version": ("The version of the manifest's format.", "v1"),
    "name_for_human": (
        "The name that people see; 20 characters is what the host's documentation allows.",
        "TODO list",
    ),
    "name_for_model": (
        "The name by which the model calls the plugin: letters, digits and underscores.",
        "todo",
    ),
    "description_for_human": (
        "One sentence that tells people what the plugin does.",
        "Keeps your TODO list.",
    ),
    "description_for_model": (
        "What the model reads about the plugin: what it is for, and when to use it.",
        "Plugin for managing a TODO list: add, remove and view TODOs of a user.",
    ),
    "auth": ("How the host authenticates to the API.", {"type": "none"}),
    "api": ("Where the OpenAPI document is.", {"type": "openapi", "url": "https://todo.dev/openapi.yaml"}),
    "logo_url": ("The URL of the logo, a square picture that is not a GIF.", "https://todo.dev/logo.png"),
    "contact_email": ("Where the host and people who use the plugin can reach you.", "support@todo.dev"),
    "legal_info_url": ("A page with the terms of use and the privacy policy.", "https://todo.dev/legal"),
}
_AUTH: dict[str, tuple[str, object]] = {
    "type": (
        "none, service_http: you give the host a key; user_http: each user pastes one; oauth: users log in.",
        "none",
    ),
    "authorization_type": (
        "How the key is sent: as `Authorization: Bearer KEY` or as basic authentication.",
        "bearer",
    ),
    "client_url": ("The page where users log in.", "https://todo.dev/oauth/authorize"),
    "scope": ("The access that the plugin asks for; may be empty.", "todos:write"),
    "authorization_url": (
        "The URL where the host exchanges the code for a token.",
        "https://todo.dev/oauth/token",
    ),
    "authorization_content_type": ("The media type of that request.", "application/json"),
}
_TOKENS = (
    "The verification token that the host gives you while the plugin is installed, under the host's name."
)
_API_URL = "The URL of the OpenAPI document, absolute or as a path from the root of the plugin's domain."
# The host does not count space around a text, but a schema cannot exclude it from a count: such a text is not counted at all.
_HAS_SPACE_AROUND: Schema = {"pattern": r"^\s|\s$"}


def manifest_schema() -> Schema:
    """The schema, as a value that is JSON."""
    host = all_hosts()["chatgpt"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Manifest of a chat plugin (ai-plugin.json), as ChatGPT accepts it",
        "type": "object",
        "required": [name for name, member in host.members.items() if _is_required(member)],
        "properties": {name: _member(host, name, member) for name, member in host.members.items()},
    }


def _is_required(member: Member) -> bool:
    return member.missing is not None and member.missing.word == "error"


def _member(host: Host, name: str, member: Member) -> Schema:
    words, example = _MEMBERS[name]
    schema: Schema = {"description": words, "type": "object" if member.type == "object" else "string"}
    if member.empty is not None and member.empty.word == "error":
        schema["minLength"] = 1
    for limit in host.limits.get(name, ()):
        if limit.claim.word == "error":
            schema["anyOf"] = [{"maxLength": limit.most}, _HAS_SPACE_AROUND]
    if name == "schema_version" and host.schema_version is not None:
        schema |= _choice(host.schema_version)
    elif name == "auth":
        schema |= _auth(host)
    elif name == "api":
        schema |= _api(host)
    return {**schema, "examples": [example]}


def _auth(host: Host) -> Schema:
    words, _ = _AUTH["type"]
    return {
        "required": ["type"],
        "properties": {"type": {"description": words, "enum": list(host.auth_types)}},
        "allOf": [
            {
                "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
                "then": _auth_type(wanted),
            }
            for name, wanted in host.auth_types.items()
            if wanted != AuthType()
        ],
    }


def _auth_type(wanted: AuthType) -> Schema:
    properties: Schema = {}
    for name in dict.fromkeys([*wanted.members, *wanted.choices]):
        words, example = _AUTH[name]
        properties[name] = {"description": words, "type": "string", "examples": [example]}
        if name in wanted.choices:
            properties[name] |= _choice(wanted.choices[name])
    if wanted.has_token:
        properties["verification_tokens"] = {"description": _TOKENS, "type": "object"}
    required = [name for name, claim in wanted.members.items() if claim.word == "error"]
    return {**({"required": required} if required else {}), "properties": properties}


def _api(host: Host) -> Schema:
    kind: Schema = {"description": "The kind of API description: always `openapi`."}
    if host.api_type is not None:
        kind |= _choice(host.api_type)
    properties: Schema = {"type": kind, "url": {"description": _API_URL, "type": "string", "minLength": 1}}
    for name in host.ignored_members.get("api", ()):
        properties.setdefault(
            name, {"description": "From an early example; the host ignores it.", "deprecated": True}
        )
    return {"required": ["url"], "properties": properties}


def _choice(one_of: OneOf) -> Schema:
    """A closed set if the host enforces it, else examples that an editor can offer."""
    is_enforced = one_of.otherwise.word == "error"
    return {"enum" if is_enforced else "examples": list(one_of.values)}
