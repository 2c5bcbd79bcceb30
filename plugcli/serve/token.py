"""The bearer token that requests from other machines need."""

import hmac
from collections.abc import Mapping

from plugcli.bearer_token import HOW_TO_MAKE_ONE
from plugcli.errors import PlugcliError, UsageError
from plugcli.respond import Refusal


def require_token(host: str) -> PlugcliError:
    """Return the error for listening on `host`, which is not loopback, without a token."""
    return UsageError(
        f"--host {host} lets other machines call this server, and that needs a token",
        hint=f"{HOW_TO_MAKE_ONE}; or use --token-file FILE",
    )


def check_token(token: bytes, headers: Mapping[bytes, bytes]) -> None:
    """Raise Refusal for a request without `Authorization: Bearer TOKEN`. Takes the same time for every guess."""
    scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"bearer" and hmac.compare_digest(given.strip(), token):
        return
    error = "the token is not the one this server was started with" if given else "this server needs a token"
    raise Refusal(
        401,
        error,
        "send the header 'Authorization: Bearer TOKEN'",
        headers=[(b"www-authenticate", b'Bearer realm="plugcli"')],
    )
