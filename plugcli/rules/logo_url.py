"""`logo_url` is not the URL of a picture that a host can show.

It may be on any domain, and PNG, SVG, JPEG, WebP and ICO are all in use. Only some hosts accept a path. A page on https does not show
a picture from http, nobody else sees a picture on your own machine, and OpenAI's documentation forbids GIF.

Bad:

    "logo_url": "http://todo.plugcli.dev/logo.png"

Good:

    "logo_url": "https://todo.plugcli.dev/logo.png"
"""

import re
from urllib.parse import urlsplit

from plugcli.address import Address, address, is_own_machine, whole
from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule, manifest_for


def check(plugin: Plugin, host: Host) -> Problems:
    manifest = manifest_for(plugin, host)
    value = manifest.data.get("logo_url") if manifest is not None else None
    if manifest is None or not isinstance(value, str) or not value.strip():
        return
    where = Place(manifest, "/logo_url")
    found = address(value.strip())
    if found.kind == "no-scheme":
        yield Problem(
            where, f"logo_url has no scheme: {value}", "logo-url/relative", f"write {found.with_scheme}"
        )
    elif found.kind in ("path", "relative", "other"):
        hint = f"write {whole(plugin.stands_at, value)}"
        yield Problem(where, f"logo_url is not an absolute URL: {value}", "logo-url/relative", hint)
    elif found.kind == "http":
        hint = f"write {value.replace('http', 'https', 1)}"
        yield Problem(where, "logo_url is http: a page on https does not show it", "logo-url/http", hint)
    elif found.is_local and _is_elsewhere(plugin.stands_at):
        message = f"logo_url is on your own machine, but the plugin is elsewhere: {value}"
        yield Problem(where, message, "logo-url/localhost", "write a URL that others can reach")
    elif re.search(r"\.(html?|pdf|md|txt|json|ya?ml)$", _path(value)):
        yield Problem(
            where, f"logo_url does not lead to a picture: {value}", "logo-url/no-picture", "use PNG or SVG"
        )
    elif found.kind in ("https", "localhost") and _path(value).endswith(".gif"):
        yield Problem(where, "logo_url is a GIF", "logo-url/gif", "use PNG or SVG")


def _path(url: str) -> str:
    return urlsplit(url).path.lower()


def _is_elsewhere(home: Address | None) -> bool:
    return home is not None and not is_own_machine(home.host)


RULE = Rule(plugin=check)
