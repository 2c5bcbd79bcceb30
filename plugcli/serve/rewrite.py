"""Addresses in a manifest and an OpenAPI document, moved to where the server really stands.

Authors and templates write `http://localhost:5003`; the server may stand on another port or behind a
forwarded one. Nothing but addresses of this machine and paths is touched, and data without any is returned
as it is: the same object, so that the caller can send the author's own text.
"""

import re
from collections.abc import Mapping
from typing import Any

MANIFEST_ADDRESSES = ("logo_url", "legal_info_url")
OPERATIONS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

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
        changes["api"] = _changed(api, {"url": moved(api["url"], here)})
    return _changed(manifest, changes)


def moved_openapi(openapi: Any, here: str) -> Any:
    """`openapi` with the url of every server moved to `here`: the document's, a path's, an operation's."""
    if not isinstance(openapi, Mapping):
        return openapi
    changes: dict[str, Any] = {"servers": _moved_servers(openapi, here)}
    paths = openapi.get("paths")
    if isinstance(paths, Mapping):
        changes["paths"] = _changed(paths, {key: _moved_path(item, here) for key, item in paths.items()})
    return _changed(openapi, changes)


def _moved_path(item: Any, here: str) -> Any:
    if not isinstance(item, Mapping):
        return item
    changes = {
        key: _changed(item[key], {"servers": _moved_servers(item[key], here)})
        for key in OPERATIONS
        if isinstance(item.get(key), Mapping)
    }
    return _changed(item, {**changes, "servers": _moved_servers(item, here)})


def _moved_servers(holder: Mapping[str, Any], here: str) -> Any:
    servers = holder.get("servers")
    if not isinstance(servers, list):
        return servers
    changed = [
        _changed(server, {"url": moved(server["url"], here)})
        if isinstance(server, Mapping) and "url" in server
        else server
        for server in servers
    ]
    return servers if all(new is old for new, old in zip(changed, servers, strict=True)) else changed


def _changed(old: Mapping[str, Any], changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """`old` with `changes`, in its order; `old` itself where they change nothing."""
    real = {key: value for key, value in changes.items() if key in old and old[key] is not value}
    real = {key: value for key, value in real.items() if old[key] != value}
    return {**old, **real} if real else old
