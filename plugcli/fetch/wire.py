"""One request as a host sends it, and its outcome as a fact. Failures say what they mean to somebody who serves a plugin."""

import time
from collections.abc import Mapping
from dataclasses import replace

from plugcli.exchange import Exchange, Failure
from plugcli.web import failure as web
from plugcli.web.client import Bounds, Client, Response

_MOST_CHARACTERS = 300  # of a header that is kept
_MOST_OF_LOCATION = 8000
_HINTS = {
    401: "it must answer 200 without authentication",
    403: "it must answer 200 without authentication",
    404: "serve it at this very address",
}
_ELSE = "it must answer 200; the server's log may say why it does not"


def client() -> Client:
    """A client for one plugin. Its first answer decides whether the plugin is public; if so, only public addresses are requested."""
    return Client("as-first", keeps_connections=False)


async def ask(
    client: Client, asked: Exchange, headers: Mapping[str, str], bounds: Bounds
) -> tuple[Exchange, bytes]:
    """Send the request `asked`; return it with its outcome, and the body if the status is 200. Raises nothing."""
    begun = time.monotonic()
    body = b""
    failure = None
    try:
        async with client.stream(asked.method, asked.url, bounds, headers=headers.items()) as response:
            asked = _heard(asked, response)
            if asked.method == "GET" and asked.status == 200:
                body = await response.read()
    except web.Unanswered as unanswered:
        failure = _of_host(unanswered.failure, asked, bounds.wall_seconds)
    if failure is None and asked.method == "GET" and asked.status != 200 and not asked.is_redirect:
        failure = Failure(f"the server answers {asked.status_line}", _HINTS.get(asked.status, _ELSE))
    return replace(asked, failure=failure, seconds=round(time.monotonic() - begun, 3)), body


def _heard(asked: Exchange, response: Response) -> Exchange:
    return replace(
        asked,
        status=response.status,
        reason=response.reason[:_MOST_CHARACTERS],
        headers={
            name: value[: _MOST_OF_LOCATION if name == "location" else _MOST_CHARACTERS]
            for name, value in response.headers.items()
        },
    )


def _of_host(found: web.Failure, asked: Exchange, wall_seconds: float) -> Failure:
    """`found`, in words for somebody who serves a plugin to hosts."""
    match found.kind:
        case "late":
            what = "no answer" if not asked.status else "no end of the answer"
            if not asked.status and asked.method == "OPTIONS":
                what = "no answer to OPTIONS"
            return Failure(
                f"{what} within {wall_seconds:g} seconds", "the host gives up after that: answer faster"
            )
        case "private":
            return Failure(
                f"{found.message}, which hosts do not reach", "serve it at a public address", "refused"
            )
        case "credentials":
            return Failure(f"{found.message}, which hosts do not send")
        case "certificate":
            return Failure(found.message, "hosts require a valid one")
        case "old-tls":
            return Failure(found.message, "hosts require TLS 1.2 or 1.3")
        case "large":
            return Failure(found.message, found.hint, "large")
    return Failure(found.message, found.hint, is_nobody=found.kind == "nobody")
