"""`auth.type` is missing or is not one of the types that exist.

The format has `none`, `service_http`, `user_http` and `oauth` (OpenAI's documentation, authentication). If each user
enters a key, the type is `user_http`, which no approved plugin has. If you give one key to the host, it is `service_http`.

Bad:

    "auth": {"type": "api_key", "in": "header", "name": "x-api-key"}

Good:

    "auth": {"type": "none"}
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule

_MEANINGS = {
    "user_http": "each user pastes a key",
    "service_http": "you give a key to the host",
    "oauth": "users log in",
}


def check(manifest: Document, host: Host) -> Problems:
    auth = manifest.data.get("auth")
    if not isinstance(auth, dict):
        return
    kind = auth.get("type")
    if kind == "user_http":
        message = "auth.type is user_http: no plugin with this type was ever approved"
        hint = "keep it if each user installs the plugin; otherwise use service_http or oauth"
        yield Problem(Place(manifest, "/auth/type"), message, "auth-type/user-http", hint)
    if kind is None:
        yield Problem(Place(manifest, "/auth/type"), "auth has no type", "auth-type", _known(host))
    elif not isinstance(kind, str) or kind not in host.auth_types:
        shown = f'"{kind}", which the host does not know' if isinstance(kind, str) else "not a string"
        yield Problem(Place(manifest, "/auth/type"), f"auth.type is {shown}", "auth-type", _known(host))


def _known(host: Host) -> str:
    """The types that the host knows, and what they mean."""
    names = (f"{name} ({_MEANINGS[name]})" if name in _MEANINGS else name for name in host.auth_types)
    return f"use one of {', '.join(names)}"


RULE = Rule(manifest=check)
