"""`auth` lacks members that its type requires.

OAuth needs the URLs of the login page and of the token exchange. For a key, `authorization_type` must be `bearer` or `basic` (OpenAI's
documentation, authentication). An empty OAuth `scope` is fine: 86 approved plugins have one.

Bad:

    "auth": {"type": "user_http"}

Good:

    "auth": {"type": "user_http", "authorization_type": "bearer"}
"""

from collections.abc import Iterator

from plugcli.document import Document
from plugcli.hosts import Claim, Host
from plugcli.rules import Place, Problem, Problems, Rule

_HINTS = {
    "client_url": "give the page where users log in, for example https://your.domain/oauth/authorize",
    "authorization_url": "give the URL where the host exchanges the code for a token, "
    "for example https://your.domain/oauth/token",
    "authorization_content_type": "give the media type that your token endpoint reads, for example application/json",
    "scope": 'if there are no scopes, write "scope": ""',
}


def check(manifest: Document, host: Host) -> Problems:
    auth = manifest.data.get("auth")
    kind = auth.get("type") if isinstance(auth, dict) else None
    if not isinstance(auth, dict) or not isinstance(kind, str) or kind not in host.auth_types:
        return
    wanted = host.auth_types[kind]
    for name, claim in wanted.members.items():
        value = auth.get(name)
        if value is None or (value == "" and name != "scope"):
            yield Problem(
                Place(manifest, f"/auth/{name}"), f"auth of type {kind} has no {name}", claim, _HINTS[name]
            )
        elif not isinstance(value, str):
            yield Problem(
                Place(manifest, f"/auth/{name}"), f"auth.{name} must be a string", claim, _HINTS[name]
            )
    for name, choice in wanted.choices.items():
        value = auth.get(name)
        if value is None and name in wanted.members:
            continue
        if value not in choice.values:
            shown = (
                f'is "{value}"'
                if isinstance(value, str)
                else "is missing"
                if value is None
                else "is not a string"
            )
            message = f"auth.{name} {shown}: it must be one of {', '.join(choice.values)}"
            better = str(value).lower() if str(value).lower() in choice.values else choice.values[0]
            hint = f'write "{name}": "{better}"'
            yield Problem(Place(manifest, f"/auth/{name}"), message, choice.otherwise, hint)


def asks(host: Host) -> Iterator[tuple[str, Claim]]:
    for kind, needs in host.auth_types.items():
        yield from ((f"{kind}: {name} missing", claim) for name, claim in needs.members.items())
        yield from (
            (f"{kind}: {name} not {choice.words}", choice.otherwise) for name, choice in needs.choices.items()
        )


RULE = Rule(manifest=check, asks=asks)
