"""`auth` lacks what its type needs.

OAuth needs the addresses of the log-in page and of the token exchange; a key needs to be called `bearer` or `basic` (OpenAI's
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


def check(manifest: Document, host: Host) -> Problems:
    auth = manifest.data.get("auth")
    kind = auth.get("type") if isinstance(auth, dict) else None
    if not isinstance(auth, dict) or not isinstance(kind, str) or kind not in host.auth_types:
        return
    wanted = host.auth_types[kind]
    for name, claim in wanted.members.items():
        value = auth.get(name)
        if value is None or (value == "" and name != "scope"):
            yield Problem(Place(manifest, f"/auth/{name}"), f"auth of type {kind} lacks {name}", claim)
        elif not isinstance(value, str):
            yield Problem(Place(manifest, f"/auth/{name}"), f"auth.{name} must be text", claim)
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
                else "must be text"
            )
            message = f"auth.{name} {shown}: one of {', '.join(choice.values)}"
            yield Problem(Place(manifest, f"/auth/{name}"), message, choice.otherwise)


def asks(host: Host) -> Iterator[tuple[str, Claim]]:
    for kind, needs in host.auth_types.items():
        yield from ((f"{kind}: {name} missing", claim) for name, claim in needs.members.items())
        yield from (
            (f"{kind}: {name} not {choice.words}", choice.otherwise) for name, choice in needs.choices.items()
        )


RULE = Rule(manifest=check, asks=asks)
