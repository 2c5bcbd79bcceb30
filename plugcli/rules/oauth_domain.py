"""OAuth's URLs are on another domain than the API.

The form of GPT Actions refuses them when the action is saved: the login page and the token exchange must be on the API's own domain,
unless they are Google's, Microsoft's or Adobe's (OpenAI, GPT Actions in production). The documentation says the same about plugins, but
nobody enforced it there.

Bad:

    components: {schemas: {}, securitySchemes: {login: {type: oauth2, flows: {authorizationCode: {scopes: {},
      authorizationUrl: "https://tenant.auth0.com/authorize", tokenUrl: "https://tenant.auth0.com/token"}}}}}

Good:

    components: {schemas: {}, securitySchemes: {login: {type: oauth2, flows: {authorizationCode: {scopes: {},
      authorizationUrl: "https://login.plugcli.dev/authorize", tokenUrl: "https://login.plugcli.dev/token"}}}}}
"""

from plugcli.address import address
from plugcli.document import Document, pointer
from plugcli.hosts import Host
from plugcli.rules import Place, Problem, Problems, Rule

_EVERYWHERE = (
    "google.com",
    "googleapis.com",
    "microsoftonline.com",
    "microsoft.com",
    "live.com",
    "adobe.com",
    "adobelogin.com",
)


def check(openapi: Document, host: Host) -> Problems:
    schemes = openapi.get("components", "securitySchemes")
    servers = openapi.data.get("servers")
    first = servers[0] if isinstance(servers, list) and servers else None
    url = first.get("url") if isinstance(first, dict) else None
    home = address(url if isinstance(url, str) else "")
    for name, scheme in schemes.items() if isinstance(schemes, dict) and home.host else ():
        flows = scheme.get("flows") if isinstance(scheme, dict) else None
        for kind, flow in flows.items() if isinstance(flows, dict) else ():
            foreign = {
                member: domain
                for member in ("authorizationUrl", "tokenUrl")
                if isinstance(flow, dict)
                and isinstance(text := flow.get(member), str)
                and (domain := address(text).domain) not in ("", home.domain, *_EVERYWHERE)
            }
            if foreign:
                member, domain = next(iter(foreign.items()))
                parts = ("components", "securitySchemes", name, "flows", kind, member)
                message = (
                    f"{' and '.join(foreign)} of {name} are at {domain}, but the API is at {home.domain}"
                )
                hint = f"serve them at {home.domain} or a subdomain of it, for example with a redirect"
                yield Problem(Place(openapi, pointer.join(*parts)), message, "oauth-domain", hint)


RULE = Rule(openapi=check)
