"""A required member of the manifest is missing.

The documentation marks ten members as required, and no approved plugin lacks one. `null` counts as missing.
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule

_HINTS = {
    "auth": 'a plugin without authentication says "auth": {"type": "none"}',
    "api": 'write "api": {"type": "openapi", "url": "https://.../openapi.yaml"}',
    "contact_email": "an address where users and the host can reach you; ChatGPT's store asks for it",
    "schema_version": 'write "schema_version": "v1"',
}


def check(manifest: Document, host: Host) -> Problems:
    for name, member in host.members.items():
        if manifest.data.get(name) is None and member.missing is not None:
            yield Problem(
                Place(manifest, f"/{name}"), f"{name} is missing", member.missing, _HINTS.get(name, "")
            )


RULE = Rule(manifest=check)
