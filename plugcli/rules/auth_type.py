"""`auth.type` is missing, or none of the types that there are.

The format has `none`, `service_http`, `user_http` and `oauth` (OpenAI's documentation, authentication). A key that each user types
in is `user_http`, which no approved plugin has; one that you give to the host is `service_http`.

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
        message = "auth.type is user_http: no store has let such a plugin in"
        hint = "fine where each user installs it; else service_http or oauth"
        yield Problem(Place(manifest, "/auth/type"), message, "auth-type/user-http", hint)
    if kind is None:
        yield Problem(Place(manifest, "/auth/type"), "auth has no type", "auth-type", _known(host))
    elif not isinstance(kind, str) or kind not in host.auth_types:
        shown = f'"{kind}", which the host does not know' if isinstance(kind, str) else "no text"
        yield Problem(Place(manifest, "/auth/type"), f"auth.type is {shown}", "auth-type", _known(host))


def _known(host: Host) -> str:
    """The types that the host has, and what they mean."""
    names = (f"{name} ({_MEANINGS[name]})" if name in _MEANINGS else name for name in host.auth_types)
    return f"one of {', '.join(names)}"


RULE = Rule(manifest=check)
