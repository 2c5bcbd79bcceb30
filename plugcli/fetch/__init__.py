"""Fetch a plugin from its server, as a host does: the manifest, the document that `api.url` names, then the logo.

A server that does not answer is a fact about the plugin, never an error of plugcli. The manifest is untrusted:
an address in it is requested only if a host would request it, on the plugin's own domain.
"""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from plugcli.address import address, from_root
from plugcli.dialect import is_openapi
from plugcli.document import Document, document_or_problem
from plugcli.document.file import MAX_BYTES
from plugcli.errors import UsageError
from plugcli.exchange import PAGE
from plugcli.fetch.bounds import may_ask
from plugcli.fetch.logo import fetch_legal_page, fetch_logo
from plugcli.fetch.nearby import nearby_document
from plugcli.fetch.operations import preflight_operations
from plugcli.fetch.run import Run
from plugcli.fetch.wire import client
from plugcli.plugin import MANIFEST_PATHS, Plugin
from plugcli.web.route import has_password

# docs, production: the host gives up on a manifest or document after 15 seconds.
WALL_SECONDS = 15.0


async def fetch_plugin(url: str, *, wall_seconds: float = WALL_SECONDS) -> Plugin:
    """The plugin at `url`: a domain, a manifest or an OpenAPI document. Raises UsageError if `url` is not a valid URL.

    The manifest, the document, the preflights of the operations and the logo may each take `wall_seconds`.
    """
    try:
        parts = urlsplit(url)
        if not parts.hostname or parts.port == 0:
            raise ValueError
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL) as error:
        raise UsageError(
            f"{url!r} is not a valid URL", hint="for example https://shop.example.com"
        ) from error
    if has_password(url):
        hint = "hosts send neither: leave them out of the address"
        raise UsageError("the address contains a user name or a password", hint=hint)
    async with client() as asking:
        return await _fetched(Run(wall_seconds, asking), url)


async def _fetched(run: Run, url: str) -> Plugin:
    is_domain = urlsplit(url).path in ("", "/")
    asked = urljoin(url, f"/{MANIFEST_PATHS[0]}") if is_domain else url
    is_manifest = is_domain or urlsplit(asked).path.endswith("/ai-plugin.json")
    origin = PAGE if is_manifest and is_browsers(asked) else ""
    got = await run.document("manifest", asked, MAX_BYTES, origin=origin)
    if got is None:
        last = run.exchanges[-1]
        is_here = bool(last.status) and not last.is_redirect
        nearby = await nearby_document(run, asked) if is_here else None
        return Plugin(url, manifest_path=asked, url=asked, live=run.live, nearby=nearby)
    data, final = got
    if not is_manifest and is_openapi(urlsplit(asked).path.rpartition("/")[2], data):
        openapi, problem = document_or_problem(data, final)
        exchanges = tuple(replace(each, part="openapi") for each in run.exchanges)
        return Plugin(
            url, None, openapi, openapi_problem=problem, openapi_path=final, scope="openapi", url=final,
            live=replace(run.live, exchanges=exchanges),
        )  # fmt: skip
    manifest, problem = document_or_problem(data, final, is_json=True)
    found = _Found()
    if manifest is not None:
        found = await _openapi(run, manifest, final, origin)
        await fetch_logo(run, manifest.get("logo_url"), final)
        await fetch_legal_page(run, manifest.get("legal_info_url"), final)
    has_document = found.openapi is not None or found.problem is not None
    nearby = None if has_document else await nearby_document(run, asked)
    return Plugin(
        url,
        manifest,
        found.openapi,
        manifest_problem=problem,
        openapi_problem=found.problem,
        manifest_path=final,
        openapi_path=found.path,
        url=final,
        live=run.live,
        nearby=nearby,
    )


def is_browsers(url: str) -> bool:
    """Whether a host regards `url` as the developer's own machine and lets the browser make the request (client)."""
    found = address(url)
    return found.kind == "localhost" and found.port is not None


@dataclass(frozen=True)
class _Found:
    openapi: Document | None = None
    problem: Any = None
    path: str | None = None


async def _openapi(run: Run, manifest: Document, manifest_url: str, origin: str) -> _Found:
    api_url = manifest.get("api", "url")
    if not isinstance(api_url, str) or not api_url.strip():
        return _Found()
    try:
        url = urljoin(manifest_url, api_url.strip())
    except ValueError:  # http://[
        return _Found()
    if not may_ask(manifest_url, url):
        return _Found()
    got = await run.document("openapi", url, MAX_BYTES, where="/api/url", origin=origin)
    if (
        got is None and address(api_url.strip()).kind == "path"
    ):  # hosts do not accept a relative path; the author means one from the root
        url = urljoin(manifest_url, from_root(api_url))
        got = await run.document("openapi", url, MAX_BYTES, where="/api/url", origin=origin)
    if got is None:
        return _Found()
    data, path = got
    openapi, problem = document_or_problem(data, path)
    if openapi is not None and origin:
        await preflight_operations(run, openapi, path, origin, has_token=_has_token(manifest))
    return _Found(openapi, problem, path)


def _has_token(manifest: Document) -> bool:
    return manifest.get("auth", "type") not in (None, "none")
