"""A required member of the manifest is present but empty.

An empty member is not a missing one: ChatGPT has accepted plugins with an empty e-mail address or legal page, never with an empty name.

Bad:

    "name_for_human": ""

Good:

    "name_for_human": "Todo list"
"""

from collections.abc import Iterator

from plugcli.document import Document
from plugcli.hosts import Claim, Host
from plugcli.manifest_members import HINTS
from plugcli.rules import Place, Problem, Problems, Rule


def check(manifest: Document, host: Host) -> Problems:
    for name, member in host.members.items():
        value = manifest.data.get(name)
        if isinstance(value, str) and not value.strip() and member.empty is not None:
            yield Problem(Place(manifest, f"/{name}"), f"{name} is empty", member.empty, HINTS.get(name, ""))


def asks(host: Host) -> Iterator[tuple[str, Claim]]:
    for name, member in host.members.items():
        if member.empty is not None:
            yield name, member.empty


RULE = Rule(manifest=check, asks=asks)
