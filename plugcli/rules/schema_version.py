"""`schema_version` is not "v1".

It is the version of the manifest's format, not of the plugin: nearly all approved plugins say "v1".
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule


def check(manifest: Document, host: Host) -> Problems:
    value = manifest.data.get("schema_version")
    if host.schema_version is None:
        return
    if isinstance(value, str) and value.strip() and value not in host.schema_version.values:
        wanted = " or ".join(f'"{each}"' for each in host.schema_version.values)
        message = f'schema_version is "{value}", and the format has only {wanted}'
        hint = "it is the version of the format, not of your plugin"
        yield Problem(Place(manifest, "/schema_version"), message, host.schema_version.otherwise, hint)


RULE = Rule(manifest=check)
