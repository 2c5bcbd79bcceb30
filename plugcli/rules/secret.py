"""A secret is in a document that everybody can read.

Manifest and OpenAPI document are public, even if the API is protected. With OAuth only the host needs the client's secret, and it asks
for the secret while you install the plugin. Only your server needs the key of a service behind your API. Three public manifests contain
their `client_secret`. Revoke a secret that was published.

Bad:

    "auth": {"type": "none", "client_secret": "3ff1a0f5d1a64d8b"}

Good:

    "auth": {"type": "none"}
"""

import re
from collections.abc import Iterator
from typing import Any

from plugcli.address import is_placeholder
from plugcli.document import pointer
from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule

_SECRET = re.compile(
    r"(.*_)?(client_?secret|api_?secret|secret(_?key)?|api_?key|private_?key|password|(access_|refresh_|auth_|bearer_)?token)",
    re.IGNORECASE,
)
# These describe an API and hold no settings: `password` is the name of a property there.
_OF_OPENAPI = {
    "openapi", "info", "jsonSchemaDialect", "servers", "paths", "webhooks", "components", "security", "tags", "externalDocs",
}  # fmt: skip
# Settings are shallow, but a stranger's document may be deep.
_MOST_LEVELS = 4


def check(plugin: Plugin, host: Host) -> Problems:
    for document, kept in ((plugin.manifest, set()), (plugin.openapi, _OF_OPENAPI)):
        if document is None:
            continue
        members = {name: value for name, value in document.data.items() if name not in kept}
        for path in _secrets(members, ()):
            message = f"{'.'.join(path)} is a secret, but everybody can read this document"
            hint = "remove it, and revoke it if it was published"
            yield Problem(Place(document, pointer.join(*path)), message, "secret", hint)


def _secrets(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if len(path) >= _MOST_LEVELS or not isinstance(value, dict):
        return
    for name, each in value.items():
        if name in (
            "verification_tokens",
            "paths",
            "components",
            "schema",
            "properties",
            "functions",
            "runtimes",
        ):
            continue
        if isinstance(each, str) and len(each) >= 8 and not is_placeholder(each) and _SECRET.fullmatch(name):
            yield (*path, name)
        yield from _secrets(each, (*path, name))


RULE = Rule(plugin=check)
