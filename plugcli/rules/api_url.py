"""`api.url` does not lead to the OpenAPI document.

Every host accepts an absolute https URL. ChatGPT resolves a path that starts with a slash against the plugin's domain; not every
host does. http is allowed only on localhost, with a port. `localhost:5003/openapi.yaml` has no scheme: a URL parser reads
`localhost` as the scheme.

Bad:

    "api": {"type": "openapi", "url": "todo.plugcli.dev/openapi.yaml"}

Good:

    "api": {"type": "openapi", "url": "https://todo.plugcli.dev/openapi.yaml"}
"""

from pathlib import PurePosixPath
from urllib.parse import urlsplit

from plugcli.address import Address, address, from_root, whole
from plugcli.hosts import Host
from plugcli.plugin import Plugin
from plugcli.rules import Place, Problem, Problems, Rule, manifest_for, named

_HINT = "give the URL of the OpenAPI document"


def check(plugin: Plugin, host: Host) -> Problems:
    manifest = manifest_for(plugin, host)
    api = manifest.data.get("api") if manifest is not None else None
    if manifest is None or not isinstance(api, dict):
        return
    where = Place(manifest, "/api/url")
    url = api.get("url")
    if url is None or (isinstance(url, str) and not url.strip()):
        yield Problem(where, "api has no url", "api-url/missing", _HINT)
        return
    if not isinstance(url, str):
        yield Problem(where, "api.url is not a string", "api-url/form", _HINT)
        return
    found = address(url)
    if found.kind == "relative":
        hint = f"write the absolute URL: {whole(_origin(plugin), url)}"
        yield Problem(where, f"api.url is only a path: {url}", "api-url/relative", hint)
    if found.kind == "no-scheme":
        yield Problem(
            where, f"api.url has no scheme: {url}", "api-url/no-scheme", f"write {found.with_scheme}"
        )
    elif found.kind == "path":
        hint = f"write {_path(plugin, url)}, or the absolute URL"
        yield Problem(where, f"api.url is not a valid URL: {url}", "api-url/form", hint)
    elif found.kind in ("other", "data"):
        message = f"api.url is not a valid URL: {url}"
        yield Problem(where, message, "api-url/form", "write https://... or /...")
    elif found.kind == "http":
        hint = f"write {url.replace('http', 'https', 1)}"
        yield Problem(where, "api.url is http, not https", "api-url/http", hint)
    elif found.kind == "https" and found.port not in (None, 443):
        message = f"api.url uses port {found.port}, but the host allows only 443, the port of https"
        yield Problem(where, message, "api-url/port", "serve the document at a URL without a port")
    elif found.kind in ("https", "localhost") and not urlsplit(url).path.strip("/"):
        message = f"api.url points to a home page, not to a document: {url}"
        yield Problem(where, message, "api-url/home-page", f"for example {url.rstrip('/')}/openapi.yaml")
    elif found.kind == "loopback" or (found.kind == "localhost" and found.port is None):
        hint = "write http://localhost with its port, for example http://localhost:5003"
        place = found.host if found.kind == "loopback" else "localhost without a port"
        message = f"the host does not recognize {place} as the author's own machine"
        yield Problem(where, message, "loopback", hint)


def _origin(plugin: Plugin) -> Address | None:
    """The address that a path is resolved against: where the plugin is served, or will be served."""
    return address(plugin.url) if plugin.url is not None else None


def _path(plugin: Plugin, url: str) -> str:
    """The path of the document if it is known; otherwise the path that `url` probably means."""
    found = plugin.openapi_path or plugin.nearby
    if found is None or PurePosixPath(urlsplit(found).path).name != PurePosixPath(url).name:
        return from_root(url)
    return from_root(urlsplit(found).path)


RULE = Rule(plugin=check, asks=named("loopback"))
