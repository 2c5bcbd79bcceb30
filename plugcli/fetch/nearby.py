"""Look for an OpenAPI document where frameworks serve it, so that an author who named the API's address learns which one to name.

Only the origin that the user named is searched, and only after it has answered. The document is not part of the plugin and is not judged.
"""

from urllib.parse import urljoin, urlsplit

from plugcli.dialect import openapi_dialect
from plugcli.document import document_or_problem
from plugcli.document.file import MAX_BYTES
from plugcli.exchange import Exchange
from plugcli.fetch import wire
from plugcli.fetch.run import Run
from plugcli.web.client import Bounds

_WALL_SECONDS = 5.0  # for all of it: it is only a hint
# FastAPI, plugcli, NestJS, Spring, ASP.NET, and common names.
_PATHS = (
    "openapi.json", "openapi.yaml", "openapi.yml", "swagger.json", "api-json", "v3/api-docs", "swagger/v1/swagger.json",
    "api/openapi.json",
)  # fmt: skip


async def nearby_document(run: Run, url: str) -> str | None:
    """The address of an OpenAPI document beside `url` or at the root of its origin; None if there is none."""
    bounds = Bounds.from_now(_WALL_SECONDS, MAX_BYTES)
    below = "" if urlsplit(url).path.startswith("/.well-known/") else urlsplit(url).path.strip("/")
    folders = ["/", *([f"/{below}/"] if below else [])]
    for at in dict.fromkeys(urljoin(url, folder + path) for folder in folders for path in _PATHS):
        exchange, body = await wire.ask(run.client, Exchange("openapi", at), {}, bounds)
        if exchange.failure is None and exchange.status == 200:
            found, _ = document_or_problem(body, at)
            if found is not None and openapi_dialect(found.data) == "openapi":
                return at
    return None
