"""The manifest has a member that the host ignores.

Hosts silently drop members that they do not know, so a misspelt name is noticed only when its effect is missing.

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
        known.append("examples")  # manifest-dialect reports it
    yield from _unknown(manifest, "", known)
    for name, members in host.ignored_members.items():
        if name == "auth" and manifest.get("auth", "type") not in list(host.auth_types):
            continue  # auth-type reports it, and other types may have other members
        yield from _unknown(manifest, name, list(members))


def _unknown(manifest: Document, parent: str, known: list[str]) -> Problems:
    members = manifest.data.get(parent) if parent else manifest.data
    strange = []
    for name in members if isinstance(members, dict) else ():
        close = get_close_matches(name.lower(), known, n=1, cutoff=0.8)
        # If the intended member is missing, member-missing reports both.
        if name in known or (close and not parent and manifest.data.get(close[0]) is None):
            continue
        if close:
            message = f"{name} is ignored: the format has no such member"
            yield Problem(
                _place(manifest, parent, name), message, "unknown-member", f"did you mean {close[0]}?"
            )
        else:
            strange.append(name)
    if strange:  # several strange members mean one thing: a manifest with several uses
        names = f"{', '.join(strange[:-1])} and {strange[-1]} are" if len(strange) > 1 else f"{strange[0]} is"
        message = f"{names} ignored: the format has no such member{'s' if len(strange) > 1 else ''}"
        yield Problem(
            _place(manifest, parent, strange[0]),
            message,
            "unknown-member",
            "keep it if another program reads it",
        )


def _place(manifest: Document, parent: str, name: str) -> Place:
    return Place(manifest, pointer.join(*([parent] if parent else []), name), of_key=True)


RULE = Rule(manifest=check)
