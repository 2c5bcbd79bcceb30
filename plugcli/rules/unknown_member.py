"""A member that the host ignores.

Hosts drop what they do not know without a word, so that a misspelt name is noticed only when its meaning is missing.

Bad:

    "keywords": ["todo", "list"]

Good:

    "description_for_human": "Keeps your todo list."
"""

from difflib import get_close_matches

from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule


def check(manifest: Document, host: Host) -> Problems:
    known = [*host.members, "$schema"]
    if isinstance(manifest.data.get("examples"), dict):
        known.append("examples")  # manifest-dialect speaks of it
    yield from _unknown(manifest, "", known)
    for name, members in host.ignored_members.items():
        yield from _unknown(manifest, name, list(members))


def _unknown(manifest: Document, parent: str, known: list[str]) -> Problems:
    members = manifest.data.get(parent) if parent else manifest.data
    for name in members if isinstance(members, dict) else ():
        close = get_close_matches(name.lower(), known, n=1, cutoff=0.8)
        # Where the one that was meant is missing, member-missing speaks of both.
        if name in known or (close and not parent and manifest.data.get(close[0]) is None):
            continue
        where = Place(manifest, pointer.join(*([parent] if parent else []), name), of_key=True)
        hint = f"did you mean {close[0]}?" if close else ""
        yield Problem(where, f"{name} is ignored: the format has no such member", "unknown-member", hint)


RULE = Rule(manifest=check)
