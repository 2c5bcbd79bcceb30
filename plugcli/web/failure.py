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
_HINT = "look at the server's own log; another program may have the port, or it is https"


@dataclass(frozen=True)
class Failure:
    """What went wrong, and what to do about it where that is known.

    `kind` is what a caller may put in words of its own: `nobody` listens there, the answer came too `late` or is too
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
    """What `error`, raised while `netloc` was asked, means."""
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(cause)
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return _of_tls(cause, netloc)
    words = " ".join(str(cause) for cause in causes).lower()
    if isinstance(error, httpx.ProxyError):
        return Failure(f"the proxy of the environment does not lead to {netloc}: {error}")
    if "refused" in words or "all connection attempts failed" in words:
        return Failure(f"nothing listens at {netloc}", "start the server, or look at the port", "nobody")
    if any(each in words for each in _UNKNOWN_NAME):
        return Failure(f"the name {netloc} is not known", "look at the spelling, and at your network")
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
    return Failure(f"{netloc} and we find no way to speak TLS: {reason.replace('_', ' ').lower()}")
