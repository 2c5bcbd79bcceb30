"""Why an exchange failed, in a sentence that names the true cause."""

import ssl
from dataclasses import dataclass
from typing import Literal

import httpx

Kind = Literal[
    "failed", "nobody", "late", "large", "private", "credentials", "certificate", "old-tls", "redirect",
]  # fmt: skip
_UNKNOWN_NAME = (
    "name or service",
    "nodename",
    "temporary failure in name",
    "getaddrinfo",
    "no address associated",
)
_HINT = "check the server's log; another program may use the port, or the server speaks https"


@dataclass(frozen=True)
class Failure:
    """What went wrong, and what to do about it if that is known.

    `kind` lets a caller use words of its own: `nobody` listens there, the answer came too `late` or is too
    `large`, the address is `private` or holds `credentials`, the server's `certificate` or TLS (`old-tls`) is not
    accepted, a `redirect` is not followed; `failed` is everything else.
    """

    message: str
    hint: str = ""
    kind: Kind = "failed"


class Unanswered(Exception):
    """There is no answer, or none that can be used."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def failure_of(error: Exception, netloc: str) -> Failure:
    """The meaning of `error`, which was raised while `netloc` was asked."""
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(cause)
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return _of_tls(cause, netloc)
    words = " ".join(str(cause) for cause in causes).lower()
    if isinstance(error, httpx.ProxyError):
        return Failure(f"the proxy set in the environment does not reach {netloc}: {error}")
    if "refused" in words or "all connection attempts failed" in words:
        return Failure(f"nothing listens at {netloc}", "start the server, or check the port", "nobody")
    if any(each in words for each in _UNKNOWN_NAME):
        return Failure(f"the name {netloc} is not known", "check the spelling and your network")
    if "disconnected without" in words or isinstance(error, (httpx.ReadError, httpx.WriteError)):
        return Failure(f"{netloc} closes the connection without an answer in HTTP", _HINT)
    if isinstance(error, httpx.RemoteProtocolError):
        return Failure(f"{netloc} does not answer in HTTP: {error}", _HINT)
    return Failure(f"{netloc} cannot be asked: {error or type(error).__name__}")


def _of_tls(error: ssl.SSLError, netloc: str) -> Failure:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message or "it is not valid"
        return Failure(f"the certificate of {netloc} is refused: {why}", kind="certificate")
    reason = error.reason or ""
    if "PROTOCOL_VERSION" in reason or reason in ("UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE"):
        return Failure(f"{netloc} speaks only TLS older than 1.2", kind="old-tls")
    if reason in ("", "WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        return Failure(f"{netloc} does not speak TLS", "is it http, or another port?")
    return Failure(
        f"{netloc} and plugcli have no version or cipher of TLS in common: {reason.replace('_', ' ').lower()}"
    )
