"""The URL of the logo does not lead to a picture that the host can show.

The host loads the logo when the plugin is installed, and shows it beside every answer of the plugin. Browsers recognize a picture by its
bytes; only SVG also needs the right Content-Type, because browsers never guess it (MIME Sniffing Standard). The documentation suggests
512 x 512 pixels and forbids GIF. plugcli fetches a logo on another domain only if a public plugin names a public address. When it
validates files, it looks for a logo on localhost in the folder.

Bad:

    $ curl -sI https://shop.example.com/logo.png
    HTTP/1.1 404 Not Found

Good:

    $ curl -sI https://shop.example.com/logo.png
    HTTP/1.1 200 OK
    Content-Type: image/png
"""

from urllib.parse import urlsplit

from plugcli.exchange import Exchange
from plugcli.exchange.picture import Picture
from plugcli.hosts import Host
from plugcli.missing import missing_files
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule, manifest_for, named

_SIDE = 512


def check(plugin: Plugin, host: Host) -> Problems:
    manifest = manifest_for(plugin, host)
    if manifest is not None:
        for each in missing_files(plugin):
            if each.pointer == "/logo_url":
                yield Problem(Place(manifest, each.pointer), each.message, "logo/no-file", each.hint)
    found = plugin.live.last("logo") if plugin.live else None
    if found is None or plugin.manifest is None or (found.is_redirect and found.failure is None):
        return
    where = Place(plugin.manifest, "/logo_url")
    if found.failure is not None:
        claim = "logo/large" if found.failure.kind == "large" else "logo/missing"
        yield Problem(
            where,
            f"the logo at {found.url}: {found.failure.message}",
            claim,
            found.failure.hint or "open it in a browser",
        )
    elif found.picture is None:
        hint = "send the bytes of a PNG or SVG"
        given = found.headers.get("content-type", "no type")
        yield Problem(
            where, f"the server's answer for the logo is not a picture ({given})", "logo/no-picture", hint
        )
    else:
        yield from _picture(where, found, found.picture)


def _picture(where: Place, found: Exchange, picture: Picture) -> Problems:
    given = found.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_exact = picture.format == "SVG" or found.headers.get("x-content-type-options", "").lower() == "nosniff"
    if is_exact and (
        not given.startswith("image/") or (picture.format == "SVG") != (given == "image/svg+xml")
    ):
        kind = "svg+xml" if picture.format == "SVG" else picture.format.lower()
        message = f"the logo is {picture.format} but is sent as {given or 'no type at all'}: browsers do not show it"
        yield Problem(where, message, "logo/type", f"send Content-Type: image/{kind}")
    policy = found.headers.get("cross-origin-resource-policy", "")
    if policy in ("same-origin", "same-site"):
        message = f"Cross-Origin-Resource-Policy: {policy} blocks the logo on the host's page"
        yield Problem(where, message, "logo/policy", "send cross-origin, or leave the header out")
    if picture.format == "GIF" and not urlsplit(found.url).path.lower().endswith(".gif"):
        yield Problem(where, "the logo is a GIF", "logo-url/gif", "use PNG or SVG")
    elif picture.width and (picture.width, picture.height) != (_SIDE, _SIDE):
        message = f"the logo has {picture.width} x {picture.height} pixels"
        yield Problem(where, message, "logo/size", f"the documentation suggests {_SIDE} x {_SIDE}")


RULE = Rule(plugin=check, asks=named("logo-url/gif"))
