"""A required member of the manifest is there, but empty.

Empty is not missing: hosts have let plugins in with an empty e-mail address or legal page, never with
an empty name.
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule


def check(manifest: Document, host: Host) -> Problems:
    for name, member in host.members.items():
        value = manifest.data.get(name)
        if isinstance(value, str) and not value.strip() and member.empty is not None:
            yield Problem(Place(manifest, f"/{name}"), f"{name} is empty", member.empty)


RULE = Rule(manifest=check)
