"""A required member of the manifest is missing.

OpenAI's documentation marks ten members as required, and no approved plugin lacks one of them. `null` counts as missing.

Bad:

    "legal_info_url": null

Good:

    "legal_info_url": "https://todo.plugcli.dev/legal"
"""

from collections.abc import Iterator
from difflib import get_close_matches

from plugcli.document import Document, pointer
from plugcli.hosts import Claim, Host
from plugcli.manifest_members import HINTS
from plugcli.rules import Place, Problem, Problems, Rule


def check(manifest: Document, host: Host) -> Problems:
    for name, member in host.members.items():
        if manifest.data.get(name) is not None or member.missing is None:
            continue
        unknown = {each.lower(): each for each in manifest.data if each not in host.members}
        close = get_close_matches(name, unknown, n=1, cutoff=0.8)
        if close:
            misspelt = unknown[close[0]]
            where = Place(manifest, pointer.join(misspelt), of_key=True)
            yield Problem(where, f"{name} is missing", member.missing, f"is {misspelt} a misspelling of it?")
        else:
            where = Place(manifest, f"/{name}")
            yield Problem(where, f"{name} is missing", member.missing, HINTS.get(name, ""))


def asks(host: Host) -> Iterator[tuple[str, Claim]]:
    for name, member in host.members.items():
        if member.missing is not None:
            yield name, member.missing


RULE = Rule(manifest=check, asks=asks)
