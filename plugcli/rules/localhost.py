"""The plugin is on localhost, so the requirements for a public plugin are not checked.

https, a certificate, the domain of `api.url` and authentication matter once the plugin is deployed. On localhost ChatGPT accepts
http, and only plugins without authentication: one with a key or a login cannot be installed from there. With `--url` the plugin is
judged as if it were deployed.

Bad:

    "api": {"type": "openapi", "url": "http://localhost:5003/openapi.yaml"}

Good:

    "api": {"type": "openapi", "url": "https://todo.plugcli.dev/openapi.yaml"}
"""

from plugcli.address import address
from plugcli.dialect import manifest_dialect
from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule

_NO_LOGIN = 'write "auth": {"type": "none"} while the plugin is on localhost'
_HINT = "to have them judged, give --url with the address where the plugin will be deployed"
_HINT_FOR_FILES = (
    "to have them judged, validate the plugin's files with --url and the address where it will be deployed"
)


def check(plugin: Plugin, host: Host) -> Problems:
    manifest = plugin.manifest
    if manifest is None or manifest_dialect(manifest.data) not in host.manifests:
        return
    if plugin.url is not None and not address(plugin.url).is_local:
        return
    kind = manifest.get("auth", "type")
    has_login = isinstance(kind, str) and kind in host.auth_types and kind != "none"
    if has_login and plugin.live is not None:
        message = f"auth is {kind}, which needs a public address, but the plugin is on localhost"
        yield Problem(Place(manifest, "/auth/type"), message, "localhost/authentication", _NO_LOGIN)
    url = manifest.get("api", "url")
    if not isinstance(url, str) or not address(url).is_local:
        return
    needs, claim = ["https", "the domain of its addresses"], "localhost"
    if has_login and plugin.live is None:
        claim = "localhost/log-in"
        needs.append(f"its authentication ({kind}, which no host accepts from localhost)")
    message = f"the plugin is on localhost, so these are not judged: {', '.join(needs[:-1])} and {needs[-1]}"
    hint = _HINT if plugin.live is None else _HINT_FOR_FILES
    yield Problem(Place(manifest, "/api/url"), message, claim, hint)


RULE = Rule(plugin=check)
