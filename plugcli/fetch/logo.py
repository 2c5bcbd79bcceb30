"""Fetch the logo and the legal page as a user's browser does, if an untrusted manifest may send us there at all."""

from dataclasses import replace
from urllib.parse import urljoin

from plugcli.address import Address, address
from plugcli.exchange import Exchange, Failure
from plugcli.exchange.picture import picture
from plugcli.fetch.bounds import may_ask
from plugcli.fetch.run import Run
from plugcli.web.route import is_direct

_MOST_BYTES = 5 * 1024 * 1024
_MOST_REDIRECTS = 5
_OF_PICTURE = {"Sec-Fetch-Dest": "image", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "cross-site"}

_OF_LINK = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site"}


async def fetch_logo(run: Run, logo_url: object, manifest_url: str) -> None:
    """Request `logo_url`. If it is not an absolute URL, other rules report it, and nothing is requested."""
    if not isinstance(logo_url, str):
        return
    home, url = address(manifest_url), logo_url.strip()
    bounds = run.bounds(_MOST_BYTES)
    for _ in range(_MOST_REDIRECTS + 1):
        if not _may_ask(run, home, address(url)):
            return
        asked = Exchange("logo", url, where="/logo_url")
        exchange, body = await run.ask(asked, _OF_PICTURE, bounds)
        if exchange.failure is None and not exchange.is_redirect:
            run.exchanges[-1] = replace(exchange, picture=picture(body))
        if not exchange.is_redirect or exchange.failure is not None:
            return
        location = exchange.headers.get("location", "")
        url = _joined(url, location)
        if not location or not address(url).host:
            run.fail(Failure(f"the server redirects to {location!r}, which is not a valid URL"))
            return
    run.fail(Failure(f"more than {_MOST_REDIRECTS} redirects"))


async def fetch_legal_page(run: Run, legal_info_url: object, manifest_url: str) -> None:
    """Request `legal_info_url` like a link that the user follows, if both it and the manifest are on the author's own machine."""
    if not isinstance(legal_info_url, str):
        return
    home, page = address(manifest_url), address(legal_info_url.strip())
    if home.is_local and page.is_local and may_ask(home.text, page.text):
        await run.ask(
            Exchange("legal", page.text, where="/legal_info_url"), _OF_LINK, run.bounds(_MOST_BYTES)
        )


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:  # http://[
        return ""


def _may_ask(run: Run, home: Address, other: Address) -> bool:
    """A browser loads pictures from anywhere. We request one from another domain only for a public plugin, at a public address."""
    if not other.host or (other.kind == "http" and home.kind != "http"):
        return False
    if may_ask(home.text, other.text):
        return True
    return bool(run.client.must_be_public) and not other.is_local and is_direct(other.text)
