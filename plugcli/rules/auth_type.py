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
    wanted = ", ".join(host.auth_types)
    hint = "; ".join(f"{name}: {meaning}" for name, meaning in _MEANINGS.items() if name in host.auth_types)
    if kind == "user_http":
        message = "auth.type is user_http: no store has let such a plugin in"
        hint = "fine where each user installs it; else service_http or oauth"
        yield Problem(Place(manifest, "/auth/type"), message, "auth-type/user-http", hint)
    if kind is None:
        yield Problem(Place(manifest, "/auth/type"), f"auth has no type: one of {wanted}", "auth-type", hint)
    elif not isinstance(kind, str) or kind not in host.auth_types:
        shown = f'"{kind}"' if isinstance(kind, str) else "no text"
        yield Problem(
            Place(manifest, "/auth/type"), f"auth.type is {shown}: one of {wanted}", "auth-type", hint
        )


RULE = Rule(manifest=check)
