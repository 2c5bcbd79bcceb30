"""A runtime of a Microsoft 365 Copilot manifest does not authenticate the way its OpenAPI document asks.

`auth.type` says how the host calls the API: `None`, `ApiKeyPluginVault` for a key or a bearer token,
`OAuthPluginVault` for OAuth. If the operations ask for another type, the API answers every call with 401. Microsoft's
tools derive `auth` from the document (@microsoft/m365-spec-parser 0.3.2).

Bad:

    $ plugcli validate --for m365-copilot appPackage
    appPackage/ai-plugin.json:14:24: warning: the runtime authenticates with None, but GET /todos asks for OAuthPluginVault [copilot-auth]
      14 |       "auth": {"type": "None"},
         |                        ^

Good:

    $ plugcli validate --for m365-copilot appPackage
    appPackage: Microsoft 365 Copilot accepts it (no errors, no warnings)
"""

from plugcli.dialect import manifest_dialect
from plugcli.document import Document
from plugcli.hosts import Host
from plugcli.m365 import Runtime, runtimes
from plugcli.openapi.authorization import Scheme, ways
from plugcli.openapi.operation import Operation, operations
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule

_TYPES = ("None", "OAuthPluginVault", "ApiKeyPluginVault")


def check(plugin: Plugin, host: Host) -> Problems:
    manifest, openapi = plugin.manifest, plugin.openapi
    if manifest is None or openapi is None or manifest_dialect(manifest.data) != "m365-copilot":
        return
    called = list(operations(openapi))
    for runtime in runtimes(manifest):
        if runtime.type == "OpenApi" and runtime.auth_type in _TYPES:
            yield from _runtime(manifest, openapi, runtime, called)


def _runtime(manifest: Document, openapi: Document, runtime: Runtime, called: list[Operation]) -> Problems:
    """One finding for each runtime: its operations nearly always ask for the same."""
    for operation in called:
        if runtime.runs is not None and operation.id not in runtime.runs:
            continue
        asked = _asked(openapi, operation)
        if asked and runtime.auth_type not in asked:
            wanted = " or ".join(sorted(asked))
            where = Place(manifest, f"{runtime.where}/auth/type")
            message = (
                f"the runtime authenticates with {runtime.auth_type}, but {operation.title} asks for {wanted}"
            )
            yield Problem(
                where, message, "copilot-auth", f'write "type": "{sorted(asked)[0]}", with its reference_id'
            )
            return


def _asked(openapi: Document, operation: Operation) -> set[str]:
    """The types that the operation accepts; empty if it asks for nothing, or for nothing that the host knows."""
    own = operation.data.get("security", openapi.data.get("security"))
    if isinstance(own, list) and {} in own:
        return set()
    _, every_way = ways(openapi, operation)
    return {_type(way[0]) for way in every_way if len(way) == 1} - {""}


def _type(scheme: Scheme) -> str:
    flows = scheme.data.get("flows")
    if scheme.data.get("type") == "oauth2" and isinstance(flows, dict) and "authorizationCode" in flows:
        return "OAuthPluginVault"
    is_bearer = scheme.data.get("type") == "http" and str(scheme.data.get("scheme")).lower() == "bearer"
    is_key = scheme.data.get("type") == "apiKey" and scheme.data.get("in") != "cookie"
    return "ApiKeyPluginVault" if is_bearer or is_key else ""


RULE = Rule(plugin=check)
