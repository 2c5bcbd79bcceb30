"""`schema_version` is not a version of the manifest's format.

It is the version of the format, not of the plugin: nearly all approved plugins say "v1", and a Microsoft 365 Copilot
manifest has "v2.1" to "v2.4".

Bad:

    "schema_version": "v1.2"

Good:

    "schema_version": "v1"
"""

from collections.abc import Iterator

from plugcli.document import Document
from plugcli.hosts import Claim, Host
from plugcli.rules import Place, Problem, Problems, Rule


def check(manifest: Document, host: Host) -> Problems:
    value = manifest.data.get("schema_version")
    if host.schema_version is None:
        return
    if isinstance(value, str) and value.strip() and value not in host.schema_version.values:
        message = f'schema_version is "{value}", but the format has only {host.schema_version.words}'
        hint = "give the version of the format, not of your plugin"
        yield Problem(Place(manifest, "/schema_version"), message, host.schema_version.otherwise, hint)


def asks(host: Host) -> Iterator[tuple[str, Claim]]:
    if host.schema_version is not None:
        yield f"not {host.schema_version.words}", host.schema_version.otherwise


RULE = Rule(manifest=check, dialects=("plugin", "baidu", "m365-copilot"), asks=asks)
