"""A Microsoft 365 Copilot manifest does not match Microsoft's JSON Schema for its version.

The schema is closed: an unknown member makes the manifest invalid, where ChatGPT would drop it. Microsoft's own tools go by the version
that `$schema` names, the host goes by `schema_version`. So it is also wrong if the two differ
(microsoft/json-schemas, copilot/plugin; MicrosoftDocs/m365copilot-docs, plugin manifest).

Bad:

    $ plugcli validate --for m365-copilot appPackage
    appPackage/ai-plugin.json:14:7: error: auth lacks reference_id [copilot-schema]
      14 |       "auth": {"type": "OAuthPluginVault"},
         |       ^

Good:

    $ plugcli validate --for m365-copilot appPackage
    appPackage: Microsoft 365 Copilot accepts it (no errors, no warnings)
"""

from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.m365.schema import VERSIONS, faults, named_version, strange_addresses
from plugcli.rules import Place, Problem, Problems, Rule


def check(manifest: Document, host: Host) -> Problems:
    for fault in faults(manifest):
        where = Place(manifest, fault.where, of_key=fault.of_key)
        yield Problem(where, fault.message, "copilot-schema", fault.hint)
    for fault in strange_addresses(manifest):
        hint = "write the absolute URL, with https://"
        yield Problem(Place(manifest, fault.where), fault.message, "copilot-schema/address", hint)
    said, named = manifest.data.get("schema_version"), named_version(manifest)
    if named and said in VERSIONS and said != named:
        message = f"schema_version is {said}, but $schema names {named}"
        yield Problem(Place(manifest, "/schema_version"), message, "copilot-schema", "make them the same")


RULE = Rule(manifest=check, dialects=("m365-copilot",))
