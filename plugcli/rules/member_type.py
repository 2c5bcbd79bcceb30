"""A member of the manifest has the wrong JSON type.

Names, descriptions and URLs are strings, `auth` and `api` are objects. `schema_version` is a string too: "v1". If
`is_user_authenticated`, which hosts ignore, is "false" in quotes, it is a string, and many languages take it as true.

Bad:

    "schema_version": 1

Good:

    "schema_version": "v1"
"""

from collections.abc import Iterator

from plugcli.document import Document
from plugcli.hosts import Claim, Host
from plugcli.manifest_members import HINTS
from plugcli.rules import Place, Problem, Problems, Rule

_IN_WORDS = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
}


_OF_THE_FORMAT = Claim("documented", "the format of the manifest")


def check(manifest: Document, host: Host) -> Problems:
    for name, member in host.members.items():
        value = manifest.data.get(name)
        wanted = str if member.type == "text" else dict
        if value is None or isinstance(value, wanted):
            continue
        message = f"{name} is {_IN_WORDS[type(value)]} but must be {_IN_WORDS[wanted]}"
        yield Problem(
            Place(manifest, f"/{name}"), message, member.missing or _OF_THE_FORMAT, _hint(name, value)
        )
    for name in ("is_user_authenticated", "has_user_authentication"):
        value = manifest.get("api", name)
        if isinstance(value, str):
            message = f"api.{name} is a string but must be true or false"
            hint = (
                f"write {value.strip().lower()} without quotes"
                if value.strip().lower() in ("true", "false")
                else "remove it: hosts ignore it"
            )
            yield Problem(Place(manifest, f"/api/{name}"), message, "member-type/flag", hint)


def _hint(name: str, value: object) -> str:
    """What to write in place of `value`."""
    if isinstance(value, (bool, int, float)):
        return f'put quotes around it: "{str(value).lower()}"'
    return HINTS.get(name, "")


def asks(host: Host) -> Iterator[tuple[str, Claim]]:
    for name, member in host.members.items():
        yield name, member.missing or _OF_THE_FORMAT


RULE = Rule(manifest=check, asks=asks)
