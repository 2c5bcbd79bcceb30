"""A URL of OAuth is not a valid https URL.

The host sends the user's browser to `client_url`, and the client's secret and a code to `authorization_url`. Over http anybody on the
way can read them. The approved plugins use https for both. Plugins on localhost, where there is no authentication, are not checked.

Bad:

    "auth": {
      "type": "oauth",
      "client_url": "http://todo.plugcli.dev/login",
      "scope": "",
      "authorization_url": "/token",
      "authorization_content_type": "application/json",
      "verification_tokens": {"openai": "3ff1a0f5d1a64d8b"}
    }

Good:

    "auth": {
      "type": "oauth",
      "client_url": "https://todo.plugcli.dev/login",
      "scope": "",
      "authorization_url": "https://todo.plugcli.dev/token",
      "authorization_content_type": "application/json",
      "verification_tokens": {"openai": "3ff1a0f5d1a64d8b"}
    }
"""

from plugcli.address import address, is_own_machine
from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule, manifest_for


def check(plugin: Plugin, host: Host) -> Problems:
    manifest, home = manifest_for(plugin, host), plugin.stands_at
    if manifest is None or manifest.get("auth", "type") != "oauth":
        return
    if home is not None and is_own_machine(home.host):
        return
    for name in ("client_url", "authorization_url"):
        url = manifest.get("auth", name)
        if not isinstance(url, str) or not url.strip():
            continue  # auth-members reports it
        found = address(url.strip())
        if found.kind in ("https", "example", "placeholder"):
            continue
        if found.kind == "http":
            message, hint = f"auth.{name} is http, not https", f"write {url.replace('http', 'https', 1)}"
        elif found.is_local:
            message, hint = f"auth.{name} is on your own machine: {url}", "write a URL that others can reach"
        elif found.kind == "no-scheme":
            message, hint = f"auth.{name} has no scheme: {url}", f"write {found.with_scheme}"
        else:
            message, hint = f"auth.{name} is not a valid URL: {url}", "write https://..."
        yield Problem(Place(manifest, f"/auth/{name}"), message, "oauth-url", hint)


RULE = Rule(plugin=check)
