"""`legal_info_url` is not the URL of a page.

Users find the plugin's terms there. It may be on any domain: in 242 of 1,039 approved plugins it is on another one. When plugcli
validates files, it looks for a page on localhost in the folder, as `legal.html`.

Bad:

    "legal_info_url": "todo.plugcli.dev/legal"

Good:

    "legal_info_url": "https://todo.plugcli.dev/legal"
"""

from plugcli.address import Address, address, is_own_machine, whole
from plugcli.hosts import Host
from plugcli.missing import missing_files
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule, manifest_for


def check(plugin: Plugin, host: Host) -> Problems:
    manifest = manifest_for(plugin, host)
    value = manifest.data.get("legal_info_url") if manifest is not None else None
    if manifest is None or not isinstance(value, str) or not value.strip():
        return
    where, found = Place(manifest, "/legal_info_url"), address(value.strip())
    for each in missing_files(plugin):
        if each.pointer == "/legal_info_url":
            yield Problem(where, each.message, "legal-info-url/no-file", each.hint)
    last = plugin.live.last("legal") if plugin.live is not None else None
    if last is not None and last.failure is not None:
        message = f"the legal page at {last.url}: {last.failure.message}"
        yield Problem(where, message, "legal-info-url/missing", last.failure.hint or "open it in a browser")
    if "@" in value and "/" not in value:
        message, hint = (
            f"legal_info_url is an e-mail address: {value}",
            "give the URL of a page with the plugin's terms",
        )
    elif found.kind == "no-scheme":
        message, hint = f"legal_info_url has no scheme: {value}", f"write {found.with_scheme}"
    elif found.kind in ("path", "relative", "other", "data"):
        message, hint = (
            f"legal_info_url is not the URL of a page: {value}",
            f"write {whole(plugin.stands_at, value)}",
        )
    elif found.is_local and _is_elsewhere(plugin.stands_at):
        message = f"legal_info_url is on your own machine, but the plugin is elsewhere: {value}"
        hint = "write a URL that others can reach"
    else:
        return
    yield Problem(where, message, "legal-info-url", hint)


def _is_elsewhere(home: Address | None) -> bool:
    return home is not None and not is_own_machine(home.host)


RULE = Rule(plugin=check)
