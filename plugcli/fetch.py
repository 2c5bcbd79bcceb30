"""Fetch a plugin from where it stands, as a host does: the manifest, then the document that `api.url` names.

What does not answer is a value, never an error of plugcli. The manifest is a stranger's text: an
address in it is asked only where the host would ask it, on the plugin's own domain.
"""

import asyncio
import ssl
from urllib.parse import urljoin, urlsplit

import httpx

from plugcli import __version__
from plugcli.address import Address, address
from plugcli.dialect import is_openapi
from plugcli.document import Document, document_or_problem
from plugcli.document.file import MAX_BYTES
from plugcli.errors import UsageError
from plugcli.plugin import MANIFEST_PATHS, Plugin, Unfetched

# docs, production: the host gives up on a manifest or document after 15 seconds.
WALL_SECONDS = 15.0
_MOST_REDIRECTS = 5


class _NotFetched(Exception):
    def __init__(self, message: str, hint: str = "", *, is_refused: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.is_refused = is_refused


def fetch_plugin(url: str, *, wall_seconds: float = WALL_SECONDS) -> Plugin:
    """The plugin at `url`: a domain, a manifest or an OpenAPI document. Raises UsageError for no URL."""
    try:
        parts = urlsplit(url)
        if not parts.hostname or parts.port == 0:
            raise ValueError
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL) as error:
        raise UsageError(f"{url!r} is no address", hint="for example https://shop.example.com") from error
    return asyncio.run(_fetch_plugin(url, wall_seconds))


async def _fetch_plugin(url: str, wall_seconds: float) -> Plugin:
    is_domain = urlsplit(url).path in ("", "/")
    asked = urljoin(url, f"/{MANIFEST_PATHS[0]}") if is_domain else url
    try:
        data, final = await _get(asked, wall_seconds, is_manifest=True)
    except _NotFetched as reason:
        missing = Unfetched(asked, "manifest", reason.message, reason.hint, reason.is_refused)
        return Plugin(url, manifest_path=asked, url=asked, unfetched=missing)
    if not is_domain and is_openapi(urlsplit(asked).path.rpartition("/")[2], data):
        openapi, problem = document_or_problem(data, final)
        return Plugin(
            url, None, openapi, openapi_problem=problem, openapi_path=final, scope="openapi", url=final
        )
    manifest, problem = document_or_problem(data, final, is_json=True)
    api_url = manifest.get("api", "url") if manifest else None
    if not isinstance(api_url, str) or not api_url.strip():
        return Plugin(url, manifest, manifest_problem=problem, manifest_path=final, url=final)
    return await _with_openapi(url, manifest, final, urljoin(final, api_url.strip()), wall_seconds)


async def _with_openapi(
    url: str, manifest: Document | None, manifest_url: str, openapi_url: str, wall_seconds: float
) -> Plugin:
    unfetched = openapi = problem = path = None
    if _may_ask(address(manifest_url), address(openapi_url)):
        try:
            data, path = await _get(openapi_url, wall_seconds, is_manifest=False)
            openapi, problem = document_or_problem(data, path)
        except _NotFetched as reason:
            unfetched = Unfetched(openapi_url, "openapi", reason.message, reason.hint, reason.is_refused)
    return Plugin(
        url,
        manifest,
        openapi,
        openapi_problem=problem,
        manifest_path=manifest_url,
        openapi_path=path,
        url=manifest_url,
        unfetched=unfetched,
    )


def root_domain(host: str) -> str:
    """The domain under which a host wants the plugin's addresses (docs, production)."""
    return host.removeprefix("www.")


def is_under(host: str, root: str) -> bool:
    return host == root or host.endswith(f".{root}")


def _may_ask(home: Address, other: Address) -> bool:
    if home.is_local and not other.is_local:
        return False
    return is_under(other.host, root_domain(home.host))


async def _get(url: str, wall_seconds: float, *, is_manifest: bool) -> tuple[bytes, str]:
    """The bytes at `url` and the address where they were in the end. Raises _NotFetched."""
    try:
        async with asyncio.timeout(wall_seconds):
            return await _follow(url, is_manifest=is_manifest)
    except TimeoutError as error:
        raise _NotFetched(
            f"no answer within {wall_seconds:g} seconds", "the host gives up then: answer faster"
        ) from error
    except httpx.HTTPError as error:
        raise _not_fetched(error, urlsplit(url).netloc) from error


async def _follow(url: str, *, is_manifest: bool) -> tuple[bytes, str]:
    # A proxy from the environment cannot reach this machine's own servers.
    async with httpx.AsyncClient(
        timeout=None,  # noqa: S113 (_get bounds the whole)
        trust_env=not address(url).is_local,
        headers={"User-Agent": f"plugcli/{__version__}"},
    ) as client:
        for _ in range(_MOST_REDIRECTS + 1):
            async with client.stream("GET", url) as response:
                if response.is_redirect:
                    url = _redirected(url, response.headers.get("location", ""), is_manifest=is_manifest)
                    continue
                if response.status_code != 200:
                    raise _NotFetched(
                        f"the server answers {response.status_code} {response.reason_phrase}".rstrip(),
                        "it must answer 200 without asking who you are",
                    )
                return await _body(response), url
    raise _NotFetched(f"more than {_MOST_REDIRECTS} redirects")


async def _body(response: httpx.Response) -> bytes:
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > MAX_BYTES:
            raise _NotFetched(f"the answer is larger than {MAX_BYTES // 1024 // 1024} MiB")
    return bytes(data)


def _redirected(url: str, location: str, *, is_manifest: bool) -> str:
    try:
        target = urljoin(url, location)
        old, new = urlsplit(url).hostname or "", urlsplit(target).hostname or ""
    except ValueError:
        new = ""
    if not location or not new or urlsplit(target).scheme not in ("http", "https"):
        raise _NotFetched(f"the server redirects to {location!r}, which is no address")
    if not is_under(new, root_domain(old)):
        what = "the manifest" if is_manifest else "the document"
        raise _NotFetched(
            f"{what} redirects to {new}: only the same domain and its subdomains are allowed",
            f"serve it at {old} itself, or install the plugin from {new}",
            is_refused=True,
        )
    return target


def _not_fetched(error: httpx.HTTPError, netloc: str) -> _NotFetched:
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(cause)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = cause.verify_message or "it is not valid"
            return _NotFetched(f"the certificate of {netloc} is refused: {why}", "hosts want a valid one")
        if isinstance(cause, ssl.SSLError):
            return _NotFetched(f"{netloc} does not speak TLS", "is it http, or another port?")
    words = " ".join(str(cause) for cause in causes).lower()
    if "refused" in words or "all connection attempts failed" in words:
        return _NotFetched(f"nothing listens at {netloc}", "start the server, or look at the port")
    if any(
        each in words for each in ("name or service", "nodename", "temporary failure in name", "getaddrinfo")
    ):
        return _NotFetched(f"the name {netloc} is not known", "look at the spelling, and at your network")
    if isinstance(error, (httpx.RemoteProtocolError, httpx.DecodingError)):
        return _NotFetched(f"{netloc} does not answer in HTTP: {error}")
    return _NotFetched(f"{netloc} cannot be asked: {error or type(error).__name__}")
