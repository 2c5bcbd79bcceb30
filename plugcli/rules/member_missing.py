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
from plugcli.rules import Place, Problem, Problems, Rule

HINTS = {
    "auth": 'for a plugin without authentication write "auth": {"type": "none"}',
    "api": 'write "api": {"type": "openapi", "url": "https://.../openapi.yaml"}',
    "name_for_human": "give the name that users see, in at most 20 characters",
    "name_for_model": "give the name that the model sees: letters, digits and _, starting with a letter",
    "description_for_human": "say what users get, in one sentence of at most 100 characters",
    "description_for_model": "say what the plugin does and when the model should use it",
    "logo_url": "give the https URL of a picture, PNG or SVG",
    "legal_info_url": "give the https URL of a page with the plugin's terms",
    "contact_email": "give an address where users and the host can reach you",
    "schema_version": 'write "schema_version": "v1"',
}


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
