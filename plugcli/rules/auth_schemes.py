"""The manifest's `auth` and the document's security schemes disagree.

The host follows the manifest: for `none` it sends no key, even if the OpenAPI document asks for one. 29 public plugins say `none`
although they have security schemes. If operations demand a key that is never sent, every call ends in 401. Hosts that read only the
document, such as GPT Actions, follow the schemes.

Bad:

    security: [{key: []}]
    components: {schemas: {}, securitySchemes: {key: {type: http, scheme: bearer}}}

Good:

    components: {schemas: {}}
"""

from typing import Any

from plugcli.dialect import manifest_dialect, openapi_dialect
from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.openapi.operation import operations
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule

_FITTING = {
    "service_http": ("http", "apiKey"),
    "user_http": ("http", "apiKey"),
    "oauth": ("oauth2", "openIdConnect"),
}

_FORMS = {"bearer", "basic"}


def check(plugin: Plugin, host: Host) -> Problems:
    manifest, openapi = plugin.manifest, plugin.openapi
    if manifest is None or openapi is None or openapi_dialect(openapi.data) != "openapi":
        return
    schemes = openapi.get("components", "securitySchemes")
    kind = manifest.get("auth", "type")
    if manifest_dialect(manifest.data) not in host.manifests or not isinstance(kind, str):
        return
    if not isinstance(schemes, dict) or not schemes:
        return
    if kind == "none":
        yield from _without_key(manifest, openapi, schemes)
        return
    found = {
        each["type"]
        for each in schemes.values()
        if isinstance(each, dict) and isinstance(each.get("type"), str)
    }
    if kind in _FITTING and found and not found.intersection(_FITTING[kind]):
        message = f"the manifest says {kind}, but the OpenAPI document says {', '.join(sorted(found))}"
        hint = (
            f"describe the same authentication in both: use {' or '.join(_FITTING[kind])} in securitySchemes"
        )
        yield Problem(Place(openapi, "/components/securitySchemes"), message, "auth-schemes/other", hint)
    elif found == {"http"} and kind in ("service_http", "user_http"):
        yield from _other_form(manifest, openapi, schemes)


def _other_form(manifest: Document, openapi: Document, schemes: dict[str, Any]) -> Problems:
    """The key is sent as `bearer` but the API expects `basic`, or the other way round."""
    sent = manifest.get("auth", "authorization_type")
    wanted = [each.get("scheme") for each in schemes.values() if isinstance(each, dict)]
    forms = {each.lower() for each in wanted if isinstance(each, str)}
    if sent in _FORMS and len(forms) == 1 and forms < _FORMS and sent not in forms:
        (other,) = forms
        name = next(iter(schemes))
        message = f"the manifest sends the key as {sent}, but the security scheme {name} is {other}"
        place = Place(openapi, pointer.join("components", "securitySchemes", name, "scheme"))
        yield Problem(place, message, "auth-schemes/form", f"write {sent} here, or {other} in the manifest")


def _without_key(manifest: Document, openapi: Document, schemes: dict[str, Any]) -> Problems:
    where = Place(manifest, "/auth/type")
    name = next(iter(schemes))
    hint = "use service_http, user_http or oauth here, or remove the security schemes"
    if asking := _asking(openapi):
        message = f"auth is none, but {asking} a key: the host calls without one"
        yield Problem(where, message, "auth-schemes/demanded", hint)
    else:
        message = (
            f"auth is none, but the OpenAPI document has the security scheme {name}: the host sends no key"
        )
        place = Place(openapi, pointer.join("components", "securitySchemes", name))
        yield Problem(place, message, "auth-schemes/none", hint)


def _asking(openapi: Document) -> str:
    """What demands a key, as the start of a sentence; empty if nothing does."""
    if _demands(openapi.data.get("security")):
        return "the OpenAPI document demands"
    titles = [each.title for each in operations(openapi) if _demands(each.data.get("security"))]
    if not titles:
        return ""
    return f"{titles[0]} demands" if len(titles) == 1 else f"{len(titles)} operations demand"


def _demands(security: object) -> bool:
    """Whether every alternative in `security` requires a key."""
    return (
        isinstance(security, list)
        and bool(security)
        and all(isinstance(each, dict) and each for each in security)
    )


RULE = Rule(plugin=check)
