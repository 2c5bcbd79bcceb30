"""`legal_info_url` is not the address of a page.

Users find the plugin's terms there. Any domain will do: 242 of 1,039 approved plugins have it on another one.

Bad:

    "legal_info_url": "todo.plugcli.dev/legal"

Good:

    "legal_info_url": "https://todo.plugcli.dev/legal"
"""

from plugcli.address import address
from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule


def check(manifest: Document, host: Host) -> Problems:
    value = manifest.data.get("legal_info_url")
    if not isinstance(value, str) or not value.strip():
        return
    found = address(value.strip())
    if "@" in value and "/" not in value:
        message, hint = (
            f"legal_info_url is an e-mail address: {value}",
            "a page with the plugin's terms belongs here",
        )
    elif found.kind == "no-scheme":
        message, hint = f"legal_info_url has no scheme: {value}", f"write {found.with_scheme}"
    elif found.kind in ("path", "relative", "other", "data"):
        message, hint = f"legal_info_url is no address of a page: {value}", "write https://..."
    elif found.is_local and not _is_local(manifest.get("api", "url")):
        message = f"legal_info_url is your own machine, and the plugin is elsewhere: {value}"
        hint = "write the address that others reach"
    else:
        return
    yield Problem(Place(manifest, "/legal_info_url"), message, "legal-info-url", hint)


def _is_local(url: object) -> bool:
    return isinstance(url, str) and address(url).is_local


RULE = Rule(manifest=check)
