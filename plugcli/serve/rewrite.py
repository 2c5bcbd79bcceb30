"""Change the addresses in a manifest and in an OpenAPI document to those of this server.

Authors and templates write `http://localhost:5003`; the server may stand on another port or behind a
forwarded one. Nothing but addresses of this machine and paths is touched, and data without any is returned
as it is: the same object, so that the caller can send the author's own text.
"""

import re
from collections.abc import Mapping
from typing import Any

from plugcli.openapi.servers import replaced, with_urls

MANIFEST_ADDRESSES = ("logo_url", "legal_info_url")

# The port may be a server variable: http://localhost:{port}
_HERE = re.compile(
    r"(?:https?:)?//(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])(?::[^/?#]*)?(?=[/?#]|$)", re.I
)
_PATH = re.compile(r"/(?!/)|\.\.?/|\.$")


def local_path(url: object) -> str | None:
    """The path of `url` on this server, without query; None where it is elsewhere or no address at all."""
    if not isinstance(url, str):
        return None
    here = _HERE.match(url)
    if here is None and not _PATH.match(url):
        return None
    path = re.split(r"[?#]", url[here.end() :] if here else url)[0]
    return "/" + path.removeprefix("./").lstrip("/")


def moved(url: object, here: str) -> Any:
    """`url` at the origin `here` if it is of this machine or only a path; else `url` itself."""
    if not isinstance(url, str):
        return url
    local = _HERE.match(url)
    if local:
        return here + url[local.end() :]
    if url in ("/", ".", "./"):
        return here
    if _PATH.match(url):
        return f"{here}/{re.sub(r'^(?:[.]{0,2}/)+', '', url)}"
    return url


def moved_manifest(manifest: Any, here: str) -> Any:
    """`manifest` with api.url, logo_url and legal_info_url moved to `here`."""
    if not isinstance(manifest, Mapping):
        return manifest
    changes = {key: moved(manifest[key], here) for key in MANIFEST_ADDRESSES if key in manifest}
    api = manifest.get("api")
    if isinstance(api, Mapping) and "url" in api:
        changes["api"] = replaced(api, {"url": moved(api["url"], here)})
    return replaced(manifest, changes)


def moved_openapi(openapi: Any, here: str) -> Any:
    """`openapi` with the url of every server moved to `here`: the document's, a path's, an operation's."""
    return with_urls(openapi, lambda url: moved(url, here))
