"""Send the preflights for the operations of a plugin on localhost, which the browser calls itself. No operation is called."""

import re
from urllib.parse import quote, urlsplit

from plugcli.document import Document
from plugcli.exchange import Exchange
from plugcli.fetch.run import Run
from plugcli.openapi.operation import CALLED_METHODS, Operation, operations
from plugcli.openapi.servers import servers

# docs, production: headers of every call. In the order in which a browser names them.
_HEADERS = ("content-type", "openai-conversation-id", "openai-ephemeral-user-id")


async def preflight_operations(
    run: Run, openapi: Document, openapi_url: str, origin: str, *, has_token: bool
) -> None:
    """Send one preflight for each method in use: servers allow or forget whole methods."""
    base = _base(openapi, openapi_url)
    headers = ("authorization", *_HEADERS) if has_token else _HEADERS
    bounds = run.bounds(0)
    for operation in _one_of_each_method(openapi):
        path = re.sub(r"\{[^{}]*\}", "plugcli", operation.path)
        url = base + quote(path, safe="/%:@!$&'()*+,;=-._~")
        method = operation.method.upper()
        asked = Exchange("operation", url, "OPTIONS", operation.where, origin, method, headers)
        await run.preflight(asked, bounds)


def _one_of_each_method(openapi: Document) -> list[Operation]:
    """For each method, the operation with the fewest parameters in its path."""
    chosen: dict[str, Operation] = {}
    for each in operations(openapi):
        if each.method not in CALLED_METHODS or not each.path.startswith("/"):
            continue
        other = chosen.get(each.method)
        if other is None or each.path.count("{") < other.path.count("{"):
            chosen[each.method] = each
    return list(chosen.values())


def _base(openapi: Document, openapi_url: str) -> str:
    """The first server on the origin of the document, else that origin itself (docs, production)."""
    home = urlsplit(openapi_url)
    for server in servers(openapi):
        try:
            found = urlsplit(server.absolute_url(openapi_url))
        except ValueError:
            continue
        if (found.scheme, found.netloc) == (home.scheme, home.netloc):
            return f"{found.scheme}://{found.netloc}{found.path.rstrip('/')}"
    return f"{home.scheme}://{home.netloc}"
